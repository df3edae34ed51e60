#!/usr/bin/env python3
"""What the builtins say of objects of all kinds: `lyo eval` of small programs, against CPython executing them.

Each program makes one object (`kinds/objects.txt`) and asks one thing of it (`kinds/expressions.txt`), or which
attributes it has and what they are: all that `dir` tells of it, and those of `kinds/names.txt`. A value that is called
known has the `repr` that CPython gives it, under two hash seeds.

    tests/kinds.py [--python 3.11]... [--sample N] [--seed S]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "support"), str(HERE / "generate")]
import judge  # noqa: E402
from generated import BATCH, evaluate, execute  # noqa: E402

DATA = HERE / "kinds"
# Programs in which an object is asked one thing: so many for each interpreter, if not told otherwise.
SAMPLE = 2000
LIST_NAMES = """
def told(o):
    return {name for of in (o, type(o)) for name in dir(of) if type(name) is str and name.isidentifier()}
"""


def lines(name: str) -> list[str]:
    return (DATA / name).read_text().splitlines()


def attributes(python: judge.Python, prelude: str) -> list[str]:
    """For each object, which of many attributes it has, and what they are."""
    program = f"{prelude}{LIST_NAMES}\nimport json\nprint(json.dumps([sorted(told(o)) for o in [{', '.join(lines('objects.txt'))}]]))"
    told = json.loads(judge.run([python.executable, "-I", "-W", "ignore", "-c", program]).stdout)
    programs = []
    for made, names in zip(lines("objects.txt"), told):
        names = sorted({*names, *lines("names.txt")})
        has = [f"answer_has_{name} = hasattr(o, {name!r})" for name in names]
        value = [f"answer_{name} = getattr(o, {name!r}, '-')" for name in names]
        programs += ["\n".join([prelude, f"o = {made}", *asked]) + "\n" for asked in (has, value)]
    return programs


def questions(prelude: str, sample: int, seed: int) -> list[str]:
    pairs = [(made, asked) for made in lines("objects.txt") for asked in lines("expressions.txt")]
    chosen = pairs if sample >= len(pairs) else random.Random(seed).sample(pairs, sample)
    return [f"{prelude}\no = {made}\nanswer = asked(lambda: {expression})\n" for made, expression in chosen]


def judge_program(tally: judge.Tally, python: judge.Python, path: Path, said: dict | None, done: list[dict]) -> int:
    """How many of its answers are known."""
    program = path.read_text().splitlines()
    asked, made = "; ".join(program[-2:]), next(line for line in program if line.startswith("o = "))
    if said is None:
        tally.fail(f"{python.version} {asked}: `lyo eval` fails")
        return 0
    answers = {name: value["repr"] for name, value in said["names"].items() if value["known"] and name.startswith("answer")}
    for name, value in answers.items():
        real = [outcome["names"].get(name) for outcome in done]
        where = asked if name == "answer" else f"{made}: {name}"
        tally.expect(all(one == value for one in real), f"{python.version} {where} is {real[0]}, not {value}")
    return len(answers)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", default=[], help="3.11, 3.12 or 3.13; all by default")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"programs that ask one thing (default: {SAMPLE})")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    tally = judge.Tally("kinds of objects")
    prelude = (DATA / "prelude.py").read_text()
    for python in judge.pythons(given.python):
        programs = attributes(python, prelude) + questions(prelude, given.sample, given.seed)
        known = 0
        with tempfile.TemporaryDirectory() as scratch:
            paths = [Path(scratch) / f"p{number}.py" for number in range(len(programs))]
            for path, program in zip(paths, programs):
                path.write_text(program)
            for start in range(0, len(paths), BATCH):
                batch = paths[start : start + BATCH]
                done = [execute(python, batch, seed) for seed in (0, 1)]
                for path, said, *outcomes in zip(batch, evaluate(python, batch), *done):
                    known += judge_program(tally, python, path, said, outcomes)
        print(f"{python.version}: {len(programs)} programs, {known} names known", flush=True)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
