"""sphinx: --version"""

import sphinx.cmd.build

try:
    sphinx.cmd.build.main(["--version"])
except SystemExit as done:
    assert not done.code
