"""The environment of a newsroom's templates: Jinja's sandbox, which keeps them from Python.

It does not limit processor time or memory: a theme is tried in a process of its own before it is used (theme_check.py). Beside
Jinja's rules it has no filter or function that depends on chance, a limit on the size of a page, and code whose line numbers are
those of the template. One of the four modules with Jinja, like theme.py.
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

LARGEST_PAGE: Final = 16 * 1024**2  # characters
# Chance would make other bytes of the same content.
_BY_CHANCE: Final = ("random", "lipsum")


class PageTooLargeError(Exception):
    """A template makes more text than a page may have."""

    def __init__(self) -> None:
        super().__init__(f"it makes more than {LARGEST_PAGE // 1024**2} MiB of text")


def environment(kind: type[Environment], loader: BaseLoader) -> Environment:
    return kind(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )


class Sandbox(ImmutableSandboxedEnvironment):
    """Runs a newsroom's templates, and those of the product that they use."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.filters = {name: one for name, one in self.filters.items() if name not in _BY_CHANCE}
        self.globals = {name: one for name, one in self.globals.items() if name not in _BY_CHANCE}
        self.globals["once_of"] = once_of

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        """Join the parts of a page or of a macro's result. Raises PageTooLargeError."""
        kept, size = [], 0
        for part in parts:
            size += len(part)
            if size > LARGEST_PAGE:
                raise PageTooLargeError
            kept.append(part)
        return "".join(kept)

    def _compile(self, source: str, filename: str) -> CodeType:
        return compile(_with_template_lines(source), filename, "exec")


@pass_context
def once_of(context: Context, make: Callable[..., str], *given: object) -> str:
    """Call a macro as the sandbox calls anything.

    Nothing is kept: the product's own templates keep parts of pages by the same keys.
    """
    made: str = context.environment.call(context, make, *given)  # type: ignore[attr-defined]
    return made


@pass_context
def once(context: Context, make: Callable[[], str], _name: str, _key: object) -> str:
    """Call a macro without arguments, as `once_of` does; name and key are for the product's own templates."""
    return once_of(context, make)


def _with_template_lines(source: str) -> ast.Module:
    """The generated code of a template with the template's own line numbers.

    faulthandler writes the line numbers of the code as they are, without Jinja's table that maps them to the template. That table
    (`debug_info = "1=9&3=12"`: pairs of a template's line and a line of the code) is replaced by one that maps each to itself.
    """
    tree = ast.parse(source)
    table = next(one for one in reversed(tree.body) if isinstance(one, ast.Assign) and _names(one, "debug_info"))
    assert isinstance(table.value, ast.Constant)  # noqa: S101 - Jinja writes a literal
    pairs = [tuple(map(int, pair.split("="))) for pair in str(table.value.value).split("&") if pair]
    lines, starts = [1, *(line for line, _ in pairs)], [start for _, start in pairs]
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.expr, ast.excepthandler, ast.arg, ast.keyword, ast.alias)):
            node.lineno = node.end_lineno = lines[bisect(starts, node.lineno)]
            node.col_offset = node.end_col_offset = 0
    table.value.value = "&".join(f"{line}={line}" for line in sorted(set(lines)))
    return tree


def _names(assignment: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in assignment.targets)
