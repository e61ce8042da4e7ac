"""Generate docs/reference/templates.md from the TypedDicts that `pages` passes to templates, and from the types in them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from jinja2 import nodes

from feedsvc.language import Language
from feedsvc.pages.archive import ArchivePeriodVariables, ArchiveVariables
from feedsvc.pages.article import ArticleVariables
from feedsvc.pages.home import HomeVariables
from feedsvc.pages.layout import PageVariables, SiteVariables
from feedsvc.pages.listing import IssueVariables, ListingVariables
from feedsvc.pages.static_page import StaticPageVariables
from feedsvc.pages.status_pages import MessageVariables
from feedsvc.pages.subscribe import SubscribeVariables
from feedsvc.pages.tags import TagsVariables
from feedsvc.pages.theme import BLOCKS, builtin_environment, builtin_template_names
from tests.documentation.reference.markdown import code, introduction, table
from tests.documentation.reference.type_names import feedsvc_types, type_name

COMMON_VARIABLES: Final = (SiteVariables, PageVariables)
# Template of a page -> TypedDict of its own variables.
VARIABLES: Final[Mapping[str, Any]] = {
    "article.html": ArticleVariables,
    "home.html": HomeVariables,
    "listing.html": ListingVariables,
    "issue.html": IssueVariables,
    "subscribe.html": SubscribeVariables,
    "tags.html": TagsVariables,
    "static_page.html": StaticPageVariables,
    "archive.html": ArchiveVariables,
    "archive_period.html": ArchivePeriodVariables,
    "message.html": MessageVariables,
}
FUNCTIONS: Final = ("once", "once_of")
_HIDDEN_FIELDS: Final = frozenset({"html_cache"})
_INTRODUCTION: Final = introduction(
    "Templates",
    "the types of the variables that `feedsvc/pages/` passes to them",
    "A file in `theme/templates/` of the newsroom replaces the template of the same name ([Themes](../how-to/themes.md)). "
    "Templates are in the language of [Jinja](https://jinja.palletsprojects.com/). Variables are escaped unless they are *HTML*. "
    "An unknown variable or field is an error, which `feedsvc check` reports with its line. `{% if older %}` tests for `none` "
    "and empty text. The type in the last column links to its fields.",
)
_BLOCKS: Final = """## Blocks of all pages

These templates are parts of pages. A theme replaces each of them alone
([Replace a block](../how-to/themes.md#replace-a-block)).
"""
_FUNCTIONS: Final = """## Functions

| function | renders |
| --- | --- |
| `once(macro, name, key)` | a macro without arguments; built-in templates render it once for all pages with this name and key |
| `once_of(macro, card, ...)` | a macro of a card; built-in templates render it once for the same card and arguments |
"""


def templates_page() -> str:
    """Return the text of docs/reference/templates.md."""
    sections = [
        _INTRODUCTION,
        "## Variables of every template\n",
        _variables_table(*COMMON_VARIABLES),
        *(f"## {name}\n\n{inspect.getdoc(own)}\n\n{_variables_table(own)}" for name, own in VARIABLES.items()),
        f"{_BLOCKS}\n{_blocks_table()}",
        f"## Macros and blocks\n\nA template that extends or imports another one uses these.\n\n{_macros_table()}",
        _FUNCTIONS,
        "## Types\n",
        *(_type_section(kind) for kind in feedsvc_types(_variable_types())),
    ]
    return "\n".join(sections)


def variables_of(own: Any) -> dict[str, Any]:
    """Return the variables of a TypedDict: name -> Annotated type with its description."""
    return get_type_hints(own, include_extras=True)


def _variable_types() -> Iterator[Any]:
    for own in (*COMMON_VARIABLES, *VARIABLES.values()):
        yield from (get_args(hint)[0] for hint in variables_of(own).values())


def _variables_table(*owns: Any) -> str:
    rows = (_variable_row(name, hint) for own in owns for name, hint in variables_of(own).items())
    return table(("variable", "meaning", "type"), rows)


def _variable_row(name: str, hint: Any) -> tuple[str, str, str]:
    assert get_origin(hint) is Annotated, name
    kind, description = get_args(hint)
    return code(name), description, type_name(kind)


def block_templates() -> dict[str, str]:
    """Return the templates of blocks, each with the template that includes it."""
    names = sorted(builtin_template_names())
    return {
        block: next(name for name in names if f'include "{block}"' in _source(name))
        for block in names
        if block.startswith(BLOCKS)
    }


def variables_of_block(name: str) -> set[str]:
    """Return the names of the variables that a block has: those of the template that includes it."""
    owns = (*COMMON_VARIABLES, *filter(None, [VARIABLES.get(block_templates()[name])]))
    return {variable for own in owns for variable in variables_of(own)}


def _blocks_table() -> str:
    return table(("template", "place", "variables", "default"), map(_block_row, block_templates().items()))


def _block_row(block: tuple[str, str]) -> tuple[str, str, str, str]:
    name, page = block
    comment, _, default = _source(name).partition("#}")
    own = f", and those of [{page}](#{page.replace('.', '')})" if page in VARIABLES else ""
    return (
        code(name),
        comment.removeprefix("{#").strip(),
        f"those of every template{own}",
        code(default.strip()) if default.strip() else "",
    )


def _macros_table() -> str:
    return table(
        ("template", "has"), ((code(name), ", ".join(map(code, _parts(name)))) for name in sorted(builtin_template_names()))
    )


def _parts(template: str) -> Iterator[str]:
    tree = builtin_environment().parse(_source(template))
    yield from (f"block {block.name}" for block in tree.find_all(nodes.Block))
    yield from (f"macro {macro.name}({_arguments(macro)})" for macro in tree.find_all(nodes.Macro))


def _source(template: str) -> str:
    environment = builtin_environment()
    assert environment.loader
    return environment.loader.get_source(environment, template)[0]


def _arguments(macro: nodes.Macro) -> str:
    defaults = [None] * (len(macro.args) - len(macro.defaults)) + [default.as_const() for default in macro.defaults]
    pairs = zip(macro.args, defaults, strict=True)
    return ", ".join(argument.name if default is None else f"{argument.name}={_jinja(default)}" for argument, default in pairs)


def _jinja(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _type_section(kind: type) -> str:
    rows = [*_field_rows(kind), *_method_rows(kind)]
    columns = 3 if any(meaning for _, _, meaning in rows) else 2
    fields = table(("field", "type", "meaning")[:columns], (row[:columns] for row in rows))
    return f"### {kind.__name__}\n\n{inspect.getdoc(kind)}\n\n{fields}"


def _field_rows(kind: type) -> Iterable[tuple[str, str, str]]:
    for name, hint in get_type_hints(kind).items():
        if not name.startswith("_") and name not in _HIDDEN_FIELDS:
            yield code(name), type_name(hint), ""


def _method_rows(kind: type) -> Iterable[tuple[str, str, str]]:
    """Yield the properties of a type, and the methods of Language, which is the only one whose methods templates call."""
    for name, member in vars(kind).items():
        if isinstance(member, property) and not name.startswith("_"):
            yield code(name), type_name(get_type_hints(member.fget)["return"]), inspect.getdoc(member) or ""
        if kind is Language and inspect.isfunction(member) and not name.startswith("_"):
            hints = get_type_hints(member)
            arguments = ", ".join(parameter for parameter in inspect.signature(member).parameters if parameter != "self")
            first_paragraph = (inspect.getdoc(member) or "").partition("\n\n")[0]
            yield code(f"{name}({arguments})"), type_name(hints["return"]), first_paragraph
