#!/usr/bin/env python3
"""CPython's own regression tests, with the standard library from a bundle: each test ends as it does without.

    tests/regression.py [--python 3.13]... [TEST]...

A version's tests have to be installed (`python -m test`); where they are not, the version is skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
import judge  # noqa: E402

TESTS = """
    abc argparse ast asyncio.test_futures asyncio.test_tasks base64 bdb bisect calendar cmd code codecs codeop collections
    colorsys configparser contextlib contextlib_async copy copyreg csv dataclasses decimal deque descr dict dictviews difflib
    dis doctest dynamicclassattribute email enum exceptions fileinput filecmp fnmatch fractions functools generators genericalias
    getopt gettext glob graphlib hashlib heapq hmac html htmlparser http_cookies httplib imaplib import importlib inspect
    ipaddress iter isinstance itertools json keyword linecache list locale logging mailbox metaclass mimetypes module netrc
    ntpath numeric_tower opcodes operator optparse ordered_dict pathlib pdb pickle pickletools pkgutil plistlib poplib popen
    posixpath pprint profile property pyclbr pydoc queue quopri random raise range re reprlib richcmp rlcompleter robotparser
    runpy sched scope secrets selectors set shelve shlex shutil slice smtplib socketserver sqlite3 stat statistics string
    struct structseq subclassinit subprocess super symtable tabnanny tarfile telnetlib tempfile textwrap threading
    threading_local timeit tokenize tomllib trace traceback tuple types type_aliases type_comments typechecks typing
    unittest unpack urllib urllib2 urlparse userdict userlist userstring uuid warnings wave weakref weakset with wsgiref
    xml_dom_minicompat xml_etree xmlrpc zipapp zipfile zipimport zoneinfo
""".split()

# What a tracer sees of an import is on the list in docs/fidelity.md.
KNOWN = {"test.test_trace.TestCoverage.test_coverage_ignore"}
SECONDS = 300


def outcomes(command: list[str], test: str, folder: Path, environment: dict[str, str]) -> dict[str, str] | None:
    """Outcome of each test of a file; None where the file can't be run."""
    report = folder / "outcomes.xml"
    report.unlink(missing_ok=True)
    arguments = ["-m", "test", "--junit-xml", str(report), "--timeout", str(SECONDS), test]
    try:
        done = subprocess.run([*command, *arguments], cwd=folder, env=environment, capture_output=True, timeout=2 * SECONDS)
    except subprocess.TimeoutExpired:
        return {"": "the time was up"}
    if not report.exists():
        return None
    found = {"": f"exit status {done.returncode}"}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        found[case.get("name", "")] = ",".join(sorted(child.tag for child in case if child.tag != "system-out")) or "passed"
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="3.11, 3.12 or 3.13; all by default")
    parser.add_argument("tests", nargs="*", help="only these test files, as test_enum")
    arguments = parser.parse_args()
    tally = judge.Tally("regression tests")
    tests = arguments.tests or [f"test_{name}" for name in TESTS]
    for python in judge.pythons(arguments.python):
        if not (python.stdlib / "test" / "libregrtest").is_dir():
            print(f"skipped: the tests of CPython {python.version} are not installed", flush=True)
            continue
        with tempfile.TemporaryDirectory() as scratch:
            judge_python(tally, python, tests, Path(scratch))
    return tally.finish()


def judge_python(tally: judge.Tally, python: judge.Python, tests: list[str], scratch: Path) -> None:
    bundle = scratch / "stdlib.lyo"
    without = [option for glob in ("test", "test.*", "idlelib.*") for option in ("--exclude", glob)]
    judge.run([judge.lyo(), "build", str(python.stdlib), "--python", python.executable, "-o", str(bundle), *without])
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONPATH", None)
    run = [judge.lyo(), "run", "-b", str(bundle), "--python", python.executable]
    rehydrated: set[str] = set()
    plain: set[str] = set()

    def one(numbered):
        number, test = numbered
        folder = scratch / str(number)
        folder.mkdir()
        report = folder / "report.json"
        expected = outcomes([python.executable], test, folder, environment)
        if expected is None:
            return test, None, None, []
        actual = outcomes([*run, "--report", str(report)], test, folder, environment)
        modules = json.loads(report.read_text())["modules"] if report.exists() else []
        return test, expected, actual, modules

    cases = files = 0
    for test, expected, actual, modules in judge.in_parallel(one, enumerate(tests)):
        if expected is None:
            continue
        files += 1
        for module in modules:
            if module["how"] in ("rehydrated", "code"):
                (rehydrated if module["how"] == "rehydrated" else plain).add(module["name"])
        actual = actual or {"": "no report"}
        # A test that does not end the same way twice without a bundle proves nothing.
        wrong = [name for name in expected | actual if expected.get(name) != actual.get(name) and name not in KNOWN]
        if [name for name in wrong if name]:
            again = outcomes([python.executable], test, scratch, environment) or {}
            wrong = [name for name in wrong if again.get(name) == expected.get(name)]
        if wrong == [""] and any(expected.get(name) != actual.get(name) for name in KNOWN):
            wrong = []
        cases += len(expected) - 1
        shown = "; ".join(f"{name or 'the run'}: {expected.get(name)} without, {actual.get(name)} with" for name in wrong[:5])
        tally.expect(not wrong, f"{python.version} {test}: {shown}")
    share = len(rehydrated) / max(len(rehydrated) + len(plain), 1)
    print(f"{python.version}: {files} files, {cases} tests; of the pure modules imported, {share:.0%} were rehydrated", flush=True)


if __name__ == "__main__":
    sys.exit(main())
