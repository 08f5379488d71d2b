"""The catalogue of pictures as Markdown, for docs/pictures.md."""

from __future__ import annotations

from relending.report.pictures.catalogue import catalogue


def catalogue_markdown() -> str:
    """A section a picture in both languages, then the measures by name and label.

    >>> catalogue_markdown().splitlines()[0]
    '### `fields`: Supported loans and reduction by field 分领域累计发放与减排'
    """
    out = []
    for name, one in catalogue().items():
        if not one.measure:
            out += [f"### `{name}`: {one.title['en']} {one.title['zh']}", ""]
            for lang, needs, how in (("en", "Needs: ", "How: "), ("zh", "需要：", "算法：")):
                stop = "." if lang == "en" else "。"
                out += [f"{one.shows[lang]} {how}{one.how[lang]} {needs}{one.needs[lang]}{stop}", ""]
    out += ["### Measures 指标", ""]
    out += ["| name | title | 标题 |", "| --- | --- | --- |"]
    out += [f"| `{n}` | {one.title['en']} | {one.title['zh']} |" for n, one in catalogue().items() if one.measure]
    return "\n".join(out) + "\n"
