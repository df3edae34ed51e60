"""rich: a table"""

import io

from rich.console import Console
from rich.table import Table

table = Table(title="bench")
table.add_column("name")
table.add_row("ready")
out = io.StringIO()
Console(file=out).print(table)
assert "ready" in out.getvalue()
