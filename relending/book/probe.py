"""How large the sheets of a workbook are, found out by a process of its own.

Of .xlsx the XML tells before anything is read (:mod:`relending.book.sheetxml`). Of .xls, .xlsb and .ods only their
reader knows, and it makes room for every cell between the first and the last: a file of a few bytes can ask for more
memory than there is, which ends the process that asks. So another one asks first.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from relending.findings import Findings, InputError

_SECONDS = 300
_ASK = """
import json, sys
most = int(sys.argv[2])
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
except (ImportError, ValueError, OSError):
    pass
import python_calamine
try:
    book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
    kinds = {m.name: m.typ for m in book.sheets_metadata}
    out = {}
    for name, kind in kinds.items():
        if kind == python_calamine.SheetTypeEnum.WorkSheet:
            sheet = book.get_sheet_by_name(name)
            out[name] = [sheet.total_height + 1, sheet.total_width + 1]
    print(json.dumps(out))
except Exception as error:
    print(json.dumps(str(error)[:200]))
"""
_BYTES_A_CELL = 80  # of the reader, generously: what the cells hold is on top


def probed(path: Path, most_cells: int) -> Mapping[str, tuple[int, int]]:
    """Rows and columns of every sheet, by name; empty where the file is no workbook (its reader says why).

    Raises InputError (``file_too_large``) where reading it would take more memory than ``most_cells`` cells do.
    """
    most = max(most_cells * _BYTES_A_CELL, 1 << 31)
    try:
        asked = subprocess.run(
            # -P: nothing that lies in the folder of the book is imported
            [sys.executable, "-P", "-c", _ASK, str(path.resolve()), str(most)],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _too_large(path, f"> {_SECONDS} s") from None
    try:
        told = json.loads(asked.stdout)
    except ValueError:
        raise _too_large(path, "memory") from None
    return {name: (size[0], size[1]) for name, size in told.items()} if isinstance(told, dict) else {}


def _too_large(path: Path, found: str) -> InputError:
    return InputError(Findings.one("file_too_large", file=path.name, found=found))
