#!/usr/bin/env python3
"""Verify: every module that a bundle rehydrates has the contents that executing it gives.

Builds a bundle of each interpreter's standard library and one of the real packages, runs `lyo verify` on both,
and demands zero differences. Also builds each twice, the second time from what the first one has harvested, of which a
random half is lost: the same bytes, whichever modules a process has harvested one after the other.

    tests/verify_all.py [--python 3.11]... [--stdlib-only | --packages-only] [--package NAME]... [--sample N] [--once]

`--sample` compares only so many modules of the packages on each interpreter, another random (seeded) choice on each.
What falls back is the same by falling back: that it does is told, and not a failure.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
import judge  # noqa: E402

SECONDS = 3600


def lyo(*arguments: str, cache: Path | None = None) -> tuple[int, str, float]:
    started = time.monotonic()
    remembering = {} if cache is None else {"LYO_NO_CACHE": "", "LYO_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [judge.lyo(), *arguments], capture_output=True, text=True, timeout=SECONDS, env={**os.environ, **remembering}
    )
    return done.returncode, (done.stdout + done.stderr).strip(), time.monotonic() - started


def lose_half(cache: Path, random: random.Random) -> None:
    """Removes what commands have said, and a half of what was harvested."""
    shutil.rmtree(cache / "answers", ignore_errors=True)
    for entry in sorted((cache / "harvests").iterdir()):
        if random.random() < 0.5:
            entry.unlink()


def rehydrated(bundle: Path, below: Path) -> tuple[list[str], list[str], int]:
    """The modules that the bundle rehydrates, which of them lie below a folder, and how many it holds."""
    status, words, _ = lyo("inspect", str(bundle), "--format", "json")
    if status != 0:
        return [], [], 0
    modules = json.loads(words)["modules"]
    found = [module for module in modules if module["rehydrated"]]
    inside = [module["name"] for module in found if Path(module["path"]).is_relative_to(below)]
    return [module["name"] for module in found], inside, len(modules)


def judge_tree(
    tally: judge.Tally, python: judge.Python, title: str, paths: list[Path], scratch: Path, sample: int, once: bool
) -> None:
    at = f"{python.version} {title}"
    bundle, again, cache = scratch / f"{title}.lyo", scratch / f"{title}-again.lyo", scratch / f"{title}-cache"
    command = ["build", *map(str, paths), "--python", python.executable, "-o"]
    status, words, seconds = lyo(*command, str(bundle), cache=cache)
    tally.expect(status == 0, f"{at}: lyo build: exit status {status}\n{words[-2000:]}")
    if not bundle.exists():
        return
    if not once:
        lose_half(cache, random.Random(python.tag))
        status, words, _ = lyo(*command, str(again), cache=cache)
        is_same = status == 0 and again.read_bytes() == bundle.read_bytes()
        tally.expect(is_same, f"{at}: a second build gives other bytes")
    names, inside, total = rehydrated(bundle, python.site_packages)
    print(f"{at}: built in {seconds:.1f} s: {len(names)} of {total} modules rehydrated", flush=True)
    tally.expect(names, f"{at}: no module is rehydrated")
    chosen = random.Random(python.tag).sample(inside, sample) if 0 < sample < len(inside) else []
    if title == "stdlib":  # not what it imports where that is installed: these are judged with the packages
        chosen = sorted(set(names) - set(inside))
    status, words, seconds = lyo("verify", "-b", str(bundle), "--python", python.executable, *chosen)
    print(f"{at}: verified in {seconds:.1f} s: {words.splitlines()[-1] if words else ''}", flush=True)
    tally.expect(status == 0, f"{at}: lyo verify: exit status {status}\n{words[-4000:]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="3.11, 3.12 or 3.13; all by default")
    parser.add_argument("--stdlib-only", action="store_true")
    parser.add_argument("--packages-only", action="store_true")
    parser.add_argument("--package", action="append", metavar="NAME", help="of the packages only this one")
    parser.add_argument("--once", action="store_true", help="don't compare two builds")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="of the packages, only so many modules")
    arguments = parser.parse_args()
    tally = judge.Tally("verify")
    for python in judge.pythons(arguments.python):
        with tempfile.TemporaryDirectory() as scratch:
            if not arguments.packages_only:
                paths = judge.stdlib_paths(python)
                judge_tree(tally, python, "stdlib", paths, Path(scratch), 0, arguments.once)
            if not arguments.stdlib_only:
                chosen = arguments.package or judge.PACKAGES
                paths = [python.site_packages / p for p in chosen if (python.site_packages / p).is_dir()]
                judge_tree(tally, python, "packages", paths, Path(scratch), arguments.sample, arguments.once)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
