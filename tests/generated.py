#!/usr/bin/env python3
"""Generated programs: what `lyo eval` says of them, against CPython executing them.

Makes random programs (`tests/generate/`), deterministic by seed: operators, methods and
formatting of the builtin types, classes with random special methods, closures,
generators, exceptions, `match`. Of each it demands that

- a value that is called known has the `repr` that CPython gives it, under two hash seeds;
- a program that is called strict raises, writes and warns of nothing.

Where a program raises, what Lyo says of later statements holds for the case that they are reached: it
is judged once more, cut off after the statement that raises.

That nothing is claimed too little is judged as well: of the names whose `repr` is the
same in both processes, in programs without deliberate effects, at least `FLOOR` must be known.
Programs that fail are made smaller, and printed.

    tests/generated.py [--count N] [--seed S] [--python 3.11]... [--only NUMBER] [--show]
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "support"), str(HERE / "generate")]
import judge  # noqa: E402
import minimise  # noqa: E402
import program  # noqa: E402

# Programs in one process.
BATCH = 250
# Share of the stable names of harmless programs that are known: just below what it is today. The aim is 0.9.
FLOOR = 0.4
# Failures that are made smaller; more are counted only.
MINIMISED = 8


@dataclass
class Judged:
    """One program's outcome: what is wrong, and how much was known."""

    problems: list[str]
    known: int = 0
    stable: int = 0
    strict: bool = False
    quiet: bool = False


def by_halves(run, paths: list[Path], failed) -> list:
    """What `run` gives for the files; where that is nothing, for half of them at a time, and `failed` for a single one."""
    results = run(paths)
    if results is not None:
        return results
    if len(paths) == 1:
        return [failed]
    half = len(paths) // 2
    return by_halves(run, paths[:half], failed) + by_halves(run, paths[half:], failed)


def ended(command: list[str], seconds: int, **options) -> subprocess.CompletedProcess | None:
    """The command once it has ended; `None` where the time was up."""
    try:
        return subprocess.run(command, timeout=seconds, capture_output=True, text=True, **options)
    except subprocess.TimeoutExpired:
        return None


def evaluate(python: judge.Python, paths: list[Path]) -> list[dict | None]:
    """`lyo eval` of the files; `None` where the command itself fails."""

    def run(paths: list[Path]) -> list[dict] | None:
        command = [judge.lyo(), "eval", "--format", "json", "--python", python.executable, *map(str, paths)]
        done = ended(command, 60 + 4 * len(paths))
        if done is None or done.returncode not in (0, 1):
            return None
        report = json.loads(done.stdout)
        return [report] if len(paths) == 1 else report["files"]

    return by_halves(run, paths, None)


def execute(python: judge.Python, paths: list[Path], hash_seed: int) -> list[dict]:
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    # Not `-I`: that would ignore the hash seed.
    command = [python.executable, "-P", "-s", str(HERE / "support" / "execute_many.py")]

    def run(paths: list[Path]) -> list[dict] | None:
        given = json.dumps([str(path) for path in paths])
        done = ended(command, 60 + 10 * len(paths), input=given, env=environment)
        return json.loads(done.stdout) if done is not None and done.returncode == 0 else None

    # Such as one that takes all memory, or all the time there is.
    stopped = {"names": {}, "raised": "Stopped", "ends": None, "written": "", "warned": [], "unraisable": []}
    return by_halves(run, paths, stopped)


def compare(said: dict | None, first: dict, second: dict) -> Judged:
    if said is None:
        return Judged(["lyo eval fails or hangs"])
    judged = Judged([], strict=said["verdict"] == "strict")
    slow = any(outcome["raised"] in ("Stopped", "MemoryError") for outcome in (first, second))
    for name, value in said["names"].items():
        if value["known"] and not name.startswith("__") and not slow and not first["ends"]:
            for actual in (first, second):
                if name not in actual["names"]:
                    judged.problems.append(f"{name} is called {value['repr']}, and CPython does not bind it")
                elif actual["names"][name] != value["repr"]:
                    judged.problems.append(f"{name} is called {value['repr']}, and is {actual['names'][name]}")
                else:
                    continue
                break
    effects = [f"raises {first['raised']}"] if first["raised"] else []
    effects += [f"{what} {first[what]!r}" for what in ("written", "warned", "unraisable") if first[what]]
    judged.quiet = not effects
    if effects and said["verdict"] in ("strict", "replayable"):
        judged.problems.append(f"is called {said['verdict']}, and {'; '.join(effects)}")
    for name, text in first["names"].items():
        if text is not None and text == second["names"].get(name) and " object at 0x" not in text:
            judged.stable += 1
            judged.known += said["names"].get(name, {}).get("known", False)
    return judged


