#!/usr/bin/env python3
"""Modules that are said to fail when they are imported do fail.

`lyo check` proves of some statements that they raise an exception; others then take the import of that module for one that
fails. Each module of the packages of which that is said is imported, in a process of its own, and has to raise.

    tests/failing.py [--python 3.11]... [--large] [--sample N]

`--sample` judges only so many modules on each interpreter, another random (seeded) choice on each. `--large` judges the
packages of `corpus/large.txt` (`corpus/install --large`).
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
import judge  # noqa: E402

SECONDS = 60  # for one import
RULE = "LYO302"


def failing(report: dict) -> list[str]:
    """Names of the modules that surely raise. A `__main__` is a script."""
    found = []
    for module in report["modules"]:
        parts = module["name"].split(".")
        raises = any(
            diagnostic["code"] == RULE and diagnostic["message"].startswith("raises ")
            for diagnostic in module["diagnostics"]
        )
        if raises and parts[0] not in judge.INSTALLER and parts[-1] != "__main__" and all(part.isidentifier() for part in parts):
            found.append(module["name"])
    return found


def is_importable(executable: str, name: str, folder: str) -> bool:
    try:
        done = subprocess.run(
            [executable, "-c", f"import {name}"], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def judge_python(tally: judge.Tally, python: judge.Python, sample: int) -> None:
    names = failing(judge.check(python, python.site_packages))
    if sample and len(names) > sample:
        names = random.Random(python.tag).sample(sorted(names), sample)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        succeeded = pool.map(lambda name: is_importable(python.executable, name, folder), names)
        for name, is_wrong in zip(names, succeeded):
            tally.expect(not is_wrong, f"{python.version}: {name} is said to raise an exception, and can be imported")
    print(f"{python.version}: {len(names)} modules that are said to fail")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="3.11, 3.12 or 3.13; all by default")
    parser.add_argument("--large", action="store_true", help="the packages of corpus/large.txt")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only so many modules")
    arguments = parser.parse_args()
    tally = judge.Tally("failing imports")
    for python in judge.pythons(arguments.python, "large" if arguments.large else "corpus"):
        judge_python(tally, python, arguments.sample)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
