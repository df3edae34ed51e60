#!/usr/bin/env python3
"""The documentation shows real output: runs its examples and compares.

In a page, the Python blocks that follow a line with a file name (`` `app.py`: ``) are laid out in an
empty folder, and each `console` block is run there, `$ lyo …` lines as they stand; what follows them must be
what `lyo` writes. Blocks marked `console figures` hold measurements and are not run.

    tests/documentation.py [--update] [PAGE]...
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
import judge  # noqa: E402

_FILE = re.compile(r"^`([\w./-]+)`:$")


def blocks(text: str):
    """Each fenced block: its language, the file name before it, first and last line, lines."""
    lines = text.split("\n")
    name, start, language = None, None, ""
    for number, line in enumerate(lines):
        if start is not None:
            if line == "```":
                yield language, name, start, number, lines[start:number]
                name, start = None, None
        elif line.startswith("```"):
            start, language = number + 1, line[3:].strip()
        elif match := _FILE.match(line):
            name = match.group(1)


def output_of(command: str, folder: Path, python: judge.Python) -> list[str]:
    environment = {
        **os.environ,
        "PATH": f"{Path(judge.lyo()).parent}:{os.environ['PATH']}",
        "VIRTUAL_ENV": str(Path(python.executable).parent.parent),
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    arguments = shlex.split(command)
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    text = (done.stdout + done.stderr).replace(str(folder), ".").rstrip("\n")
    return [line.rstrip() for line in text.split("\n")] if text else []


def run_page(page: Path, python: judge.Python, tally: judge.Tally, update: bool) -> None:
    text = page.read_text()
    found = list(blocks(text))
    lines = text.split("\n")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        for language, name, _, _, content in found:
            if name and language != "console":
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text("\n".join(content) + "\n")
        for language, _, start, end, content in reversed(found):
            if language != "console" or not any(line.startswith("$ lyo ") for line in content):
                continue
            shown = []
            for line in content:
                if line.startswith("$ lyo "):
                    shown += [line, *output_of(line[2:], folder, python)]
            if update:
                lines[start:end] = shown
            else:
                tally.expect(shown == content, f"{page.relative_to(judge.ROOT)}:{start}: lyo says:\n" + "\n".join(shown))
    if update:
        page.write_text("\n".join(lines))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write the output into the pages")
    parser.add_argument("pages", nargs="*", type=Path)
    arguments = parser.parse_args()
    pages = [p.resolve() for p in arguments.pages] or [
        judge.ROOT / "README.md",
        *sorted((judge.ROOT / "docs").rglob("*.md")),
    ]
    tally = judge.Tally("documentation")
    newest = judge.pythons()[-1]
    if newest.version != "3.13":
        print("skipped: the documentation shows the output for CPython 3.13")
        return tally.finish()
    for page in pages:
        run_page(page, newest, tally, arguments.update)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
