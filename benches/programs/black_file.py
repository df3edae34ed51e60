"""black: a small file"""

import black

assert black.format_str("x = {  'a':1 }\n", mode=black.Mode()) == 'x = {"a": 1}\n'
