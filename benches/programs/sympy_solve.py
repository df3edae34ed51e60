"""sympy: an equation"""

import sympy

x = sympy.symbols("x")
assert sympy.solve(x**2 - 4, x) == [-2, 2]
