#!/usr/bin/env python3
"""Replayed effects, carried out from the report alone, must leave what executing the module leaves.

Random programs (`tests/replay/programs.py`) change another module through every protocol in which the order
of evaluation shows. Where `lyo check` calls one replayable, the effects that it declares are carried out in one
process, the program is executed in another state of it, and both come out the same: values, orders, all. So does
the program from a bundle, where effects are carried out as data.

    tests/replayed.py [--python 3.11]... [--count N] [--seed S] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "support"), str(HERE / "replay")]
import judge  # noqa: E402
import programs  # noqa: E402


CHANGES = ("set item of", "append to", "add to")  # as `lyo inspect` names them


def judge_python(tally, python, count: int, seed: int, root: Path) -> None:
    (root / "registry.py").write_text(programs.REGISTRY)
    names = [f"program_{number}" for number in range(count)]
    for number, name in enumerate(names):
        (root / f"{name}.py").write_text(programs.program(f"{seed}/{number}"))
    reports = {module["name"]: module for module in judge.check(python, root)["modules"]}
    job = {}
    for name in names:
        verdict = reports[name]["verdict"]
        job[name] = reports[name]["effects"] if verdict in ("strict", "replayable") else None
    bundle = root / "programs.lyo"
    judge.run([judge.lyo(), "build", str(root), "--python", python.executable, "-o", str(bundle)])
    held = {module["name"] for module in json.loads(judge.run([judge.lyo(), "inspect", str(bundle), "--format", "json"]).stdout)["modules"]}
    listings = [judge.run([judge.lyo(), "inspect", str(bundle), name]).stdout for name in names if name in held]
    as_data = sum(listing.count(f": {change} #") for listing in listings for change in CHANGES)
    tally.expect(as_data > count / 10, f"{python.version}: only {as_data} effects are carried out as data")
    command = [python.executable, "-I", "-W", "ignore", str(HERE / "replay" / "carry_out.py"), str(root), str(bundle)]
    results = json.loads(judge.run(command, input=json.dumps(job)).stdout)
    counted = collections.Counter(reports[name]["verdict"] for name in names)
    for name in names:
        if job[name] is not None:
            tally.expect(results[name] in (None, "skipped"), f"{python.version} {root / name}.py: {str(results[name])[:600]}")
    words = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counted.items()))
    skipped = sum(result == "skipped" for result in results.values())
    print(f"{python.version}: {count} programs: {words}; {skipped} skipped; {as_data} effects as data", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="3.11, 3.12 or 3.13; all by default")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="leave the programs here, one folder for each interpreter")
    arguments = parser.parse_args()
    tally = judge.Tally("replayed effects")
    for python in judge.pythons(arguments.python):
        if arguments.keep:
            root = (arguments.keep / python.tag).resolve()
            root.mkdir(parents=True, exist_ok=True)
            judge_python(tally, python, arguments.count, arguments.seed, root)
        else:
            with tempfile.TemporaryDirectory() as scratch:
                judge_python(tally, python, arguments.count, arguments.seed, Path(scratch).resolve())
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
