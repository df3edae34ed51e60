#!/usr/bin/env python3
"""Mutation: an effect behind an implicit call must be seen.

Takes each stdlib module that `lyo check` calls strict, puts an effect behind a
random (seeded) implicit call of its top level, has CPython confirm that the
effect happens, and demands that the mutant is not called strict. Each module
also lies there unchanged: only where that copy is strict does the mutant's
refusal prove anything, so only those are counted.

    tests/mutation.py [--python 3.11]... [--rounds N] [--seed N] [--keep DIRECTORY]
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import sys
import tempfile
import tokenize
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "support"), str(HERE / "mutation")]
import effects  # noqa: E402
import inject  # noqa: E402
import judge  # noqa: E402
from import_oracle import judged_modules  # noqa: E402


def write_mutants(root: Path, modules: dict[str, str], rounds: int, seed: int) -> dict[str, tuple[str, str, str]]:
    """Lays out the mutants and the unchanged copies; name to (module, control, what was done)."""
    for kind in effects.EFFECTS:
        (root / f"lyo_effects_{kind}.py").write_text(effects.module(kind))
    mutants = {}
    for index, (name, path) in enumerate(sorted(modules.items())):
        try:
            with tokenize.open(path) as stream:
                source = inject.absolute_imports(stream.read(), name, path.endswith("__init__.py"))
        except (SyntaxError, UnicodeDecodeError):
            continue  # too new for the interpreter that runs the judge
        control = f"control_{index}"
        (root / f"{control}.py").write_text(source)
        for number in range(rounds):
            choice = random.Random(f"{seed}/{name}/{number}")
            kind = choice.choice(sorted(effects.EFFECTS))
            made = inject.mutate(source, f"lyo_effects_{kind}", choice)
            if made is not None:
                mutant = f"mutant_{index}_{number}"
                (root / f"{mutant}.py").write_text(made[0])
                mutants[mutant] = (name, control, f"{kind} {made[1]}")
    return mutants


def declares(module: dict) -> bool:
    """Is the injected effect among those that the report declares, so that it is carried out all the same?"""
    targets = [effect["target"] for effect in module["effects"] if effect["target"]]
    return module["verdict"] == "replayable" and any(t["module"].startswith("lyo_effects_") for t in targets)


def judge_python(tally, python, rounds: int, seed: int, root: Path) -> None:
    judged = judged_modules(judge.check(python, *judge.stdlib_paths(python)))
    modules = {name: module["path"] for name, module in judged.items() if module["verdict"] == "strict"}
    mutants = write_mutants(root, modules, rounds, seed)
    verdicts = {m["name"]: m for m in judge.check(python, root)["modules"]}
    names = json.dumps(sorted(mutants) + sorted({control for _, control, _ in mutants.values()}))
    fires = json.loads(judge.run([python.executable, "-I", str(HERE / "mutation" / "fires.py"), str(root)], input=names).stdout)
    counted = collections.Counter()
    for mutant, (name, control, how) in sorted(mutants.items()):
        if fires[mutant] == "quiet" or (fires[mutant] == "raises" and fires[control] == "raises"):
            counted["without effect"] += 1
            continue
        if declares(verdicts[mutant]):
            tally.ok()
            counted["declared as an effect to be replayed"] += 1
        elif verdicts[mutant]["verdict"] in ("strict", "replayable"):
            tally.fail(f"{python.version} {name}, {how}: {root / mutant}.py is called {verdicts[mutant]['verdict']}")
        elif verdicts[control]["verdict"] == "strict":
            tally.ok()
            counted["refused"] += 1
        else:
            counted["refused, as the unchanged copy"] += 1
    words = ", ".join(f"{count} {what}" for what, count in sorted(counted.items()))
    print(f"{python.version}: {len(modules)} strict modules, {len(mutants)} mutants: {words or 'none'}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="3.11, 3.12 or 3.13; all by default")
    parser.add_argument("--rounds", type=int, default=3, help="mutants of each module")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="leave the mutants here, one folder for each interpreter")
    arguments = parser.parse_args()
    tally = judge.Tally("mutation")
    for python in judge.pythons(arguments.python):
        if arguments.keep:
            root = (arguments.keep / python.tag).resolve()
            root.mkdir(parents=True)
            judge_python(tally, python, arguments.rounds, arguments.seed, root)
        else:
            with tempfile.TemporaryDirectory() as scratch:
                judge_python(tally, python, arguments.rounds, arguments.seed, Path(scratch).resolve())
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
