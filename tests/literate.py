#!/usr/bin/env python3
"""Judges the literate cases: `lyo check` and `lyo eval` against their comments and against CPython.

    tests/literate.py [--python 3.11]... [--update] [--only TEXT] [DOCUMENT]...

`corpus/README.md` tells how a case is written. `--update` notes where today's
evaluator is less precise than it should be; what is wrong can't be noted away.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
import judge  # noqa: E402
import literate_cases  # noqa: E402
from import_oracle import observe  # noqa: E402

CASES = judge.ROOT / "corpus" / "cases"
NAMESPACES = Path(__file__).parent / "support" / "namespaces.py"


class Notes:
    """What was less precise than it should be, over all interpreters."""

    def __init__(self) -> None:
        self.verdicts: dict[literate_cases.Path, dict[int, str]] = {}
        self.unknown: dict[literate_cases.Path, set[int]] = {}

    def verdict(self, case, verdict: str) -> None:
        self.verdicts.setdefault(case.document, {})[case.first_line] = verdict

    def value(self, case, line: int) -> None:
        self.unknown.setdefault(case.document, set()).add(case.first_line + line - 1)


def evaluate(python: judge.Python, file: Path) -> dict:
    command = [judge.lyo(), "eval", str(file), "--format", "json", "--python", python.executable]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode not in (0, 1):
        return {"error": done.stderr.strip()[-300:] or f"exit status {done.returncode}"}
    return json.loads(done.stdout)


def executed(python: judge.Python, root: Path, names: list[str]) -> dict:
    done = judge.run([python.executable, "-I", str(NAMESPACES), str(root)], input=json.dumps(names))
    return json.loads(done.stdout)


def judge_verdict(tally, notes, python, case, module: dict) -> None:
    said = module["verdict"]
    at = f"{python.version} {case.title}"
    if case.verdict == "residual":
        tally.expect(said != "strict", f"{at}: called {said}, and has an effect")
    elif case.verdict == "unproven":
        tally.expect(said not in ("strict", "replayable"), f"{at}: called {said}, and is not proven")
    elif said == case.verdict:
        tally.ok()
    else:
        notes.verdict(case, said)
        tally.expect(case.todo == said, f"{at}: called {said}, should be {case.verdict}{reasons(module)}")
    if said == "strict":
        return
    if said == "replayable":
        for line, _ in case.residual:
            declared = any(effect["line"] <= line for effect in module["effects"])
            tally.expect(declared, f"{at}: no effect declared for line {line}")
        return
    for line, code in case.residual:
        if case.verdict not in ("residual", "unproven") and case.todo:
            continue
        there = [d for d in module["diagnostics"] if concerns(d, module["path"], line)]
        tally.expect(there, f"{at}: no finding on line {line}{reasons(module)}")
        if there and code:
            codes = sorted({d["code"] for d in there})
            tally.expect(code in codes, f"{at}: line {line} is {code}, not {', '.join(codes)}{reasons(module)}")


def concerns(diagnostic: dict, path: str, line: int) -> bool:
    """Does the finding stand on this line, or lead through it?"""
    span = diagnostic["range"]
    if span["start"]["line"] <= line <= span["end"]["line"]:
        return True
    return any(link["path"] == path and link["line"] == line for link in diagnostic["chain"])


def reasons(module: dict) -> str:
    words = [f"{d['code']} {d['message']} (line {d['range']['start']['line']})" for d in module["diagnostics"]]
    return ": " + "; ".join(words[:2]) if words else ""


def judge_values(tally, notes, python, case, evaluated: dict, actual: dict) -> None:
    at = f"{python.version} {case.title}"
    if "error" in evaluated:
        tally.fail(f"{at}: lyo eval: {evaluated['error']}")
        return
    for name, value in evaluated["names"].items():
        if not value["known"]:
            continue
        if name not in actual["names"]:
            tally.fail(f"{at}: {name} is called {value['repr']}, and CPython never binds it")
        else:
            real = actual["names"][name]
            tally.expect(value["repr"] == real, f"{at}: {name} is called {value['repr']}, and is {real}")
    for value in case.values:
        real = actual["names"].get(value.name)
        tally.expect(value.repr == real, f"{at}: the case says {value.name} is {value.repr}; CPython: {real}")
        if not evaluated["names"].get(value.name, {}).get("known"):
            notes.value(case, value.line)
            reason = evaluated["names"].get(value.name, {}).get("reason", "not a name")
            tally.expect(value.todo, f"{at}: {value.name} is not known: {reason}")


def judge_truth(tally, python, case, module: dict, actual: dict, seen: tuple) -> None:
    """CPython's word: is the case what its comments say, and is a strict verdict right?"""
    at = f"{python.version} {case.title}"
    raised = actual["raised"]
    expected = case.raises
    tally.expect(
        (expected in raised) if raised else not expected,
        f"{at}: raises {raised[0] if raised else 'nothing'} in CPython, not {expected or 'nothing'}",
    )
    _, how, findings = seen
    effect = bool(findings) or raised
    declared = is_called_harmless(module) and module["effects"]
    if case.verdict == "residual" and not case.unseen:
        tally.expect(effect or declared, f"{at}: marked residual, yet the oracle sees no effect ({how})")
    if is_called_harmless(module):
        tally.expect(not effect, f"{at}: called {module['verdict']}: {'; '.join(findings[:3]) or raised}")


