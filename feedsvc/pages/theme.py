"""Themes: the built-in templates and static files, and custom ones that replace them one by one.

Custom templates run in a sandbox. If a custom template cannot render a page, the built-in one is used. Jinja is imported only
here and in sandbox.py and template_compiler.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from traceback import walk_tb
from typing import Final

from jinja2 import (
    ChoiceLoader,
    Environment,
    FunctionLoader,
    PackageLoader,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
    nodes,
)

from feedsvc.pages.sandbox import Sandbox, create_environment, render_once
from feedsvc.pages.template_compiler import FastEnvironment, TemplateBytecodeCache
from feedsvc.support.digest import blake2b
from feedsvc.support.watchdog import rendering

FOLDER: Final = "theme"
TEMPLATES: Final = "templates/"
BLOCKS: Final = "blocks/"  # below templates/
STATIC: Final = "static/"
EXTRA_STYLESHEET: Final = "extra.css"  # pages load it after the built-in one
STATIC_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".gif": "image/gif",
    ".ico": "image/vnd.microsoft.icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_BUILTIN_LOADER: Final = PackageLoader("feedsvc.pages")
_LOG: Final = logging.getLogger(__name__)


def _load_builtin_static() -> dict[str, bytes]:
    folder = resources.files("feedsvc.pages").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


_BUILTIN_STATIC: Final = _load_builtin_static()


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateFailure:
    """The reason why a page cannot be rendered, with `name` (below templates/) and `line` (from 1) of the template at fault."""

    name: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{FOLDER}/{TEMPLATES}{self.name}:{self.line}: {self.message}"


class TemplateRenderError(Exception):
    """Raised by a strict theme if a custom template cannot render a page; `failure` says why."""

    def __init__(self, failure: TemplateFailure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Theme:
    """The templates and static files of pages: those of a custom theme, and built-in ones in place of those that it lacks.

    `static` maps the names below /static/ of custom and built-in files to bytes. `digest` is the `templates_digest` of the
    custom theme.
    """

    def __init__(self, files: Mapping[str, bytes], *, strict: bool = False) -> None:
        """Take the files of a theme (path below content/theme/ -> bytes). No file may have a problem of `theme_file_checks`.

        With `strict`, `render` raises TemplateRenderError instead of falling back to the built-in template.
        """
        self._templates = {name: data.decode() for name, data in files_below(files, TEMPLATES)}
        self.digest = templates_digest(files)
        self._is_strict = strict
        self._logged_failures: set[TemplateFailure] = set()
        extra = {EXTRA_STYLESHEET: files[EXTRA_STYLESHEET]} if EXTRA_STYLESHEET in files else {}
        self.static: Mapping[str, bytes] = {**_BUILTIN_STATIC, **dict(files_below(files, STATIC)), **extra}
        self._environment = (
            create_environment(Sandbox, ChoiceLoader([FunctionLoader(self._load_template), _BUILTIN_LOADER]))
            if self._templates
            else None
        )

    def _load_template(self, name: str) -> tuple[str, str, None] | None:
        """Return (source, file name, None) of the theme's own template of this name, for Jinja; None if the theme has none.

        No built-in template has such a file name, so `_locate_failure` finds the theme's templates in tracebacks by it.
        """
        return (self._templates[name], f"{FOLDER}/{TEMPLATES}{name}", None) if name in self._templates else None

    def render(self, template: str, variables: Mapping[str, object], render_once: Callable[..., str]) -> bytes:
        """Render a page as UTF-8. If a custom template fails, log the failure and use the built-in templates for the page.

        Equal failures are logged once. In a strict theme, raise TemplateRenderError instead. `render_once(make, name, key)` is
        for built-in templates: it returns the text that `make` renders, cached by name and key.
        """
        if self._environment is not None:
            try:
                with rendering(template):
                    return _render_sandboxed(self._environment, template, variables)
            # A faulty custom template must not cost readers the page.
            except Exception as error:  # noqa: BLE001
                self._report(self._locate_failure(template, error))
        return builtin_environment().get_template(template).render(variables, once=render_once).encode()

    def _report(self, failure: TemplateFailure) -> None:
        if self._is_strict:
            raise TemplateRenderError(failure)
        if failure not in self._logged_failures:
            self._logged_failures.add(failure)
            _LOG.warning("%s; the product's own template is used", failure)

    def _locate_failure(self, template: str, error: Exception) -> TemplateFailure:
        names_by_file = {f"{FOLDER}/{TEMPLATES}{name}": name for name in self._templates}
        if isinstance(error, TemplateSyntaxError) and error.filename in names_by_file:
            locations = [(names_by_file[error.filename], error.lineno)]
        else:
            frames = ((frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__))
            locations = [(names_by_file[file], line) for file, line in frames if file in names_by_file]
        # A template that lacks something, such as a macro, has no frame in the traceback.
        default = template if template in self._templates else next(iter(self._templates))
        name, line = locations[-1] if locations else (default, 1)
        return TemplateFailure(name=name, line=line, message=f"this cannot make a page ({_reason(error)})")


def _render_sandboxed(environment: Environment, template: str, variables: Mapping[str, object]) -> bytes:
    page = environment.get_template(template).render(variables, once=render_once)
    if not page.strip():
        raise TemplateError("nothing comes of it")
    return page.encode()


def _reason(error: Exception) -> str:
    """Return why a template failed, as a text that is the same on all machines."""
    if isinstance(error, TemplateNotFound):
        return f"there is no template '{error.name}'"
    if isinstance(error, RecursionError):
        return "it nests too deep, or includes itself"
    if isinstance(error, MemoryError):
        return "it takes more memory than a page may"
    return str(error) or type(error).__name__


def templates_digest(files: Mapping[str, bytes]) -> str:
    """Return the digest of a theme's templates, which identifies the theme: 32 hexadecimal digits, "" without templates."""
    templates = sorted((path, data) for path, data in files.items() if path.startswith(TEMPLATES))
    parts = (len(part).to_bytes(8) + part for path, data in templates for part in (path.encode(), data))
    return blake2b(b"".join(parts)).hex() if templates else ""


