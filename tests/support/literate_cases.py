"""Reads the literate cases of `corpus/cases` (their format: `corpus/README.md`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_FILE = re.compile(r"^`([\w./]+\.py)`:$")
_BINDING = re.compile(r"^\s*(\w+)\s*(?::[^=]+)?(?:<<|>>|\*\*|//|[-+*/@%&|^])?=(?!=)")
_MARK = re.compile(r"#\s*(verdict|residual|value|raises|python|unseen|TODO)\b:?[ \t]*(.*?)(?=\s+#\s*(?:TODO|unseen)\b|$)")
# Left out of a name's comparison: what the import system itself puts there.
_NOTE = re.compile(r"\s+# TODO: \w+")


@dataclass
class Value:
    line: int
    name: str
    repr: str
    todo: bool


@dataclass
class Case:
    """One module, and what must come out. Lines count from 1 within the module."""

    document: Path
    first_line: int  # of the module, in the document
    heading: str
    source: str
    verdict: str = ""
    todo: str = ""  # the verdict that today's evaluator gives instead
    unseen: bool = False
    raises: str = ""
    minimum: tuple[int, int] = (3, 0)
    residual: list[tuple[int, str]] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)

    @property
    def module(self) -> str:
        return f"case_{self.first_line}"

    @property
    def title(self) -> str:
        return f"{self.document.name}:{self.first_line} ({self.heading})"


@dataclass
class Document:
    path: Path
    files: dict[str, str] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)

    def lay_out(self, root: Path) -> None:
        """Writes the files and the cases below `root`, a search root of their own."""
        for name, text in self.files.items():
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        for case in self.cases:
            (root / f"{case.module}.py").write_text(case.source)


def read_case(document: Path, first_line: int, heading: str, lines: list[str]) -> Case:
    case = Case(document, first_line, heading, "\n".join(lines) + "\n")
    for number, line in enumerate(lines, 1):
        for kind, text in _MARK.findall(line):
            if kind == "verdict":
                case.verdict = text
            elif kind == "residual":
                case.residual.append((number, text))
            elif kind == "raises":
                case.raises = text
            elif kind == "unseen":
                case.unseen = True
            elif kind == "python":
                major, minor = text.split(".")
                case.minimum = (int(major), int(minor))
            elif kind == "value":
                binding = _BINDING.match(line)
                if binding is None:
                    raise ValueError(f"{document}:{first_line + number - 1}: no name is assigned here")
                case.values.append(Value(number, binding.group(1), text, "# TODO" in line))
            elif kind == "TODO" and "verdict:" in line:
                case.todo = text
    if not case.verdict:
        raise ValueError(f"{document}:{first_line}: the case states no verdict")
    return case


def read(path: Path) -> Document:
    document = Document(path)
    heading, name, block, start = "", None, None, 0
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if block is not None:
            if line != "```":
                block.append(line)
                continue
            if name is None:
                document.cases.append(read_case(path, start, heading, block))
            elif document.files.setdefault(name, "\n".join(block) + "\n") != "\n".join(block) + "\n":
                raise ValueError(f"{path}:{start}: `{name}` is given twice, differently")
            name, block = None, None
        elif line.startswith("```python"):
            block, start = [], number + 1
        elif line.startswith("#"):
            heading = line.lstrip("# ")
        elif match := _FILE.match(line):
            name = match.group(1)
    return document


def rewrite_notes(document: Document, verdicts: dict[int, str], unknown: set[int]) -> None:
    """Notes what today's evaluator says: `verdicts` by a case's first line,
    `unknown` the document's lines whose value is not known. Drops other notes."""
    lines = document.path.read_text().split("\n")
    for case in document.cases:
        for offset, line in enumerate(case.source.splitlines()):
            number = case.first_line + offset
            bare = _NOTE.sub("", line)
            if "# verdict:" in line and case.first_line in verdicts:
                bare += f"  # TODO: {verdicts[case.first_line]}"
            elif number in unknown:
                bare += "  # TODO: unknown"
            lines[number - 1] = bare
    document.path.write_text("\n".join(lines))
