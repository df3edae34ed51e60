#!/usr/bin/env python3
"""Values on demand: programs print the same with a bundle as without, however they touch its modules.

    tests/demand.py [--python 3.11]...

The modules (`tests/demand/`) are built into a bundle; each program runs from source and from the bundle. All
modules must be rehydrated, and names must wait in them, or equal output would prove nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "support"), str(HERE / "demand")]
import judge  # noqa: E402
from modules import MODULES  # noqa: E402
from programs import HASHING, PROGRAMS  # noqa: E402

# Here names must wait, or equal output would prove nothing.
WAITING = (
    "shop.base", "shop.derived", "shop.use", "shop.stock", "shop.registry", "shop.stars", "shop.switch", "shop.caching",
    "shop.own", "shop.taking", "shop.taken", "shop.leaves", "shop.zz_after", "shop.sets", "shop.unions", "shop.registered",
    "shop.asks", "shop.flags",
)

CHECK = f"""
import json, sys
import {", ".join(WAITING)}
shop.caching.replace("new", shop.caching.other)
native = sys.modules["lyo._native"]
print(json.dumps({{name: len(native.waiting(sys.modules[name])) for name in {WAITING}}}))
"""


def judge_python(tally: judge.Tally, python: judge.Python, folder: Path) -> None:
    for name, text in MODULES.items():
        path = folder / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    bundle = folder / f"{python.tag}.lyo"
    judge.run([judge.lyo(), "build", str(folder / "tree"), "--python", python.executable, "-o", str(bundle)])
    environment = {**os.environ, "PYTHONPATH": str(folder / "tree"), "PYTHONDONTWRITEBYTECODE": "1"}

    def output(command: list[str], seed: int = 0) -> str:
        seeded = {**environment, "PYTHONHASHSEED": str(seed)}
        done = subprocess.run(command, env=seeded, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        return f"{done.stdout}exit status {done.returncode}"

    run = [judge.lyo(), "run", "-b", str(bundle), "--python", python.executable]
    waiting = output([*run, "-c", CHECK])
    try:
        counts = json.loads(waiting.split("\n")[0])
    except ValueError:
        tally.fail(f"{python.version}: {waiting}")
        return
    for name, count in counts.items():
        tally.expect(count > 0, f"{python.version}: nothing waits in {name}")
    for title, text in PROGRAMS.items():
        for seed in range(12 if title in HASHING else 1):
            expected = output([python.executable, "-c", text], seed)
            actual = output([*run, "-c", text], seed)
            said = f"{python.version} {title}:\n--- executed\n{expected}\n--- on demand\n{actual}"
            tally.expect(actual == expected, said)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="3.11, 3.12 or 3.13; all by default")
    arguments = parser.parse_args()
    tally = judge.Tally("values on demand")
    for python in judge.pythons(arguments.python):
        with tempfile.TemporaryDirectory() as folder:
            judge_python(tally, python, Path(folder))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
