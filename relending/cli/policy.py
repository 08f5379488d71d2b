"""``relending policy``: the policy data as shipped, with the source of every value."""

from __future__ import annotations

import click

from relending.cli.complete import facilities
from relending.cli.helping import verb
from relending.cli.people import lang_option, prose_width, say


@verb("policy")
@click.argument("facility", required=False, shell_complete=facilities)
@click.option("--on", "on", metavar="DATE", help="Only what is in force on this day (YYYY-MM-DD).")
@lang_option
def command(facility: str | None, on: str | None, lang: str) -> None:
    """Show the rules of a FACILITY with source, status and date of the last check.

    Without --on the history of every parameter; without FACILITY the list of facilities.
    """
    import datetime as dt

    from relending import policy
    from relending.policy import show

    day = None
    if on is not None:
        try:
            day = dt.date.fromisoformat(on)
        except ValueError:
            raise click.UsageError(
                {
                    "en": f"--on: {on!r} is not a date like 2025-06-01.",
                    "zh": f"--on：{on!r} 不是日期，应写作 2025-06-01。",
                }[lang]
            ) from None
    width = prose_width(show.WIDTH)
    if facility is None:
        lines = show.overview(day, lang, width)
    elif facility in policy.facilities():
        lines = show.one(policy.facility(facility), day, lang, width)
    else:
        near = policy.nearest(facility, policy.facilities())
        known = ("、" if lang == "zh" else ", ").join(policy.facilities())
        raise click.UsageError(
            {
                "en": f"No facility {facility!r}." + (f" Nearest: {near}." if near else "") + f" Known: {known}.",
                "zh": f"没有工具 {facility!r}。" + (f"最接近：{near}。" if near else "") + f"已有：{known}。",
            }[lang]
        )
    say("\n".join(lines))
