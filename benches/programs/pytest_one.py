"""pytest: one test"""

import pathlib
import sys
import tempfile

import pytest

with tempfile.TemporaryDirectory() as folder:
    test = pathlib.Path(folder) / "test_one.py"
    test.write_text("def test_one():\n    assert 1 + 1 == 2\n")
    assert pytest.main(["-q", "-p", "no:cacheprovider", str(test)]) == 0
