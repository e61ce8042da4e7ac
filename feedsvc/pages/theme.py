"""Templates and static files: the product's own, and those of a newsroom that take their place, file by file.

The only room with Jinja but for sandbox.py, spelling.py and compiled.py. A newsroom's templates run in a sandbox; one that cannot
make a page gives way to the product's own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib import resources
from pathlib import Path
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
)

from feedsvc.pages.bytecode_cache import Beside
from feedsvc.pages.sandbox import Sandbox, environment, once
from feedsvc.pages.template_compiler import Trusted
from feedsvc.support.watchdog import rendering

FOLDER: Final = "theme"
TEMPLATES: Final = "templates/"
STATIC: Final = "static/"
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
_OWN: Final = PackageLoader("feedsvc.pages")
_LOG: Final = logging.getLogger(__name__)


def _static() -> dict[str, bytes]:
    folder = resources.files("feedsvc.pages").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


_OWN_STATIC: Final = _static()


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why a page cannot be made: `name` of the newsroom's template at fault and its `line`, from 1."""

    name: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{FOLDER}/{TEMPLATES}{self.name}:{self.line}: {self.message}"


class Unmakeable(Exception):  # noqa: N818 - a page
    """A newsroom's template cannot make a page; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Theme:
    """What pages are made with. `static` are the files below /static/, by name."""

    def __init__(self, files: Mapping[str, bytes], *, strict: bool = False) -> None:
        """`files` are those below content/theme/, path -> bytes, each sound by `problem`.

        With `strict`, `render` raises Unmakeable instead of falling back to the product's own template.
        """
        self._given = {name: data.decode() for name, data in below(files, TEMPLATES)}
        self.digest = digest(files)
        self._strict = strict
        self._told: set[Failure] = set()
        self.static: Mapping[str, bytes] = {**_OWN_STATIC, **dict(below(files, STATIC))}
        self._themed = environment(Sandbox, ChoiceLoader([FunctionLoader(self._source), _OWN])) if self._given else None

    def _source(self, name: str) -> tuple[str, str, None] | None:
        """With a file name of its own, by which tracebacks tell it from the product's."""
        return (self._given[name], f"{FOLDER}/{TEMPLATES}{name}", None) if name in self._given else None

    def render(self, template: str, facts: Mapping[str, object], once: Callable[..., str]) -> bytes:
        """A page; a newsroom's template that fails at it gives way to the product's own, and the log says so once.

        `once` may keep what the product's own templates make for a name and a key.
        """
        if self._themed is not None:
            try:
                with rendering(self.digest):
                    return _made(self._themed, template, facts)
            # Whatever a template does wrong must cost its own look only.
            except Exception as error:  # noqa: BLE001
                self._fail(self._failure(template, error))
        return own().get_template(template).render(facts, once=once).encode()

    def _fail(self, failure: Failure) -> None:
        if self._strict:
            raise Unmakeable(failure)
        if failure not in self._told:
            self._told.add(failure)
            _LOG.warning("%s; the product's own template is used", failure)

    def _failure(self, template: str, error: Exception) -> Failure:
        names = {f"{FOLDER}/{TEMPLATES}{name}": name for name in self._given}
        if isinstance(error, TemplateSyntaxError) and error.filename in names:
            ours = [(names[error.filename], error.lineno)]
        else:
            frames = ((frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__))
            ours = [(names[file], line) for file, line in frames if file in names]
        # One that is only missed, such as a macro, has no frame.
        name, line = ours[-1] if ours else (template if template in self._given else next(iter(self._given)), 1)
        return Failure(name=name, line=line, message=f"this cannot make a page ({_reason(error)})")


def _made(themed: Environment, template: str, facts: Mapping[str, object]) -> bytes:
    page = themed.get_template(template).render(facts, once=once)
    if not page.strip():
        raise TemplateError("nothing comes of it")
    return page.encode()


def _reason(error: Exception) -> str:
    """What a template does wrong, without this machine's words for it."""
    if isinstance(error, TemplateNotFound):
        return f"there is no template '{error.name}'"
    if isinstance(error, RecursionError):
        return "it nests too deep, or includes itself"
    if isinstance(error, MemoryError):
        return "it takes more memory than a page may"
    return str(error) or type(error).__name__


def digest(files: Mapping[str, bytes]) -> str:
    """The digest of a theme's templates, which names the theme: 32 hexadecimal digits, "" without templates."""
    templates = sorted((path, data) for path, data in files.items() if path.startswith(TEMPLATES))
    parts = (len(part).to_bytes(8) + part for path, data in templates for part in (path.encode(), data))
    return blake2b(b"".join(parts), digest_size=16).hexdigest() if templates else ""


def below(files: Mapping[str, bytes], folder: str) -> Iterator[tuple[str, bytes]]:
    """(name below the folder, bytes) of the theme's files in it."""
    return ((path.removeprefix(folder), data) for path, data in files.items() if path.startswith(folder))


def prepare() -> None:
    """Have the product's own templates compiled, before the first page is asked for."""
    for name in own_names():
        own().get_template(name)


def own_names() -> frozenset[str]:
    """The names of the product's templates."""
    return frozenset(_OWN.list_templates())


def references(text: str) -> frozenset[str]:
    """The templates that a sound one names; "" where a name is worked out only when the page is made."""
    return frozenset(name or "" for name in meta.find_referenced_templates(own().parse(text)))


def fault(text: str) -> tuple[int, str] | None:
    """(line, why) if a text is no template."""
    try:
        environment(Sandbox, _OWN).compile(text)
    except TemplateSyntaxError as error:
        return error.lineno, f"this is no template ({error.message})"
    # Python's compiler has limits of its own, each with another exception.
    except (TemplateError, SyntaxError, RecursionError, MemoryError, ValueError):
        return 1, "this is no template (it nests deeper than can be worked with)"
    return None


@cache
def own() -> Environment:
    found = environment(Trusted, _OWN)
    # Not among the templates themselves: whatever lies there is one.
    found.bytecode_cache = Beside(Path(__file__).parent)
    return found
