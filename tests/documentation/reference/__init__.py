"""Generated pages of docs/reference/: commands, variables, keys of files, metrics and template variables, read from the program.

`make reference` writes them; test_reference.py fails if one is out of date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests import ROOT
from tests.documentation.reference.commands import commands_page
from tests.documentation.reference.files import files_page
from tests.documentation.reference.metrics import metrics_page
from tests.documentation.reference.templates import templates_page
from tests.documentation.reference.variables import variables_page

__all__ = ["FOLDER", "PAGES", "UPDATE_COMMAND", "write_pages"]

FOLDER: Final = ROOT / "docs" / "reference"
UPDATE_COMMAND: Final = "make reference"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "commands.md": commands_page,
    "variables.md": variables_page,
    "files.md": files_page,
    "metrics.md": metrics_page,
    "templates.md": templates_page,
}


def write_pages() -> None:
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")
