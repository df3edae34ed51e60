"""Builds the extension module `lyo._native` and the command `lyo`.

The extension is compiled for the interpreter that runs this file. Each Python version has a target
directory of its own, so that installing into several environments compiles each part once.
"""

import os
import sys

from setuptools import setup
from setuptools_rust import Binding, RustBin, RustExtension

# The same for every environment of one interpreter: a changed path would compile all anew.
base = getattr(sys, "_base_executable", sys.executable)

setup(
    rust_extensions=[
        RustExtension(
            "lyo._native",
            path="runtime/Cargo.toml",
            binding=Binding.NoBinding,
            env={**os.environ, "PYO3_PYTHON": base},
            debug=False,
            args=["--target-dir", ".cache/target/" + sys.implementation.cache_tag],
        ),
        RustBin("lyo", path="cli/Cargo.toml", debug=False, args=["--target-dir", "target"]),
    ],
)
