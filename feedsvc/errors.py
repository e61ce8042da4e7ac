"""What can go wrong, told to the person who can mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


class FeedsvcError(Exception):
    """A fault outside the content: its text is one sentence for the operator, shown without a traceback."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Problem:
    """Something an editor can mend.

    `path` is relative to the content folder, with forward slashes; `line` and `column` count from 1.
    An error sets its file (or the one entry it names) aside; a warning does not.
    """

    path: str
    line: int = 1
    column: int = 1
    message: str
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        mark = "warning: " if self.severity == "warning" else ""
        tail = f"; {self.hint}" if self.hint else ""
        return f"{self.path}:{self.line}:{self.column}: {mark}{self.message}{tail}"


class TextLostError(FeedsvcError):
    """An article's text can be read neither in the state folder nor in its file; the next look at the folder ends that."""


class ContentError(FeedsvcError):
    """The content folder as a whole cannot be used; `problems` says why, place by place.

    `away` says for one that was there before what is not there any more, "" where nothing is missing.
    """

    def __init__(self, message: str, problems: tuple[Problem, ...] = (), *, away: str = "") -> None:
        super().__init__(message)
        self.problems = problems
        self.away = away
