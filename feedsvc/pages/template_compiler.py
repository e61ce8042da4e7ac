"""Compiler of the built-in templates to faster Python.

The code has no sandbox, and plain attribute access and calls instead of Jinja's look-ups, which try an attribute and then an
item. It is cached in files, so that later starts compile nothing.

Jinja is imported only here and in theme.py and sandbox.py.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from functools import cached_property
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import jinja2
from jinja2 import Environment, FileSystemBytecodeCache, Template, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from markupsafe import Markup, escape

from feedsvc.pages import sandbox
from feedsvc.support.digest import blake2b


def escape_fast(value: object) -> str:
    """Escape like `markupsafe.escape`, but return a str without characters to escape as it is, which is faster."""
    value_type = type(value)
    if value_type is str:
        # Five searches are faster than creating a Markup object.
        is_special = "&" in value or "<" in value or ">" in value or '"' in value or "'" in value  # type: ignore[operator]
        return escape(value) if is_special else value  # type: ignore[return-value]
    if value_type is Markup:
        return value  # type: ignore[return-value]
    return str(value) if value_type is int else escape(value)


class _FastCodeGenerator(CodeGenerator):
    """Code generator that writes Python's own attribute access and calls, and joins adjacent parts of a page.

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

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802
        if frame.buffer is not None or frame.require_output_check:
            super().visit_Output(node, frame)
            return
        is_single = len(node.nodes) == 1
        self.writeline("yield " if is_single else "yield ''.join((", node)
        for child in node.nodes:
            self._write_node(child, frame)
            self.write("" if is_single else ", ")
        self.write("" if is_single else "))")

    def _write_node(self, child: nodes.Expr, frame: Frame) -> None:
        if isinstance(child, nodes.TemplateData):
            self.write(repr(child.data))
            return
        self.write("escape_fast(")
        self.visit(child, frame)
        self.write(")")

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("escape_fast = environment.escape_fast")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002
        self.write("escape_fast(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002
        self.write(")")


def cached_card(make: Callable[..., str], card: Any, *arguments: object) -> str:
    """Return the HTML that the macro `make` renders of a card and further arguments.

    The HTML is cached in the card's `html_cache` by the further arguments alone, so two macros must not be called with equal
    further arguments.
    """
    html: str | None = card.html_cache.get(arguments)
    if html is None:
        html = card.html_cache[arguments] = make(card, *arguments)
    return html


class _FastTemplate(Template):
    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:  # noqa: ARG002
        """Return the module that other templates import. Ignore the context: no built-in macro depends on it."""
        return super()._get_default_module()


class FastEnvironment(Environment):
    """Environment of the built-in templates, which need no sandbox and never change."""

    code_generator_class = _FastCodeGenerator
    template_class = _FastTemplate
    escape_fast = staticmethod(escape_fast)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.globals = {"once_of": cached_card}
        self._templates: dict[object, Template] = {}

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return a template's globals as one dict, not as a chain of two, because each page copies them."""
        return {**self.globals, **(d or {})}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> Template:
        template = self._templates.get(name)
        if template is None:
            template = self._templates[name] = super().get_template(name, parent, globals)
        return template


class TemplateBytecodeCache(FileSystemBytecodeCache):
    """Cache of compiled templates in Python's folder for this package's bytecode (PEP 3147).

    If a file cannot be read or written, its template is compiled. The files are trusted: a user who can write there can change
    modules, too.
    """

    def __init__(self) -> None:
        # code_fingerprint ignores names with .pyc.
        super().__init__(os.path.dirname(cache_from_source(__file__)), f"%s.{sys.implementation.cache_tag}.pyc")

    @cached_property
    def _compiler_digest(self) -> str:
        """Digest of everything that the compiled code of a template depends on, except the template's text."""
        sources = [Path(file).read_bytes() for file in (__file__, sandbox.__file__)]
        return blake2b(b"".join((*sources, jinja2.__version__.encode(), MAGIC_NUMBER))).hex()

    def get_source_checksum(self, source: str) -> str:
        return super().get_source_checksum(self._compiler_digest + source)

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError, EOFError, UnpicklingError):  # unreadable or cut short
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)
