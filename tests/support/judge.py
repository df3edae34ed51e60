"""What the judges share: the command, the interpreters, JSON reports, the tally."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

# What every environment has. On 3.11 its `.pth` file puts a finder of its own before the others, for `distutils`.
INSTALLER = ("pip", "setuptools", "pkg_resources", "_distutils_hack")

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache"
# What is judged, and what is measured, is what is found out anew, not what is remembered of earlier runs.
os.environ.setdefault("LYO_NO_CACHE", "1")
VERSIONS = ("3.11", "3.12", "3.13")
PACKAGES = (
    "click", "jinja2", "requests", "rich", "attr", "attrs", "pygments", "sympy",
    "django", "sqlalchemy", "networkx", "flask", "_pytest", "pytest",
)


@dataclass
class Python:
    """One interpreter that is judged: its corpus environment, which has the real packages."""

    tag: str
    executable: str

    @property
    def version(self) -> str:
        return f"{self.tag[2]}.{self.tag[3:]}"

    def ask(self, expression: str) -> str:
        program = f"import sys, sysconfig; print({expression})"
        return run([self.executable, "-I", "-c", program]).stdout.strip()

    @property
    def stdlib(self) -> Path:
        return Path(self.ask("sysconfig.get_path('stdlib')"))

    @property
    def site_packages(self) -> Path:
        return Path(self.ask("sysconfig.get_path('purelib')"))


@dataclass
class Tally:
    """Counts what passed and keeps what failed, and ends as cargo's tests end."""

    name: str
    passed: int = 0
    failures: list[str] = field(default_factory=list)

    def ok(self, count: int = 1) -> None:
        self.passed += count

    def fail(self, message: str) -> None:
        self.failures.append(message)
        print(f"FAILED {message}", flush=True)

    def expect(self, condition: object, message: str) -> None:
        if condition:
            self.ok()
        else:
            self.fail(message)

    def finish(self) -> int:
        result = "FAILED" if self.failures else "ok"
        print(f"{self.name}: {result}. {self.passed} passed, {len(self.failures)} failed", flush=True)
        return 1 if self.failures else 0


def run(command: list[str], **options) -> subprocess.CompletedProcess:
    """Runs a command; one that fails ends the judge with its words."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexit status {done.returncode}\n{done.stderr}")
    return done


def lyo() -> str:
    """The command under judgement: `$LYO`, or the release build."""
    path = os.environ.get("LYO") or str(ROOT / "target" / "release" / "lyo")
    if not os.access(path, os.X_OK):
        sys.exit(f"no command at {path}: run `cargo build --release` first, or set LYO")
    return path


def pythons(versions: list[str] | None = None, environments: str = "corpus") -> list[Python]:
    """The interpreters found, with the real packages installed (`corpus/install`). Says which are missing.

    `environments`: `corpus`, or `trees` for those of `corpus/install --trees`.
    """
    wanted = versions or list(VERSIONS)
    found = run([str(ROOT / "corpus" / "pythons"), *wanted]).stdout.split("\n")
    tags = [line.split()[0] for line in found if line]
    for version in wanted:
        if f"cp{version.replace('.', '')}" not in tags:
            print(f"skipped: CPython {version} is not installed", flush=True)
    result = []
    for tag in tags:
        executable = CACHE / environments / tag / "bin" / "python"
        if not executable.exists():
            sys.exit(f"no corpus environment {executable}: run `corpus/install` first")
        result.append(Python(tag, str(executable)))
    return result


def check(python: Python, *paths: Path | str, timeout: float = 1200) -> dict:
    """`lyo check --format json` of the paths: the report."""
    command = [lyo(), "check", "--format", "json", "--python", python.executable, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}\nexit status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def in_parallel(function, items):
    """Maps over the items, in order, with one thread for each core; each thread waits for processes."""
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        yield from pool.map(function, items)


# Parts of the standard library that are not judged: tests, and what needs a display.
STDLIB_LEFT_OUT = {"test", "tests", "idlelib", "turtledemo", "site-packages", "lib2to3", "__pycache__", "__phello__"}


def stdlib_paths(python: Python) -> list[Path]:
    """The packages and modules of the interpreter's standard library, without its tests."""
    return [
        path
        for path in sorted(python.stdlib.iterdir())
        if path.name not in STDLIB_LEFT_OUT
        and (path.suffix == ".py" or (path / "__init__.py").exists())
    ]
