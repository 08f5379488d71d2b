"""Templates of others' 模板: Jinja2 in its immutable sandbox, of which only filling in, if and for are left.

A template may name fields, ask whether, and walk over the lists there are (rows and projects). It may not call
anything, set anything, include a file, make a list or a long text of its own, or reach for what is behind a value; how
deep it is nested is limited. So rendering one takes no longer, and no more memory, than its own size and that of the
figures allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

LARGEST = 200_000
"""Characters of a text template, and of what it may give."""
LISTS = ("rows", "projects")
"""The fields that are lists: what a template may walk over, and join."""
DEEPEST, NESTED = 2, 40
"""Loops within one another; anything within anything."""
LONGEST_JOINT = 20
"""Characters that join the entries of a list."""
FILTERS = ("join", "length", "first", "last", "upper", "lower", "trim", "e", "escape")
LOOP = ("index", "index0", "revindex", "revindex0", "first", "last", "length")
"""What a template may ask of a loop."""
_OWN = ("self", "super", "caller")
"""Names of Jinja2's own, behind which are objects."""
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem),
    *(nodes.If, nodes.For, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr),
    *(nodes.Filter, nodes.Concat),
)


class TemplateProblem(Exception):  # noqa: N818
    """A template that cannot be used: ``code`` of the finding, what was found (and where), what is expected."""

    def __init__(self, code: str, found: str, expected: str = "", line: int | None = None) -> None:
        super().__init__(f"{code}: {found}")
        self.code, self.found, self.expected, self.line = code, found, expected, line


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with a list of what a template may hold instead of one of what it may not."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _check(tree, 0)
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of a table of fields, or what a loop knows of itself; a method of a text is no field to print."""
        if isinstance(obj, LoopContext):
            return getattr(obj, attribute) if attribute in LOOP else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An entry of a list by its number, or a field as :meth:`getattr`."""
        return self.getattr(obj, argument) if isinstance(argument, str) else super().getitem(obj, argument)


def _check(node: nodes.Node, loops: int, depth: int = 0) -> None:
    if not isinstance(node, _ALLOWED):
        raise TemplateProblem("template_not_allowed", type(node).__name__.lower(), _may(), node.lineno)
    if depth > NESTED:
        raise TemplateProblem("template_not_allowed", "(((…", f"<= {NESTED}", node.lineno)
    if isinstance(node, nodes.Filter):
        _check_filter(node)
    hidden = node.attr if isinstance(node, nodes.Getattr) else node.name if isinstance(node, nodes.Name) else ""
    if hidden.startswith("_") or hidden in _OWN:
        raise TemplateProblem("template_not_allowed", hidden, _may(), node.lineno)
    if isinstance(node, nodes.For):
        loops += 1
        if loops > DEEPEST or node.recursive:
            raise TemplateProblem("template_not_allowed", "for " * loops, f"<= {DEEPEST}", node.lineno)
        if not _is_list(node.iter):
            raise TemplateProblem("template_not_allowed", "for", _walks(), node.lineno)
    for child in node.iter_child_nodes():
        _check(child, loops, depth + 1)


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in FILTERS:
        raise TemplateProblem("template_not_allowed", f"| {node.name}", ", ".join(FILTERS), node.lineno)
    if node.name == "join":
        joints = [a.value for a in node.args if isinstance(a, nodes.Const)]
        short = len(joints) == len(node.args) and all(len(str(joint)) <= LONGEST_JOINT for joint in joints)
        if node.node is None or not _is_list(node.node) or not short or node.kwargs:
            raise TemplateProblem("template_not_allowed", "| join", '{{ projects | join("、") }}', node.lineno)
    elif node.args or node.kwargs:
        raise TemplateProblem("template_not_allowed", f"| {node.name}(…)", f"| {node.name}", node.lineno)


def _is_list(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name in LISTS


def _walks() -> str:
    return ", ".join(f"{{% for … in {name} %}}" for name in LISTS)


def _may() -> str:
    return "{{ … }}, {% if … %}, {% for … in … %}"


@cache
def environment(escape: bool = False) -> ImmutableSandboxedEnvironment:
    """The one environment every template is rendered in; ``escape`` where what is filled in goes into markup."""
    made = _Environment(undefined=StrictUndefined, autoescape=escape, keep_trailing_newline=True)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    made.tests.clear()
    return made


def checked(source: str, known: Iterable[str], *, escape: bool = False) -> None:
    """TemplateProblem for what is wrong with a template whatever the figures are: how it is written, names not known.

    >>> checked("{{ bank }}{% for row in rows %}{{ row.name }}{% endfor %}", ["bank", "rows"])
    """
    names = dict.fromkeys(known, "")

    def check() -> None:
        tree = environment(escape).parse(source)
        if unknown := find_undeclared_variables(tree) - set(names):
            first = min((n for n in tree.find_all(nodes.Name) if n.name in unknown), key=lambda n: n.lineno)
            problem = _unknown(f"'{first.name}'", names)
            problem.line = first.lineno
            raise problem

    guarded(check, names)


def fill(template: str, fields: Mapping[str, Any]) -> str:
    """A text template with its fields filled in; TemplateProblem where it is none or asks for what is not there.

    >>> fill("{{ bank }}（{{ quarter }}）", {"bank": "示范银行", "quarter": "2024年第二季度"})
    '示范银行（2024年第二季度）'
    """
    if len(template) > LARGEST:
        raise TemplateProblem("template_too_large", f"{len(template):,}", f"<= {LARGEST:,}")
    return guarded(lambda: _render(template, fields), fields)


def _render(template: str, fields: Mapping[str, Any]) -> str:
    out, size = [], 0
    for piece in environment().from_string(template).generate(dict(fields)):
        size += len(piece)
        if size > LARGEST:
            raise TemplateProblem("template_too_large", f"> {LARGEST:,}", f"<= {LARGEST:,}")
        out.append(piece)
    return "".join(out)


def guarded(work: Callable[[], Any], fields: Mapping[str, Any]) -> Any:
    """What the work gives; whatever a template does wrong in it is a TemplateProblem."""
    try:
        return work()
    except UndefinedError as error:
        raise _unknown(str(error.message), fields) from error
    except TemplateSyntaxError as error:
        raise TemplateProblem("template_syntax", str(error.message), line=error.lineno) from error
    except SecurityError as error:
        raise TemplateProblem("template_not_allowed", str(error.message), _may()) from error
    except TemplateError as error:
        raise TemplateProblem("template_syntax", str(error.message)) from error
    except (SyntaxError, RecursionError, MemoryError) as error:  # nested deeper than Python reads
        raise TemplateProblem("template_not_allowed", type(error).__name__, _may()) from error
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise TemplateProblem("template_syntax", f"{type(error).__name__}: {error}"[:200]) from error


def _unknown(said: str, fields: Mapping[str, Any]) -> TemplateProblem:
    """An unknown field, with the nearest there is."""
    quoted = [part for part in said.split("'")[1::2] if part]
    name = next((part for part in reversed(quoted) if not part.startswith("relending")), said)
    known = sorted(_names(fields))
    near = get_close_matches(name, known, 1)
    return TemplateProblem("template_field", name, near[0] if near else ", ".join(sorted(fields)))


def _names(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return set(map(str, value)) | {name for one in value.values() for name in _names(one)}
    if isinstance(value, list | tuple):
        return {name for one in value for name in _names(one)}
    return set()
