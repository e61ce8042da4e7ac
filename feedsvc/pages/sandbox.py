"""Environment of custom templates: Jinja's sandbox, which gives them no access to Python's functions and attributes.

The sandbox does not limit processor time or memory. So before a theme is used, it renders sample pages in a process with limits
(theme_check.py). Beyond Jinja's rules, the sandbox has no random filter or function, limits the size of a page, and compiles code
with the template's own line numbers. Jinja is imported only here and in theme.py and template_compiler.py.
"""

from __future__ import annotations

import ast
from bisect import bisect
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any, Final

from jinja2 import BaseLoader, Environment, StrictUndefined, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from feedsvc.content import did_you_mean

MAX_PAGE_LENGTH: Final = 16 * 1024**2  # characters
# Random output would give the same content other bytes at each rendering.
_RANDOM_FUNCTIONS: Final = ("random", "lipsum")


class PageTooLargeError(Exception):
    """Raised if a template renders more than MAX_PAGE_LENGTH characters."""

    def __init__(self) -> None:
        super().__init__(f"it makes more than {MAX_PAGE_LENGTH // 1024**2} MiB of text")


def create_environment(kind: type[Environment], loader: BaseLoader) -> Environment:
    """Return an environment of the class `kind`, with the options that built-in and custom templates share."""
    return kind(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )


class _Undefined(StrictUndefined):
    """Unknown variable or field in a custom template. For an unknown field, the message names the fields, or one like it."""

    __slots__ = ()  # as in Jinja

    @property
    def _undefined_message(self) -> str:
        kind, name = type(self._undefined_obj), self._undefined_name
        if self._undefined_hint or not kind.__module__.startswith("feedsvc."):
            return super()._undefined_message
        names = [field for field in dir(kind) if not field.startswith("_")]
        hint = did_you_mean(str(name), names) or f"its fields are {', '.join(names)}"
        return f"{kind.__name__} has no field '{name}'; {hint}"


class Sandbox(ImmutableSandboxedEnvironment):
    """Environment of custom templates, and of built-in templates that custom ones include, import or extend."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.undefined = _Undefined
        self.filters = {name: function for name, function in self.filters.items() if name not in _RANDOM_FUNCTIONS}
        self.globals = {name: function for name, function in self.globals.items() if name not in _RANDOM_FUNCTIONS}
        self.globals["once_of"] = cached_card

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        """Join the parts of a page or of a macro's result. Raises PageTooLargeError above MAX_PAGE_LENGTH characters."""
        texts, size = [], 0
        for part in parts:
            size += len(part)
            if size > MAX_PAGE_LENGTH:
                raise PageTooLargeError
            texts.append(part)
        return "".join(texts)

    def _compile(self, source: str, filename: str) -> CodeType:
        return compile(_with_template_lines(source), filename, "exec")


@pass_context
def cached_card(context: Context, make: Callable[..., str], *arguments: object) -> str:
    """Call the macro `make` through the sandbox and return its HTML.

    Counterpart of `template_compiler.cached_card`, but without a cache: built-in templates would find a custom macro's HTML
    there.
    """
    html: str = context.environment.call(context, make, *arguments)  # type: ignore[attr-defined]
    return html


@pass_context
def render_once(context: Context, make: Callable[[], str], _name: str, _key: object) -> str:
    """Call the macro `make` without arguments through the sandbox and return its HTML, without a cache.

    Name and key are ignored: they are for the cache of `PageLayout`, which built-in templates use.
    """
    return cached_card(context, make)


def _with_template_lines(source: str) -> ast.Module:
    """Return the generated code of a template with the template's own line numbers.

    faulthandler writes the line numbers of the code itself: it does not know Jinja's table that maps them to the template. That
    table (`debug_info = "1=9&3=12"`: pairs of a template's line and a line of the code) is replaced by one that maps each to
    itself.
    """
    tree = ast.parse(source)
    assignments = (node for node in reversed(tree.body) if isinstance(node, ast.Assign))
    table = next(assignment for assignment in assignments if _is_assignment_to(assignment, "debug_info"))
    assert isinstance(table.value, ast.Constant)  # noqa: S101 - Jinja writes a literal
    pairs = [tuple(map(int, pair.split("="))) for pair in str(table.value.value).split("&") if pair]
    lines, starts = [1, *(line for line, _ in pairs)], [start for _, start in pairs]
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.expr, ast.excepthandler, ast.arg, ast.keyword, ast.alias)):
            node.lineno = node.end_lineno = lines[bisect(starts, node.lineno)]
            node.col_offset = node.end_col_offset = 0
    table.value.value = "&".join(f"{line}={line}" for line in sorted(set(lines)))
    return tree


def _is_assignment_to(assignment: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in assignment.targets)
