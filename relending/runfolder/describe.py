"""The tables of a run folder as Markdown, for the page of the documentation that describes it."""

from __future__ import annotations

from relending.runfolder.tables import Column, Table, tables


def tables_page() -> str:
    """Every table with its columns as they stand in the files: name, type, decimals, meaning.

    >>> print(tables_page().split("## ")[2].strip().splitlines()[8])
    | `eligible` | boolean | the loan meets every rule of the facility |
    """
    return "\n".join(_section(table) for table in tables().values())


def _section(table: Table) -> str:
    file = f"{table.name}.csv or {table.name}.parquet" if table.loan_level else f"{table.name}.csv"
    title = table.title[0].upper() + table.title[1:]
    lines = [f"## {file}", "", f"{title}.", "", "| column | type | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{c.name}` | {_type(c)} | {c.meaning} |" for c in table.columns]
    return "\n".join(lines) + "\n"


def _type(column: Column) -> str:
    if column.decimals is not None:
        return f"{column.decimals} decimals"
    kinds = {"text": "text", "figure": "number as printed", "date": "date", "bool": "boolean", "int": "integer"}
    return kinds[column.kind]
