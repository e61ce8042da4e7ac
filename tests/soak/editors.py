"""Simulated editors as in tests/live that also change the theme. The number of articles stays in a fixed range."""

from __future__ import annotations

import time
import zipfile
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

import feedsvc.pages
from tests.live.editors import SimulatedEditors

_MIN_ARTICLES, _MAX_ARTICLES = 30, 60  # articles
_THEME_PACKAGE: Final = Path(feedsvc.pages.__file__).parent
_STYLESHEET: Final = "theme/static/site.css"
_TEMPLATE: Final = "theme/templates/message.html"
_TIMEOUT: Final = 60.0  # seconds
_INVALID_TEMPLATE: Final = b"{% if nobody %} closes this"


class SoakEditors(SimulatedEditors):
    def __init__(self, root: Path, random: Random) -> None:
        super().__init__(root, random)
        self._template_is_invalid = False
        self._actions |= {self.change_stylesheet: 2, self.change_template: 1, self.break_template: 1}

    def create(self) -> bool:
        return self._count_articles() < _MAX_ARTICLES and super().create()

    def delete(self) -> bool:
        return self._count_articles() > _MIN_ARTICLES and super().delete()

    def copy(self) -> bool:
        return self._count_articles() < _MAX_ARTICLES and super().copy()

    def schedule(self) -> bool:
        """Save an article that is published or expires within seconds."""
        return self._count_articles() < _MAX_ARTICLES and super().schedule()

    def change_stylesheet(self) -> bool:
        """Save another stylesheet, whose address and bytes change on every page."""
        return not self._template_is_invalid and self._save(
            "change stylesheet", _STYLESHEET, self._with_comment("static/site.css", "/* {} */\n"), self._save_and_wait
        )

    def change_template(self) -> bool:
        self._template_is_invalid = False
        return self._save(
            "change template", _TEMPLATE, self._with_comment("templates/message.html", "<!-- {} -->\n"), self._save_and_wait
        )

    def break_template(self) -> bool:
        """Save an invalid template; the server uses the last valid theme."""
        if self._template_is_invalid or _TEMPLATE not in self.files_on_disk:
            return False
        self._save_atomically(self.root / _TEMPLATE, _INVALID_TEMPLATE)
        self._template_is_invalid = True
        self._record_state("break template")
        return True

    def _save_and_wait(self, file: Path, data: bytes) -> None:
        """Save a file of the theme and wait until the server uses it, since until then it uses the former theme."""
        self._save_atomically(file, data)
        deadline = time.monotonic() + _TIMEOUT
        while self._file_in_force(file) != data:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def _file_in_force(self, file: Path) -> bytes | None:
        """Return the bytes of a file of the last theme that passed its check, None if that lacks it."""
        with suppress(FileNotFoundError, KeyError), zipfile.ZipFile(self.root.parent / "state/theme.zip") as archive:
            return archive.read(file.relative_to(self.root / "theme").as_posix())
        return None

    def fix_everything(self) -> None:
        if self._template_is_invalid:
            self.change_template()
        super().fix_everything()

    def _with_comment(self, name: str, comment: str) -> bytes:
        return (_THEME_PACKAGE / name).read_bytes() + comment.format(self._word()).encode()

    def _count_articles(self) -> int:
        return sum(path.startswith("articles/") for path in self.files_on_disk)
