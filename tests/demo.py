#!/usr/bin/env python3
"""Lyo at work on a real program: what `make demo` does.

Builds and installs Lyo into a virtual environment of its own, takes a program from PyPI, checks it, builds its
bundle, verifies the bundle, runs the program with and without it, and prints what came out.
"""

from __future__ import annotations

import collections
import compileall
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".cache" / "demo"
RUNS = 15

# A program that people start: rich's demonstration page, from the package and the version that the corpus pins.
PROJECT, PACKAGE = "rich", "rich"
ARGUMENTS = ["-c", "import rich.console, rich.table, rich.markdown, rich.progress; print('ready')"]


def say(step: str) -> None:
    print(f"\n-- {step}", flush=True)


def run(command, **options) -> subprocess.CompletedProcess:
    print("$", " ".join(str(part).replace(str(ROOT) + "/", "") for part in command), flush=True)
    done = subprocess.run(command, **options)
    if done.returncode != 0 and options.get("check", True):
        sys.exit(f"exit status {done.returncode}")
    return done


def find_python() -> str:
    """The newest CPython that Lyo supports."""
    lines = subprocess.run([ROOT / "corpus" / "pythons"], capture_output=True, text=True, check=True).stdout.split("\n")
    found = dict(reversed(line.split()) for line in lines if line)
    if not found:
        sys.exit("no CPython 3.11, 3.12 or 3.13 found")
    return max(found, key=lambda exe: found[exe])


def pinned(project: str) -> str:
    for line in (ROOT / "corpus" / "requirements.txt").read_text().split("\n"):
        if line.startswith(project + "=="):
            return line.split()[0]
    raise LookupError(project)


def cpu_time(command: list[str]) -> float:
    """Milliseconds of processor time, user and system, that the command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def compare(**commands: list[str]) -> dict[str, float]:
    """The median of alternating runs, after one that warms the files."""
    times = collections.defaultdict(list)
    for turn in range(RUNS + 1):
        for name, command in commands.items():
            taken = cpu_time(command)
            if turn:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def main() -> None:
    say("build Lyo and install it into a virtual environment")
    environment = DEMO / "environment"
    python, lyo = environment / "bin" / "python", environment / "bin" / "lyo"
    if not python.exists():
        run([find_python(), "-m", "venv", environment])
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(ROOT), pinned(PROJECT)])
    site_packages = Path(subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True, text=True, check=True
    ).stdout.strip())
    package = site_packages / PACKAGE

    say(f"which modules of {pinned(PROJECT)} run code on import?")
    checked = run([lyo, "check", package, "--python", python, "--format", "json"], check=False, stdout=subprocess.PIPE)
    report = json.loads(checked.stdout)
    verdicts = collections.Counter(module["verdict"] for module in report["modules"])

    say("build the bundle, and verify it")
    bundle = DEMO / "rich.lyo"
    run([lyo, "build", package, "--python", python, "-o", bundle])
    run([lyo, "verify", "-b", bundle, "--python", python])

    say("start the program both ways")
    compileall.compile_dir(str(package), quiet=2)
    with tempfile.TemporaryDirectory() as scratch:
        explained = Path(scratch) / "report.json"
        run([lyo, "run", "-b", bundle, "--python", python, "--report", explained, *ARGUMENTS])
        how = collections.Counter(module["how"] for module in json.loads(explained.read_text())["modules"])
    times = compare(
        bare=[python, "-c", "pass"],
        before=[python, *ARGUMENTS],
        after=[lyo, "run", "-b", bundle, "--python", python, *ARGUMENTS],
    )

    inspected = json.loads(subprocess.run([lyo, "inspect", bundle, "--format", "json"], capture_output=True, text=True, check=True).stdout)
    tag = subprocess.run(
        [python, "-c", "import sys; print(sys.implementation.cache_tag)"], capture_output=True, text=True, check=True
    ).stdout.strip()
    cached = sum(cached_size(module["path"], tag) for module in inspected["modules"])
    say("what came out")
    rows = [(f"modules of {PACKAGE}, {verdict}", f"{count}") for verdict, count in sorted(verdicts.items())]
    rows += [(f"modules at start-up, {way}", f"{count}") for way, count in sorted(how.items())]
    rows += [
        ("bundle (with all that it imports)", f"{os.path.getsize(bundle) / 1e6:.1f} MB"),
        ("the same modules' .pyc files", f"{cached / 1e6:.1f} MB"),
        ("bare interpreter", f"{times['bare']:.0f} ms"),
        ("start-up before", f"{times['before']:.0f} ms"),
        ("start-up after", f"{times['after']:.0f} ms"),
        ("ratio, net of the bare interpreter",
         f"{(times['before'] - times['bare']) / max(times['after'] - times['bare'], 0.1):.2f}"),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value:>9}")
    print(f"\n(processor time, median of {RUNS} alternating runs)")


def cached_size(source: str, tag: str) -> int:
    """Size of a module's `.pyc`, or 0 where none was written."""
    path = Path(source)
    file = path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc"
    return file.stat().st_size if file.exists() else 0


if __name__ == "__main__":
    main()
