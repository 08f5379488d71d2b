"""Templates of others: filled in, never run; what they may not do is an error that says what and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending.statement.sandbox import LARGEST, TemplateProblem, environment, fill

FIELDS = {
    "bank": "示范银行",
    "rows": [{"name": "清洁能源"}, {"name": "合计"}],
    "draft": False,
    "projects": ["甲", "乙"],
}


def problem(template: str) -> TemplateProblem:
    with pytest.raises(TemplateProblem) as caught:
        fill(template, FIELDS)
    return caught.value


def test_fields_conditions_and_lists_are_filled_in() -> None:
    text = "{{ bank }}{% if draft %}草稿{% else %}定稿{% endif %}{% for r in rows %}/{{ r.name }}{% endfor %}"
    assert fill(text, FIELDS) == "示范银行定稿/清洁能源/合计"
    assert fill('{{ projects | join("、") }}{{ projects | length }}', FIELDS) == "甲、乙2"


@pytest.mark.parametrize("text", ["{{ bnak }}", "{% if bnak %}x{% endif %}", "{{ rows[0].nmae }}", "{{ bank.x }}"])
def test_an_unknown_field_is_an_error_and_the_nearest_is_offered(text: str) -> None:
    found = problem(text)
    assert found.code == "template_field"
    assert found.found in ("bnak", "nmae", "x")
    if found.found != "x":
        assert found.expected in ("bank", "name")


ATTACKS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ bank.__class__ }}",
    "{{ bank['__class__'] }}",
    "{{ bank | attr('__class__') }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ rows.append(1) }}",
    "{{ bank.format(bank) }}",
    "{{ range(10**9) }}",
    "{{ 'a' * 10**10 }}",
    "{{ 9**9**9 }}",
    "{{ bank | center(10000000) }}",
    "{{ bank | replace('', bank) }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends 'base' %}",
    "{% set x = bank %}",
    "{% set x %}a{% endset %}",
    "{% macro m() %}{% endmacro %}",
    "{% call bank() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% for r in rows recursive %}{{ loop(r) }}{% endfor %}",
    "{{ lipsum }}",
    "{{ namespace() }}",
    "{{ bank is defined }}",
    "{{ _hidden }}",
    "{% for a in rows %}" * 3 + "{% endfor %}" * 3,
    "{% for a in bank %}{% endfor %}",
    "{% for a in [1, 2] %}{% endfor %}",
    "{% for a in 'abc' %}{% endfor %}",
    "{% for a in (1, 2) %}{% endfor %}",
    "{{ ['x'] | join('y') }}",
    "{{ bank | join('y') }}",
    "{{ projects | join(bank) }}",
    "{{ projects | join('" + "y" * 21 + "') }}",
    "{{ projects | join(attribute='x') }}",
    "{{ bank | trim('x') }}",
    "{% if draft %}" * 101 + "{% endif %}" * 101,
    "{{ " + "not " * 250 + "draft }}",
    "{{ " + "(" * 250 + "bank" + ")" * 250 + "[0]" * 60 + " }}",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_in_a_template_is_run(text: str) -> None:
    found = problem(text)
    assert found.code in ("template_not_allowed", "template_field"), found


@pytest.mark.parametrize(
    "text", ["{{ bank", "{% if draft %}", "{% endfor %}", "{{ bank | nosuch }}", "{% nosuch %}", "{{ }}"]
)
def test_what_is_no_template_is_an_error_with_its_line(text: str) -> None:
    found = problem("\n\n" + text)
    assert found.code in ("template_syntax", "template_not_allowed")
    assert found.line == 3


def test_what_is_filled_in_is_never_a_template_itself() -> None:
    assert fill("{{ bank }}", {"bank": "{{ 7*7 }}{% if x %}"}) == "{{ 7*7 }}{% if x %}"


def test_a_template_that_gives_too_much_stops() -> None:
    long = {"rows": [{"name": "x" * 1000}] * 500}
    with pytest.raises(TemplateProblem, match="template_too_large"):
        fill("{% for r in rows %}{% for s in rows %}{{ r.name }}{% endfor %}{% endfor %}", long)
    with pytest.raises(TemplateProblem, match="template_too_large"):
        fill("x" * (LARGEST + 1), {})


def test_markup_is_escaped_where_asked() -> None:
    assert environment(escape=True).from_string("{{ bank }}").render(bank="<b>&") == "&lt;b&gt;&amp;"


@given(st.text(alphabet="{}%bank. |[]()'\"_*+-=<>rows", max_size=60))
def test_any_text_is_filled_in_or_a_template_problem(text: str) -> None:
    try:
        assert isinstance(fill(text, FIELDS), str)
    except TemplateProblem as found:
        assert found.code.startswith("template_")
