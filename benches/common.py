"""What the benchmarks share: alternating runs, medians, tables."""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import judge  # noqa: E402


def arguments(description: str, runs: int) -> tuple[judge.Python, int]:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--python", default="3.13", help="3.11, 3.12 or 3.13")
    given = parser.parse_args()
    found = judge.pythons([given.python])
    if not found:
        sys.exit(f"CPython {given.python} is not installed")
    return found[0], given.runs


def once(command: list[str], environment: dict[str, str] | None = None, accept=(0,)) -> tuple[float, float]:
    """Wall time and processor time (user and system) of one run, in seconds."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in accept:
        sys.exit(f"{' '.join(map(str, command))}\nexit status {done.returncode}\n{done.stderr.decode()[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def alternate(runs: int, measures: dict) -> dict[str, list[tuple[float, float]]]:
    """Calls each measure in turn, `runs` times, after one turn that warms the files."""
    taken = {name: [] for name in measures}
    for turn in range(runs + 1):
        for name, measure in measures.items():
            result = measure()
            if turn:
                taken[name].append(result)
    return taken


def median(values) -> float:
    return statistics.median(values)


def table(header: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        first, *others = row
        print(f"{first:<{widths[0]}}  " + "  ".join(f"{x:>{w}}" for x, w in zip(others, widths[1:])))


def count_lines(paths: list[Path]) -> int:
    files = [f for p in paths for f in ([p] if p.is_file() else p.rglob("*.py"))]
    return sum(file.read_bytes().count(b"\n") for file in files)
