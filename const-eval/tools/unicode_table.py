"""Writes src/primitive/text/unicode.txt from several CPythons.

    python3 unicode_table.py python3.11 python3.12 python3.13 > ../src/primitive/text/unicode.txt

Each interpreter is asked for the properties that its own `str` methods show of
every non-ASCII code point. A code point of which they don't all say the same
is marked disputed (`x`): the evaluator then says "not modelled".

The table holds three kinds of lines, code points in hexadecimal:

    p FIRST LAST FLAGS            properties of a run of code points
    m FIRST LAST STEP U L T F     simple case mappings: what to add for upper, lower, title, fold
    s CODE U L T F                special mappings: the results, joined by `+`

Flags: a alpha, d decimal, g digit, n numeric, l lower, u upper, t titlecase
letter, p printable, c cased, i case-ignorable (for the final sigma rule),
s identifier start, k identifier continuation, x disputed.
"""

import json
import subprocess
import sys

LAST = 0x10FFFF


def properties(code):
    c = chr(code)
    flags = ""
    flags += "a" if c.isalpha() else ""
    flags += "d" if c.isdecimal() else ""
    flags += "g" if c.isdigit() else ""
    flags += "n" if c.isnumeric() else ""
    flags += "l" if c.islower() else ""
    flags += "u" if c.isupper() else ""
    flags += "t" if c.istitle() and not c.isupper() else ""
    flags += "p" if c.isprintable() else ""
    # str.title() lowers a letter that follows a cased character.
    flags += "c" if (c + "a").title().endswith("a") else ""
    # A capital sigma is final if, going back over case-ignorable characters, a cased one comes.
    ignorable = ("A" + c + "\u03a3").lower().endswith("\u03c2") and not (c + "\u03a3").lower().endswith("\u03c2")
    flags += "i" if ignorable else ""
    flags += "s" if c.isidentifier() else ""
    flags += "k" if ("a" + c).isidentifier() else ""
    if c.isdecimal():
        # The evaluator takes the value from the distance to the run's start.
        flags += str(int(c))
    return flags, c.upper(), c.lower(), c.title(), c.casefold()


def dump():
    rows = []
    for code in range(0x80, LAST + 1):
        if 0xD800 <= code <= 0xDFFF:
            rows.append(None)
        else:
            rows.append(properties(code))
    json.dump(rows, sys.stdout)


def write(interpreters):
    tables = [json.loads(subprocess.check_output([exe, __file__, "--dump"])) for exe in interpreters]
    merged = []
    for code, rows in enumerate(zip(*tables), 0x80):
        if rows[0] is None:
            merged.append(("", None))
        elif any(row != rows[0] for row in rows):
            merged.append(("x", None))
        else:
            merged.append((rows[0][0], rows[0][1:]))
    versions = ", ".join(
        subprocess.check_output([exe, "-c", "import unicodedata; print(unicodedata.unidata_version)"], text=True).strip()
        for exe in interpreters
    )
    print(f"# Written by tools/unicode_table.py; Unicode {versions}.")

    start, decimal_start = 0x80, None
    for code in range(0x80, LAST + 2):
        flags = merged[code - 0x80][0] if code <= LAST else None
        if flags and "d" in flags:
            if decimal_start is None:
                decimal_start = code
            assert int(flags[-1]) == (code - decimal_start) % 10, hex(code)
            flags = flags[:-1]
        else:
            decimal_start = None
        if code == 0x80:
            current = flags
        elif flags != current:
            if current:
                print(f"p {start:x} {code - 1:x} {current}")
            start, current = code, flags

    runs = []
    for code, (_, mapping) in enumerate(merged, 0x80):
        if mapping is None or all(result == chr(code) for result in mapping):
            continue
        if all(len(result) == 1 for result in mapping):
            deltas = tuple(ord(result) - code for result in mapping)
            if runs and runs[-1][3] == deltas:
                first, last, step, _ = runs[-1]
                if (step == 0 and code - last in (1, 2)) or (step and code - last == step):
                    runs[-1] = (first, code, code - last, deltas)
                    continue
            runs.append((code, code, 0, deltas))
        else:
            print(f"s {code:x}", *("+".join(f"{ord(c):x}" for c in result) for result in mapping))
    for first, last, step, deltas in runs:
        print(f"m {first:x} {last:x} {step or 1}", *deltas)


if sys.argv[1:] == ["--dump"]:
    dump()
else:
    write(sys.argv[1:])
