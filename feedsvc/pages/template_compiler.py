"""The product's own templates as quicker Python: nothing in them needs to be guarded, or looked for in more than one way.

Jinja's third room, beside theme.py and sandbox.py.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from markupsafe import Markup, escape


def spelled(value: object) -> str:
    """As `escape`, without making a Markup of a text that is only to be joined to others."""
    kind = type(value)
    if kind is str:
        # To look five times is quicker than to have a Markup made.
        special = "&" in value or "<" in value or ">" in value or '"' in value or "'" in value  # type: ignore[operator]
        return escape(value) if special else value  # type: ignore[return-value]
    if kind is Markup:
        return value  # type: ignore[return-value]
    return str(value) if kind is int else escape(value)


class _Direct(CodeGenerator):
    """Attributes and calls as Python's own, and the parts of a page joined where they stand together.

    `{% call %}`, and arguments by * and **, are not understood: no template of the product's has them.
    """

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - Jinja's
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
        alone = len(node.nodes) == 1
        self.writeline("yield " if alone else "yield ''.join((", node)
        for child in node.nodes:
            self._part(child, frame)
            self.write("" if alone else ", ")
        self.write("" if alone else "))")

    def _part(self, child: nodes.Expr, frame: Frame) -> None:
        if isinstance(child, nodes.TemplateData):
            self.write(repr(child.data))
            return
        self.write("spelled(")
        self.visit(child, frame)
        self.write(")")

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("spelled = environment.spelled")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002
        self.write("spelled(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002
        self.write(")")


def once_of(make: Callable[..., str], card: Any, *given: object) -> str:
    """What is made of a card, kept with it."""
    found: str | None = card.spelled.get(given)
    if found is None:
        found = card.spelled[given] = make(card, *given)
    return found


class _Fixed(Template):
    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:  # noqa: ARG002
        """What another one imports of it; no template of the product's has facts of its own that it could depend on."""
        return super()._get_default_module()


class Trusted(Environment):
    """For the product's own templates, which need no sandbox and never change."""

    code_generator_class = _Direct
    template_class = _Fixed
    spelled = staticmethod(spelled)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.globals = {"once_of": once_of}
        self._ready: dict[object, Template] = {}

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """One dict, not a chain of two, since each page copies it."""
        return {**self.globals, **(d or {})}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> Template:
        found = self._ready.get(name)
        if found is None:
            found = self._ready[name] = super().get_template(name, parent, globals)
        return found