def files_below(files: Mapping[str, bytes], folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield (name below the folder, bytes) of each file of a theme in `folder`, which ends in a slash."""
    return ((path.removeprefix(folder), data) for path, data in files.items() if path.startswith(folder))


def compile_builtin_templates() -> None:
    """Compile the built-in templates, or load them from the cache of compiled ones, so that the first page need not do it."""
    for name in builtin_template_names():
        builtin_environment().get_template(name)


def builtin_template_names() -> frozenset[str]:
    """Return the names of the built-in templates below templates/, such as blocks/head.html."""
    return frozenset(_BUILTIN_LOADER.list_templates())


@cache
def builtin_references(name: str) -> frozenset[str]:
    """Return the names of the templates that the built-in template `name` includes, imports or extends directly."""
    return referenced_templates(_builtin_source(name))


def _builtin_source(name: str) -> str:
    text, _, _ = _BUILTIN_LOADER.get_source(builtin_environment(), name)
    return text


def referenced_templates(text: str) -> frozenset[str]:
    """Return the names of templates that a template includes, imports or extends; "" for a name that is computed on rendering.

    `text` must be a valid template.
    """
    return frozenset(name or "" for name in meta.find_referenced_templates(builtin_environment().parse(text)))


def find_unused_blocks(templates: Mapping[str, str]) -> Iterator[tuple[str, int, str, frozenset[str]]]:
    """Yield (template, line, block, names of the blocks of the templates that it extends) for each block that no page shows.

    `templates` are the texts of a theme's valid templates by name. Pages show a block of a template that extends another one
    only if a template that it extends, directly or not, has a block of the same name, or if it stands inside another block.
    Templates for which `_inherited_blocks` returns None are left out.
    """
    for name, text in templates.items():
        inherited = _inherited_blocks(text, templates)
        if inherited is not None:
            for block in _outer_blocks(builtin_environment().parse(text)):
                if block.name not in inherited:
                    yield name, block.lineno, block.name, inherited


def _inherited_blocks(text: str, templates: Mapping[str, str]) -> frozenset[str] | None:
    """Return the names of the blocks of all templates that a template extends, directly or not.

    None if it extends no template, or if it or one of these extends an unknown template, one whose name is computed, or itself,
    directly or not.
    """
    names: frozenset[str] | None = None
    seen: set[str] = set()
    while parent := _extended_template(builtin_environment().parse(text)):
        if parent in seen or (parent not in templates and parent not in builtin_template_names()):
            return None
        seen.add(parent)
        text = templates[parent] if parent in templates else _builtin_source(parent)
        names = (names or frozenset()).union(block.name for block in builtin_environment().parse(text).find_all(nodes.Block))
    return None if parent is None else names


def _extended_template(template: nodes.Template) -> str | None:
    """Return the name of the template that a template extends, "" if it extends none, None if it computes the name."""
    extends = template.find(nodes.Extends)
    if extends is None:
        return ""
    name = extends.template
    return name.value if isinstance(name, nodes.Const) and isinstance(name.value, str) else None


def _outer_blocks(node: nodes.Node) -> Iterator[nodes.Block]:
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Block):
            yield child
        else:
            yield from _outer_blocks(child)


def syntax_error(text: str) -> tuple[int, str] | None:
    """Return None if a text is a valid template, else (line from 1, reason)."""
    try:
        create_environment(Sandbox, _BUILTIN_LOADER).compile(text)
    except TemplateSyntaxError as error:
        return error.lineno, f"this is no template ({error.message})"
    # Python's compiler has limits of its own and raises another exception for each.
    except (TemplateError, SyntaxError, RecursionError, MemoryError, ValueError):
        return 1, "this is no template (it nests deeper than can be worked with)"
    return None


@cache
def builtin_environment() -> Environment:
    """Return the environment of the built-in templates; it is created once."""
    environment = create_environment(FastEnvironment, _BUILTIN_LOADER)
    environment.bytecode_cache = TemplateBytecodeCache()
    return environment
