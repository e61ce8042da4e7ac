"""A sandbox in which a newsroom's template can neither run for ever nor fill the memory.

Jinja's own keeps templates from what they must not touch, not from taking too much. Jinja's second room, beside theme.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import BuiltinMethodType, MethodType
from typing import Any, Final, cast

from jinja2 import BaseLoader, Environment, StrictUndefined, nodes, pass_context
from jinja2.runtime import Context, LoopContext, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from feedsvc.pages import budget

# Filters whose names no template can write.
_COUNTED, _WEIGHED, _JOINED = "(counted)", "(weighed)", "(joined)"
_CALL: Final = 10  # steps: how much longer it takes than an empty loop's
# Chance would make other bytes of the same content.
_BY_CHANCE: Final = ("random", "lipsum")


def environment(kind: type[Environment], loader: BaseLoader) -> Environment:
    return kind(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )


class Sandbox(ImmutableSandboxedEnvironment):
    """Everything that is done in here is counted against the current budget."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, finalize=_written)
        self.filters = {name: _limited(name, plain) for name, plain in self.filters.items() if name not in _BY_CHANCE}
        self.filters |= {_COUNTED: _counted, _WEIGHED: _weighed, _JOINED: _joined}
        self.globals = {name: one for name, one in self.globals.items() if name not in _BY_CHANCE}
        self.globals["once_of"] = _anew

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        return "".join(map(_noted, parts))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return cast("nodes.Template", _Counting().visit(super()._parse(source, name, filename)))

    def join_path(self, template: str, parent: str) -> str:
        budget.step(_CALL)  # asked for each template that another one extends, includes or imports
        return super().join_path(template, parent)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        budget.operate(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, called: Any, /, *args: Any, **named: Any) -> Any:
        budget.step(_CALL)
        if isinstance(called, LoopContext):  # {{ loop(children) }}
            args = tuple(map(budget.counted, args))
        method = getattr(called, "__wrapped__", called)  # str.format is wrapped already
        if isinstance(method, (BuiltinMethodType, MethodType)) and isinstance(method.__self__, str):
            args = tuple(list(budget.counted(one)) if isinstance(one, Iterator) else one for one in args)
            budget.permit(method.__name__, method.__self__, (*args, *named.values()))
        return super().call(context, called, *args, **named)


def _anew(make: Callable[..., str], *given: object) -> str:
    """Keeps nothing: a newsroom's page takes as much of its budget whatever was made before it."""
    return make(*given)


def _noted(part: str) -> str:
    budget.step()
    budget.write(part)
    return part


@pass_context
def _written(_context: Context, value: Any) -> Any:
    """Given the context, as all below, so that nothing is worked out while a template is compiled."""
    budget.write(value)
    return value


@pass_context
def _counted(_context: Context, several: Iterable[Any]) -> Iterator[Any]:
    return budget.counted(several)


@pass_context
def _weighed(_context: Context, value: Any) -> Any:
    budget.weigh(value)
    return value


@pass_context
def _joined(context: Context, parts: list[Any]) -> str:
    for part in parts:
        budget.write(part)
    return (markup_join if context.eval_ctx.autoescape else str_join)(parts)


class _Counting(NodeTransformer):
    """Has generated code count what the sandbox would not be asked about."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's
        node.iter = _filter(_COUNTED, node.iter)
        return self.generic_visit(node)

    def visit_Operand(self, node: nodes.Operand) -> nodes.Node:  # noqa: N802
        node.expr = _filter(_WEIGHED, node.expr)
        return self.generic_visit(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        return self.generic_visit(_filter(_JOINED, nodes.List(node.nodes, lineno=node.lineno, environment=node.environment)))


def _filter(name: str, node: Any) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno, environment=node.environment)


def _limited(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, counted before it works."""
    wanted = getattr(getattr(plain, "jinja_pass_arg", None), "name", "")

    @pass_context
    def run(context: Context, value: Any, *args: Any, **named: Any) -> Any:
        facts = {"context": context, "eval_context": context.eval_ctx, "environment": context.environment}
        work = partial(plain, facts[wanted]) if wanted else plain
        if name == "join":
            value, args, named = _to_join(context, value, *args, **named)
        elif isinstance(value, Iterator):
            value = budget.counted(value)
        budget.permit(name, value, (*args, *named.values()))
        return work(value, *args, **named)

    return run


def _to_join(context: Context, value: Any, d: Any = "", attribute: Any = None) -> tuple[list[Any], tuple[Any], dict[str, Any]]:
    """What is joined is looked at first, since the whole can be longer than all that went in."""
    if attribute is not None:
        value = context.environment.call_filter("map", value, kwargs={"attribute": attribute}, context=context)
    return list(budget.counted(value)), (d,), {}
