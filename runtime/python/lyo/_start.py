"""What `lyo run` hands to the interpreter: as little as possible, since a script is compiled at every start."""

import sys

from lyo._run import main

main(sys.argv[1:])
