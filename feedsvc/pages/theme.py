"""Templates and static files: the product's own, and those of a newsroom that take their place, file by file.

The only room with Jinja, with pages/__init__.py's callers knowing nothing of it. A newsroom's templates run in a
sandbox; one that cannot be used gives way to the product's own.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from jinja2 import BaseLoader, ChoiceLoader, DictLoader, PackageLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from feedsvc.errors import Problem

FOLDER: Final = "theme"
STATIC_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".ico": "image/vnd.microsoft.icon",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_OWN: Final = PackageLoader("feedsvc.pages")
_LOG: Final = logging.getLogger(__name__)


def _static() -> dict[str, bytes]:
    folder = resources.files("feedsvc.pages").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


_OWN_STATIC: Final = _static()


class Theme:
    """What pages are made with. `static` are the files below /static/, by name."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """`files` are those below content/theme/, path -> bytes, each sound by `problems`."""
        given = {path.removeprefix("templates/"): text.decode() for path, text in files.items() if path.startswith("templates/")}
        named = {path.removeprefix("static/"): data for path, data in files.items() if path.startswith("static/")}
        self.static: Mapping[str, bytes] = {**_OWN_STATIC, **named}
        self._themed = _environment(ChoiceLoader([DictLoader(given), _OWN])) if given else None

    def render(self, template: str, facts: Mapping[str, object]) -> bytes:
        """A page; a newsroom's template that fails at it gives way to the product's own, and the log says so."""
        if self._themed is not None:
            try:
                return self._themed.get_template(template).render(facts).encode()
            except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
                _LOG.warning("theme/templates/%s cannot make its page (%s); the product's own is used", template, error)
        return _own().get_template(template).render(facts).encode()


def problems(files: Mapping[str, bytes]) -> dict[str, Problem]:
    """What is wrong with each file below content/theme/, by its path."""
    found = {path: _problem(path, data) for path, data in files.items()}
    return {path: problem for path, problem in found.items() if problem}


def _problem(path: str, data: bytes) -> Problem | None:
    shown = f"{FOLDER}/{path}"
    if path.startswith("static/"):
        known = path[path.rfind(".") :].lower() in STATIC_TYPES
        return None if known else Problem(path=shown, message="no page uses such a file", hint=f"use {', '.join(STATIC_TYPES)}")
    if not path.startswith("templates/"):
        return Problem(path=shown, message="a theme holds templates/ and static/ only", hint="move it there")
    try:
        _own().compile(data.decode())
    except TemplateSyntaxError as error:
        return Problem(path=shown, line=error.lineno, message=f"this is no template ({error.message})")
    except UnicodeDecodeError:
        return Problem(path=shown, message="the file is not UTF-8")
    return None


@cache
def _own() -> ImmutableSandboxedEnvironment:
    return _environment(_OWN)


def _environment(loader: BaseLoader) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
