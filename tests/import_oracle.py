#!/usr/bin/env python3
"""The import oracle: CPython says whether a module called strict is harmless.

For each module that `lyo check` calls strict or replayable, its top level is executed in a
fresh interpreter of the same version, with what it imports loaded before, and
the world before and after is compared (`tests/oracle/world.py` says what the
world is). Any difference but the module's own appearance and the effects that it declares
(`tests/oracle/declared.py`), any I/O and any exception is a wrong verdict.

    tests/import_oracle.py [--python 3.11]... [--stdlib-only | --packages-only | --trees] [--sample N] [MODULE]...

A package's module costs about a second, because most modules import their whole package. `--sample` judges only so
many modules of the packages on each interpreter, another random (seeded) choice on each. `--trees` judges all that celery
and scrapy depend on instead (`corpus/install --trees`).
"""

from __future__ import annotations

import argparse
import collections
import marshal
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
import judge  # noqa: E402

SESSION = Path(__file__).parent / "oracle" / "session.py"
SECONDS = 600  # for one session
CHUNK = 12  # modules of one package in one session; each costs about a second, more where the package is large

NAMED = 3  # modules that are named of those that could not be judged for the same reason


def judged_modules(report: dict) -> dict[str, dict]:
    """By name, what the report calls strict or replayable."""
    return {
        module["name"]: module
        for module in report["modules"]
        if module["verdict"] in ("strict", "replayable") and module["path"].endswith(".py")
    }


def observe(python: judge.Python, paths: list[str], modules: dict[str, dict]):
    """Runs one session, with modules as the report tells of them; gives `(name, how, findings)` for each."""
    targets = list(modules)
    with tempfile.TemporaryDirectory() as scratch:
        job = {
            "path": paths,
            "targets": targets,
            "watch": {name: module["path"] for name, module in modules.items()},
            "effects": {name: module["effects"] for name, module in modules.items()},
            "scratch": scratch,
        }
        command = [python.executable, "-I", "-S", "-X", "frozen_modules=off", str(SESSION)]
        try:
            done = subprocess.run(
                command, input=marshal.dumps(job), capture_output=True, timeout=SECONDS, cwd=scratch
            )
        except subprocess.TimeoutExpired:
            return [(name, "unreached", ["the session took too long"]) for name in targets]
    if done.returncode != 0 or not done.stdout:
        words = done.stderr.decode(errors="replace").strip()[-500:] or f"exit status {done.returncode}"
        return [(name, "unreached", [f"the session failed: {words}"]) for name in targets]
    return marshal.loads(done.stdout)


def sessions(watch: dict[str, dict], alone: bool) -> list[list[str]]:
    """Which modules are judged in one process. The stdlib's each have their own;
    a package's share one, because most modules import the whole package."""
    if alone:
        return [[name] for name in sorted(watch)]
    by_package = collections.defaultdict(list)
    for name in sorted(watch):
        by_package[name.split(".")[0]].append(name)
    return [
        names[start : start + CHUNK]
        for _, names in sorted(by_package.items())
        for start in range(0, len(names), CHUNK)
    ]


def judge_tree(tally, python, title: str, paths: list[str], watch: dict[str, dict], alone: bool) -> None:
    how_often = collections.Counter()
    unjudged = collections.defaultdict(list)

    def one(targets):
        return observe(python, paths, {name: watch[name] for name in targets})

    for results in judge.in_parallel(one, sessions(watch, alone)):
        for name, how, findings in results:
            how_often[how] += 1
            if how in ("unimportable", "unreached"):
                unjudged[how, findings[0]].append(name)
                if any(f.startswith("the session") for f in findings):
                    tally.fail(f"{python.version} {name}: {findings[0]}")
                continue
            tally.expect(not findings, f"{python.version} {name}: " + "; ".join(findings[:4]))
    counted = ", ".join(f"{count} {how}" for how, count in sorted(how_often.items()))
    replayable = sum(module["verdict"] == "replayable" for module in watch.values())
    print(
        f"{python.version} {title}: {len(watch)} strict or replayable modules ({replayable} replayable):"
        f" {counted or 'none'}",
        flush=True,
    )
    for (how, reason), names in sorted(unjudged.items()):
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        print(f"    {how}: {', '.join(names[:NAMED])}{more}: {reason}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="3.11, 3.12 or 3.13; all by default")
    parser.add_argument("--stdlib-only", action="store_true")
    parser.add_argument("--packages-only", action="store_true")
    parser.add_argument("--trees", action="store_true", help="the packages of corpus/trees.txt")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="of the packages, only so many modules")
    parser.add_argument("modules", nargs="*", help="only these modules")
    arguments = parser.parse_args()

    tally = judge.Tally("import oracle")
    for python in judge.pythons(arguments.python, "trees" if arguments.trees else "corpus"):
        if not arguments.packages_only and not arguments.trees:
            watch = judged_modules(judge.check(python, *judge.stdlib_paths(python)))
            watch = {n: p for n, p in watch.items() if not arguments.modules or n in arguments.modules}
            judge_tree(tally, python, "stdlib", [], watch, alone=True)
        if not arguments.stdlib_only:
            packages = [python.site_packages / name for name in judge.PACKAGES]
            if arguments.trees:
                packages = [python.site_packages]
            watch = judged_modules(judge.check(python, *(path for path in packages if path.is_dir())))
            watch = {n: p for n, p in watch.items() if n.split(".")[0] not in judge.INSTALLER}
            watch = {n: p for n, p in watch.items() if not arguments.modules or n in arguments.modules}
            if arguments.sample and len(watch) > arguments.sample:
                names = random.Random(python.tag).sample(sorted(watch), arguments.sample)
                watch = {name: watch[name] for name in names}
            judge_tree(tally, python, "packages", [str(python.site_packages)], watch, alone=False)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
