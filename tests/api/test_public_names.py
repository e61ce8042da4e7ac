"""The public API is what tests/api/public_names.txt lists: a change of a signature is a decision, and is in CHANGELOG.md."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from feedsvc import api

FILE: Final = Path(__file__).parent / "public_names.txt"
UPDATE_COMMAND: Final = "python -m tests.api.test_public_names"


def describe(name: str) -> Iterator[str]:
    """Yield a line for a public name, and for each public member of a class."""
    value: Any = getattr(api, name)
    if not inspect.isclass(value):
        yield f"{name}{inspect.signature(value)}"
        return
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    yield f"class {name}{f'({bases})' if bases else ''}"
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            yield f"  {name}.{field.name}: {field.type}{' = ...' if has_default else ''}"
    names = {member for member in vars(value) if not member.startswith("_")} - {*getattr(value, "__dataclass_fields__", ())}
    for member in sorted(names):
        attribute = vars(value)[member]
        yield f"  {name}.{member}{inspect.signature(attribute) if inspect.isfunction(attribute) else ''}"


def public_names() -> str:
    return "".join(f"{line}\n" for name in api.__all__ for line in describe(name))


def test_public_names_and_signatures_are_as_stored() -> None:
    assert public_names() == FILE.read_text("utf-8"), f"say so in CHANGELOG.md, then run {UPDATE_COMMAND}"


def test_every_public_name_has_a_docstring() -> None:
    assert [name for name in api.__all__ if not (getattr(api, name).__doc__ or "").strip()] == []


def test_dir_lists_exactly_the_public_names() -> None:
    assert dir(api) == sorted(api.__all__)


def test_the_import_of_the_package_loads_no_other_module() -> None:
    program = "import sys; import feedsvc.api; print(*(name for name in sys.modules if name.startswith('feedsvc')))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {*result.stdout.split()} == {"feedsvc", "feedsvc._version", "feedsvc.api"}


if __name__ == "__main__":
    FILE.write_text(public_names(), "utf-8")