def is_called_harmless(module: dict | None) -> bool:
    """Strict, or replayable: then it has the effects that it declares and no other."""
    return module is not None and module["verdict"] in ("strict", "replayable")


def judge_document(tally, notes, python, document, only: str) -> None:
    major, minor = python.version.split(".")
    document.cases = [
        case for case in document.cases if case.minimum <= (int(major), int(minor)) and only in case.title
    ]
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch).resolve()
        document.lay_out(root)
        modules = {m["name"]: m for m in judge.check(python, root)["modules"]}
        files = [root / f"{case.module}.py" for case in document.cases]
        evaluated = list(judge.in_parallel(lambda file: evaluate(python, file), files))
        actual = executed(python, root, [case.module for case in document.cases])

        def session(case):
            module = {"path": str(root / f"{case.module}.py"), "effects": []}
            module |= modules.get(case.module, {}) if is_called_harmless(modules.get(case.module)) else {}
            return observe(python, [str(root)], {case.module: module})[0]

        seen = list(judge.in_parallel(session, document.cases))
    for case, evaluation, observed in zip(document.cases, evaluated, seen):
        module = modules.get(case.module)
        if module is None:
            tally.fail(f"{python.version} {case.title}: lyo check does not report it")
            continue
        judge_verdict(tally, notes, python, case, module)
        judge_values(tally, notes, python, case, evaluation, actual[case.module])
        judge_truth(tally, python, case, module, actual[case.module], observed)


def judge_notes(tally, documents, notes) -> None:
    """A note that no interpreter needs any more must go."""
    for document in documents:
        for case in document.cases:
            if case.todo and case.first_line not in notes.verdicts.get(document.path, {}):
                tally.fail(f"{case.title}: is {case.verdict} now: remove the TODO, or run with --update")
            for value in case.values:
                if value.todo and case.first_line + value.line - 1 not in notes.unknown.get(document.path, set()):
                    tally.fail(f"{case.title}: {value.name} is known now: remove the TODO, or run with --update")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="3.11, 3.12 or 3.13; all by default")
    parser.add_argument("--update", action="store_true", help="write the TODO notes anew")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose title holds this")
    parser.add_argument("documents", nargs="*", type=Path)
    arguments = parser.parse_args()

    paths = arguments.documents or sorted(CASES.glob("*.md"))
    tally, notes = judge.Tally("literate cases"), Notes()
    interpreters = judge.pythons(arguments.python)
    for python in interpreters:
        for path in paths:
            judge_document(tally, notes, python, literate_cases.read(path), arguments.only)
    documents = [literate_cases.read(path) for path in paths]
    if arguments.update:
        for document in documents:
            literate_cases.rewrite_notes(
                document, notes.verdicts.get(document.path, {}), notes.unknown.get(document.path, set())
            )
    elif len(interpreters) == len(judge.VERSIONS) and not arguments.only:
        judge_notes(tally, documents, notes)
    todo = sum(bool(case.todo) for document in documents for case in document.cases)
    total = sum(len(document.cases) for document in documents)
    print(f"{total} cases, {todo} of them noted as less precise than they should be", flush=True)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
