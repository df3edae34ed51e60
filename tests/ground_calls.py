#!/usr/bin/env python3
"""Calls of C-implemented callables with odd arguments: what is called strict must not raise or warn.

The descriptions of the C ground (`const-eval/ground/*.txt`) promise what callables do for the arguments that
they are meant for. Here each callable of each described module is called with none, with
too many, and with arguments of the wrong type or kind, one call a program. Programs that Lyo calls
strict, and no others, are executed.

    tests/ground_calls.py [--python 3.11]... [--only MODULE]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "support"), str(HERE / "generate")]
import generated  # noqa: E402
import judge  # noqa: E402

GROUND = judge.ROOT / "const-eval" / "ground"
PRELUDE = """\
class Hostile:
    def __getattribute__(self, name): raise ValueError(name)
    def __eq__(self, other): raise ValueError('eq')
    def __hash__(self): raise ValueError('hash')
    def __len__(self): raise ValueError('len')
    def __iter__(self): raise ValueError('iter')
    def __index__(self): raise ValueError('index')
    def __repr__(self): raise ValueError('repr')
    def __bool__(self): raise ValueError('bool')
    def __lt__(self, other): raise ValueError('lt')
    def __call__(self, *arguments): raise ValueError('call')
    def __str__(self): raise ValueError('str')
    def __float__(self): raise ValueError('float')
    def __fspath__(self): raise ValueError('fspath')
class Plain: pass
"""
ARGUMENTS = (
    "", "0", "-1", "'a'", "b'a'", "None", "[]", "()", "{}", "1.5", "True", "int", "len", "Plain", "Plain()", "Hostile()", "[Hostile()]",
    "10**30", "'\\x00'", "float('nan')", "0, 0", "'a', 'a'", "None, None", "int, 0", "len, []", "len, [0]", "'a', Hostile()", "Hostile(), Hostile()",
    "[], []", "{}, {}", "0, 'a'", "'a', 0", "Plain, Plain", "1, 2, 3", "'a', 'b', 'c'", "None, None, None", "int, (), {}", "1, 2, 3, 4, 5, 6, 7, 8, 9", "wrong=0", "0, wrong=0",
    "*[1]", "range(3)", "(x for x in [Hostile()])", "lambda: 0", "lambda: 0, []", "Plain(), 'a'", "Plain, 'a'", "'a', ()", "'T', (), {}", "'T', (Plain,), {'a': 1}", "slice(1, 'a')", "3.5, 'a'",
)


def described_modules() -> list[str]:
    found = []
    for path in sorted(GROUND.glob("*.txt")):
        found += re.findall(r"^module (\w+)", path.read_text(), re.MULTILINE)
    return sorted(set(found))


def judge_python(tally, python: judge.Python, only: str | None) -> None:
    modules = [only] if only else described_modules()
    listed = json.loads(judge.run([python.executable, "-I", str(HERE / "support" / "ground_names.py"), *modules]).stdout)
    programs = [
        f"import {module}\n{PRELUDE}value = {module}.{name}({arguments})\n"
        for module, names in sorted(listed.items())
        for name in names
        for arguments in ARGUMENTS
    ]
    batches = [programs[start : start + 500] for start in range(0, len(programs), 500)]
    strict = 0
    for claimed in judge.in_parallel(lambda batch: judge_batch(tally, python, batch), batches):
        strict += claimed
    print(f"{python.version}: {len(programs)} calls, {strict} of them called strict", flush=True)


def judge_batch(tally, python: judge.Python, programs: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, source in enumerate(programs):
            path = Path(folder).resolve() / f"p{number}.py"
            path.write_text(source)
            paths.append(path)
        said = generated.evaluate(python, paths)
        claimed = [n for n, report in enumerate(said) if report and report["verdict"] in ("strict", "replayable")]
        outcomes = generated.execute(python, [paths[n] for n in claimed], 1) if claimed else []
    for number, outcome in zip(claimed, outcomes):
        judged = generated.compare(said[number], outcome, outcome)
        if judged.problems:
            tally.fail(f"{python.version} {programs[number].splitlines()[-1]}: {'; '.join(judged.problems)[:300]}")
        else:
            tally.ok()
    return len(claimed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="3.11, 3.12 or 3.13; all by default")
    parser.add_argument("--only", metavar="MODULE", help="the callables of this module alone")
    arguments = parser.parse_args()
    tally = judge.Tally("calls of the C ground")
    for python in judge.pythons(arguments.python):
        judge_python(tally, python, arguments.only)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
