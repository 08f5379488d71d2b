"""The page that lists every key of a scenario file, made from the models so that it cannot fall behind them.

``python -m relending.scenario.document > docs/scenario.md`` writes it anew.
"""

from __future__ import annotations

import sys

from relending.policy import PARAMETERS, Parameter, facilities, facility
from relending.policy.show import value_text
from relending.scenario.model import TABLES
from relending.scenario.table import Table

HEAD = """# The scenario file

A scenario is a TOML file in UTF-8 (with or without BOM): which book, which facilities, which quarters, and what differs
from the policy files. An unknown key, a wrong type or a value that is not allowed is an error with the file, the key
path, the value found, what was expected and the nearest valid name; all of them are reported at once and nothing runs.

```toml
[scenario]
name = "baseline"
book = "loans.xlsx"
lender = "icbc"
start = 2021-07-01
end = 2026-09-30
facilities = ["cerf"]

[market]
own_rate = 0.0250
```

`relending template mine.toml --book export.csv --lender icbc --own-rate 2.3%` writes such a file for a book you have:
its first and last quarter, the facilities its loans ask, and the bank (`--class` where no policy file knows it).
`relending template 本行.toml --book 导出.csv … --lang zh` 为已有台账生成情景文件，注释为中文。

## What comes before what

`--set key=value` before the scenario, the scenario before the file it `extends`, that before the facility file. Tables
are merged key by key, arrays are replaced; a `quota` is replaced as a whole. `extends` may go on from file to file, not
in a circle.

- `--set facility.cerf.ratio=0.8`: a dotted key and a TOML value; a bare word is text
  (`--set facility.cerf.rollover_base=outstanding`). In a shell, put quotes around lists and tables:
  `--set 'facility.cerf.quota={ flow = 8e11 }'`. From Python: `load_scenario(path, {"facility.cerf.ratio": 0.8})`.
- A file name starts from the folder of the file that gives it, one given with `--set` from the working directory.
- A scenario file names only files in its own folder or below it (`book`, `plan`, `prepayments`, `published`, rates,
  `extends`): an absolute path, a drive or a share, `..` that leaves the folder and a link that leads out of it are
  refused (`path_unsafe`), on every system alike, so that running a scenario of someone else reads nothing else of
  yours. If you trust it, allow it: `relending run --allow-outside`, `relending check --allow-outside`,
  `load_scenario(path, allow_outside=True)`. What you give yourself with `--set` may be anywhere.
- `demo` without a file of that name is the shipped scenario `demo/demo.toml`, `demo/outstanding` another of its folder.

## Keys

A key marked **required** must be given, and a `book` or a `plan` or both. Dates are written without quotes; rates are
fractions a year (`0.0295`, not 2.95) with at most 6 decimals.
"""

RATES = """
`own_rate` in its three forms. It must reach back to the first day of the first quarter of the run. A market rate can be
left out only where the scenario's `lender` has an `own_rate` of its own.

```toml
own_rate = 0.0295
own_rate = [{ from = 2021-01-01, value = 0.0295 }, { from = 2023-06-15, value = 0.0265 }]
own_rate = "rates.csv"      # columns from and value: 2021-01-01,0.0295 or 2021-01-01,2.95%
```
"""

TABLES_BESIDE = """
### Tables beside the book

A plan holds loans yet to be made, a row a quarter and kind of loan; published figures are held against the run, a row a
figure. Both are CSV, Excel or Parquet; their columns are in [columns.md](columns.md), what is done with them in
[methods.md](methods.md).

```text
quarter,sector,amount（亿元）,spread_bp,months,repayment,loans,reduction_per_10k,investment_share
2027Q1,wind,12.5,-30,180,equal_principal,5,2.5,60%
```

```text
facility,quarter,horizon,measure,value,unit,source
cerf,2024Q2,since_start,amount,15795053.24,万元,"Bank of China, statement of 2024Q2, published 2024-10-10"
```
"""

FACILITY = """
## [facility.ID]

A parameter of a facility, instead of its policy file. A plain value replaces every dated value; a list of
`{ from = date, value = … }` gives dated values. Amounts are yuan. An override of a facility that is not run is a
warning.

```toml
[facility.cerf]
ratio = 0.6
rate = [{ from = 2021-11-08, value = 0.02 }, { from = 2027-01-01, value = 0.01 }]
rollover_base = "outstanding"
quota = 5e9                     # one stock quota for every sector; { flow = 8e11 } for a yearly flow
caps = { "2024Q1" = 2e9 }       # most that may be drawn in an application period; 2024-03 for monthly ones
```

Without an override the facility's own file counts, value by value and day by day (`relending policy ID`); shown here is
its latest value. ！ marks what is an assumption or unconfirmed.
未改动的参数以工具文件为准，此处列示其最近取值；！为假设或未证实。

| key | type, unit | default: latest value | meaning | 含义 |
| --- | --- | --- | --- | --- |
"""

