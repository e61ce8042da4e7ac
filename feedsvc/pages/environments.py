"""Environments of Jinja: a fast one for the built-in templates, and a sandbox for those of a theme.

Built-in templates are part of the program: they are compiled to plain attribute access and calls, without Jinja's look-ups,
which try an attribute and then an item. A theme's templates cannot reach Python's functions and attributes, and have no random
filter or function, so that the same content gives the same bytes.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect
from collections.abc import Callable
from types import CodeType
from typing import Any, Final

from jinja2 import BaseLoader, Environment, StrictUndefined, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from feedsvc.content.text import did_you_mean

_RANDOM_FUNCTIONS: Final = ("random", "lipsum")
# Jinja's table in the code of a template: pairs of a template's line and a line of the code, such as 1=9&3=12.
_LINE_TABLE: Final = re.compile(r"^debug_info = '(.*)'$", re.MULTILINE)


def _create(kind: type[Environment], loader: BaseLoader) -> Environment:
    return kind(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )


def create_builtin_environment(loader: BaseLoader) -> Environment:
    """Return an environment for the built-in templates."""
    environment = _create(_BuiltinEnvironment, loader)
    environment.globals = {"once_of": _cached_card}
    return environment


def create_sandbox(loader: BaseLoader) -> Environment:
    """Return an environment for a theme's templates, and for built-in ones that they include, import or extend."""
    environment = _create(_Sandbox, loader)
    environment.undefined = _Undefined
    for name in _RANDOM_FUNCTIONS:
        environment.filters.pop(name, None)
        environment.globals.pop(name, None)
    environment.globals["once_of"] = _uncached_card
    return environment


def escape_fast(value: object) -> str:
    """Escape like `markupsafe.escape`, but return a str without characters to escape as it is, which is faster."""
    value_type = type(value)
    if value_type is str:
        # Five searches are faster than creating a Markup object.
        is_special = "&" in value or "<" in value or ">" in value or '"' in value or "'" in value  # type: ignore[operator]
        return escape(value) if is_special else value  # type: ignore[return-value]
    return str(value) if value_type is Markup or value_type is int else escape(value)


class _PlainCodeGenerator(CodeGenerator):
    """Code generator that writes Python's own attribute access and calls.

    `{% call %}` and arguments by * and ** are not supported: no built-in template has them.
    """

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - Jinja's name
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002, N802
        self.visit(node.node, frame)
        self.write("(")
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("escape_fast = environment.escape_fast")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002
        self.write("escape_fast(")


class _BuiltinEnvironment(Environment):
    code_generator_class = _PlainCodeGenerator
    escape_fast = staticmethod(escape_fast)


def _cached_card(make: Callable[..., str], card: Any, *arguments: object) -> str:
    """Return the HTML that the macro `make` renders of a card and further arguments.

    The HTML is cached in the card's `html_cache` by the further arguments alone, so two macros must not be called with equal
    further arguments.
    """
    html: str | None = card.html_cache.get(arguments)
    if html is None:
        html = card.html_cache[arguments] = make(card, *arguments)
    return html


class _Undefined(StrictUndefined):
    """Unknown variable or field in a theme's template. For an unknown field, the message names the fields, or one like it."""

    __slots__ = ()  # as in Jinja

    @property
    def _undefined_message(self) -> str:
        kind, name = type(self._undefined_obj), self._undefined_name
        if self._undefined_hint or not kind.__module__.startswith("feedsvc."):
            return super()._undefined_message
        names = [field for field in dir(kind) if not field.startswith("_")]
        hint = did_you_mean(str(name), names) or f"its fields are {', '.join(names)}"
        return f"{kind.__name__} has no field '{name}'; {hint}"


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("**",))  # so that no large power is computed while a template is compiled

    def _compile(self, source: str, filename: str) -> CodeType:
        """Compile the code of a template with the template's own line numbers, because faulthandler knows no table of Jinja's."""
        table = _LINE_TABLE.search(source)
        pairs = [tuple(map(int, pair.split("="))) for pair in table[1].split("&") if pair] if table else []
        lines, starts = [1, *(line for line, _ in pairs)], [start for _, start in pairs]
        own_table = "&".join(f"{line}={line}" for line in sorted(set(lines)))
        tree = ast.parse(_LINE_TABLE.sub(f"debug_info = '{own_table}'", source))
        for node in ast.walk(tree):
            if isinstance(node, (ast.stmt, ast.expr, ast.excepthandler, ast.arg, ast.keyword, ast.alias)):
                node.lineno = node.end_lineno = lines[bisect(starts, node.lineno)]
                node.col_offset = node.end_col_offset = 0
        return compile(tree, filename, "exec")


@pass_context
def _uncached_card(context: Context, make: Callable[..., str], *arguments: object) -> str:
    """Call the macro `make` through the sandbox and return its HTML.

    Unlike `_cached_card`, it has no cache: built-in templates would find the HTML of a theme's macro there.
    """
    html: str = context.environment.call(context, make, *arguments)  # type: ignore[attr-defined]
    return html


@pass_context
def render_once_in_sandbox(context: Context, make: Callable[[], str], _name: str, _key: object) -> str:
    """Call the macro `make` without arguments through the sandbox and return its HTML, without a cache.

    Name and key are ignored: they are for the cache of `PageLayout`, which built-in templates use.
    """
    return _uncached_card(context, make)