def judge_sources(python: judge.Python, sources: list[str], folder: Path) -> list[Judged]:
    """Judges programs; the file's name, and so the module's, tells the number."""
    paths = []
    for number, source in enumerate(sources):
        path = folder / f"p{number}.py"
        path.write_text(source, encoding="utf-8", errors="surrogatepass")
        paths.append(path)
    said = evaluate(python, paths)
    first, second = execute(python, paths, 1), execute(python, paths, 2)
    results = [compare(*each) for each in zip(said, first, second)]
    ending = [number for number, outcome in enumerate(first) if outcome["ends"]]
    if ending:
        cut = ["\n".join(sources[number].split("\n")[: first[number]["ends"]]) + "\n" for number in ending]
        for number, judged in zip(ending, judge_sources(python, cut, folder)):
            results[number].problems += judged.problems
    return results


def judge_batch(python: judge.Python, seeds: list[str]) -> tuple[list, list[Judged]]:
    programs = [program.program(seed) for seed in seeds]
    with tempfile.TemporaryDirectory() as folder:
        return programs, judge_sources(python, [made.source() for made in programs], Path(folder).resolve())


def smaller(python: judge.Python, source: str) -> str:
    def failing(sources: list[str]) -> list[bool]:
        with tempfile.TemporaryDirectory() as folder:
            return [bool(judged.problems) for judged in judge_sources(python, sources, Path(folder).resolve())]

    return minimise.minimise(source, failing)


def report(tally, python, seed: str, made, judged: Judged) -> None:
    source = made.source()
    if len(tally.failures) < MINIMISED:
        source = smaller(python, source)
    with tempfile.TemporaryDirectory() as folder:
        problems = judge_sources(python, [source], Path(folder).resolve())[0].problems or judged.problems
    text = source if len(tally.failures) < MINIMISED else ""
    tally.fail(f"{python.version} program {seed}: {'; '.join(problems[:3])[:600]}\n{text}")


def judge_python(tally, python: judge.Python, seed: int, numbers: range) -> None:
    seeds = [f"{seed}/{number}" for number in numbers]
    batches = [seeds[start : start + BATCH] for start in range(0, len(seeds), BATCH)]
    counts: collections.Counter[str] = collections.Counter()
    for batch, (programs, results) in zip(batches, judge.in_parallel(lambda batch: judge_batch(python, batch), batches)):
        for each, made, judged in zip(batch, programs, results):
            if judged.problems:
                report(tally, python, each, made, judged)
            else:
                tally.ok()
            counts["programs"] += 1
            if made.pure:
                counts["known"] += judged.known
                counts["stable"] += judged.stable
                counts["quiet"] += judged.quiet
                counts["strict"] += judged.quiet and judged.strict
    share = counts["known"] / max(counts["stable"], 1)
    print(
        f"{python.version}: {counts['programs']} programs; known: {share:.1%} of {counts['stable']} names; "
        f"strict: {counts['strict'] / max(counts['quiet'], 1):.1%} of {counts['quiet']} harmless programs",
        flush=True,
    )
    if len(numbers) >= 100:
        tally.expect(share >= FLOOR, f"{python.version}: only {share:.1%} of the names are known, not {FLOOR:.0%}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="3.11, 3.12 or 3.13; all by default")
    parser.add_argument("--count", type=int, default=1000, help="programs for each interpreter")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="this program of the seed alone")
    parser.add_argument("--show", action="store_true", help="print the program that --only names, and end")
    arguments = parser.parse_args()
    numbers = range(arguments.count)
    if arguments.only is not None:
        numbers = range(arguments.only, arguments.only + 1)
        if arguments.show:
            print(program.program(f"{arguments.seed}/{arguments.only}").source())
            return 0
    tally = judge.Tally("generated programs")
    for python in judge.pythons(arguments.python):
        judge_python(tally, python, arguments.seed, numbers)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