KINDS = {
    "date": "date",
    "window": "table { first, last }",
    "option": "",
    "borrowers": "list of borrower types",
    "ratio": "fraction, 4 decimals",
    "ratio_ppm": "fraction, 6 decimals",
    "rate": "rate, fraction a year",
    "rate_table": "rate (fraction a year), or table of rates by term in months",
    "positive": "whole number, 1 or more",
    "count": "whole number",
    "flag": "true or false",
    "quota": "amount in yuan, or table { flow = yuan a calendar year }",
}
UNITS = {"_months": ", months", "_days": ", days"}
"""Units by how a key ends."""

TAIL = """
`[monte_carlo]` is for `relending monte-carlo` ([monte_carlo.md](monte_carlo.md)); a run is the central path alone, says
so (`monte_carlo_not_run`), and its record leaves the table out.

## [sweep]

Values for `relending sweep` by key, a list each ([studies.md](studies.md)); a run does not use them, and says so in a
note (`table_not_used`):

```toml
[sweep]
"facility.cerf.ratio" = [0.4, 0.6, 0.8, 1.0]
"market.own_rate" = [0.015, 0.02]
```

## What a run adds

Notes and warnings that do not stop a run: `horizon_widened` (start or end was not the border of a quarter),
`policy_not_checked` (the run goes on after the newest date on which a value of its facilities was checked),
`override_not_used` (an override of a facility the scenario does not run), `table_not_used` (a table that a run does not
use), `key_not_used` (a shift of the LPR where no planned loan is priced over it), `plan_expanded` (how many loans a
plan added, and their amount).
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _row(*cells: str) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |\n"


def table_rows(model: type[Table]) -> str:
    """The keys of one table as rows of Markdown: key, type, default, meaning in English and Chinese."""
    out = ""
    for name, field in model.model_fields.items():
        words = field.json_schema_extra
        assert isinstance(words, dict)
        default = "**required**" if words["required"] else str(words["default"])
        out += _row(f"`{field.alias or name}`", str(words["kind"]), default, field.description or "", str(words["zh"]))
    return out


def _sentence(text: str) -> str:
    """What a table is, from the docstring of its model.

    >>> _sentence("``[monte_carlo.lpr]``: the LPR moves at random.")
    'The LPR moves at random.'
    """
    said = text.split(": ", 1)[-1].strip()
    return said[:1].upper() + said[1:]


def _defaults(one: Parameter) -> str:
    """The latest value of a parameter in the facilities that are shipped: one where all have the same."""
    told: dict[str, list[str]] = {}
    for name in facilities():
        found = facility(name).parameters.get(one.name)
        if found is None or not found.values:
            continue
        latest = found.latest()
        mark = "" if latest.status == "in_force" else " ！"
        told.setdefault(value_text(one, latest.value, "en") + mark, []).append(name)
    if len(told) == 1 and len(next(iter(told.values()))) == len(facilities()):
        return next(iter(told))
    return "; ".join(f"{', '.join(names)}: {value}" for value, names in told.items()) or "none"


def reference() -> str:
    """The whole page, in Markdown."""
    page = HEAD
    for name, model in TABLES.items():
        page += f"\n### [{name}]\n\n{_sentence(model.__doc__ or '')}\n\n"
        page += "| key | type | default | meaning | 含义 |\n| --- | --- | --- | --- | --- |\n" + table_rows(model)
        page += RATES if name == "market" else ""
        page += TABLES_BESIDE if name == "scenario" else ""
    page += FACILITY
    for one in PARAMETERS.values():
        kind = " or ".join(f'"{option}"' for option in one.options) or KINDS[one.kind]
        unit = next((unit for end, unit in UNITS.items() if one.name.endswith(end) and not one.options), "")
        page += _row(f"`{one.name}`", kind + unit, _defaults(one), one.en, one.zh)
    page += _row(
        "`lenders`",
        "list of { from, ids, classes }",
        "`relending policy ID`",
        "who is admitted, from when",
        "获准机构与日期",
    )
    page += _row(
        "`sectors`", "list of { from, codes }", "`relending policy ID`", "what is listed, from when", "支持领域与日期"
    )
    page += _row(
        "`caps`",
        "table { period = amount in yuan }",
        "none",
        "most that may be drawn in an application period",
        "本期上限",
    )
    return page + TAIL


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stdout.write(reference())
