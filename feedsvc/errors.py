"""Exceptions, and problems in files. Each text addresses the person who can fix the fault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, Literal

Severity = Literal["error", "warning"]
# Names of the rules of warnings. docs/reference/check.md describes each; `check --ignore` leaves their warnings out.
_Texts = Literal["no-text", "no-summary", "long-summary", "long-title", "quotation-mark", "html-in-text"]
_Bodies = Literal["html-element", "shortcode", "missing-footnote"]
_Keys = Literal["comment-in-text", "comment-in-body", "no-id", "no-id-domain", "invalid-base-url", "no-notice"]
_Dates = Literal["distant-date", "future-update", "early-update", "future-correction"]
_Links = Literal["broken-link", "http-link", "self-link", "unknown-translation", "unused-embed", "menu-entry", "home-entry"]
_Media = Literal["no-alt", "no-credit", "incomplete-file", "large-image", "wide-image", "no-variants", "icon", "metadata"]
_Tags = Literal["comma-in-tag", "hashtag", "equal-tags", "unused-tag", "unused-author", "tag-alias"]
_Feeds = Literal["equal-feeds", "empty-feed", "unknown-tag", "private-feed", "short-max-age"]
_Files = Literal["file-name", "file-suffix", "unread-file", "unread-folder", "windows-name", "equal-names"]
_Redirects = Literal["unused-redirect", "redirect-chain", "redirect-target", "broad-redirect"]
_SearchEngines = Literal["long-site-title", "news-sitemap"]
_Changes = Literal["new-id", "missing-address", "missing-article", "missing-feed", "other-date", "draft-again", "public-again"]
Rule = Literal[_Texts, _Bodies, _Keys, _Dates, _Links, _Media, _Tags, _Feeds, _Files, _Redirects, _SearchEngines, _Changes]
MAX_PROBLEMS: Final = 100  # of one file and rule; a spreadsheet saved by mistake has thousands


class FeedsvcError(Exception):
    """Base class of errors that end a command or an operation.

    The text is one sentence for the operator, shown without a traceback. If the content folder as a whole cannot be used, the
    error is a ContentError.
    """


class UnavailableError(FeedsvcError):
    """Raised if a database cannot do an operation. The same operation may succeed later. `cause` is the error of its driver."""

    def __init__(self, message: str, cause: Exception | None = None) -> None:
        super().__init__(message)
        self.cause = cause


class FieldError(FeedsvcError, ValueError):
    """Raised if a value cannot stand in a feed. `field` is the argument at fault: "published", or "entries[3].id"."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Problem:
    """Fault in a file that an editor can fix.

    `path` is relative to the content folder, with forward slashes. `line` and `column` count from 1. A problem without a `rule`
    is an error: this version of the file is not used. In authors.yaml, categories.yaml, tags.yaml and feeds.yaml, an error in one
    entry means only that the entry at that line is not used. A problem with a rule is a warning, which has no such effect.
    """

    path: str
    line: int = 1
    column: int = 1
    message: str
    hint: str = ""
    rule: Rule | Literal[""] = ""

    @property
    def severity(self) -> Severity:
        return "warning" if self.rule else "error"

    def __str__(self) -> str:
        mark = "warning: " if self.severity == "warning" else ""
        tail = f"; {self.hint}" if self.hint else ""
        return f"{self.path}:{self.line}:{self.column}: {mark}{self.message}{tail}"


def limit_problems(problems: Iterable[Problem], omitted: int = 0) -> tuple[Problem, ...]:
    """Return problems sorted: of each file the first 100 errors and the first 100 warnings of a rule, then the number of others.

    `omitted` counts further errors, if the problems are of one file that has 100 errors among them.
    """
    groups = defaultdict[tuple[str, str], list[Problem]](list)
    for problem in sorted(problems):
        groups[problem.path, problem.rule].append(problem)
    for (path, rule), found in groups.items():
        rest = len(found) - MAX_PROBLEMS + (0 if rule else omitted)
        if rest > 0:
            del found[MAX_PROBLEMS:]
            last = found[-1]
            found.append(replace(last, column=last.column + 1, message=f"and {rest:,} more in {path}", hint=""))
    return tuple(sorted(chain.from_iterable(groups.values())))


class TextUnavailableError(FeedsvcError):
    """Raised if an article's text is not in the state folder and its file has changed or disappeared since it was read.

    The next scan of the content folder reads the file again. After that, the article has the file's present text, or the file
    has a problem, or the article is gone with the file.
    """


class PluginError(FeedsvcError):
    """Raised if the code of a plug-in fails. The text names the distribution of the plug-in.

    Errors with the same `key` come from the same plug-in and an exception of the same type; servers log only the
    first.
    """

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class ContentError(FeedsvcError):
    """Raised if the content folder as a whole cannot be used. `problems` are the faults in its files that are the reason.

    `missing_message` says, if a folder or file is missing, which one; else it is "". A service that could read the content
    before, and still serves it, shows this message, unless it is "", to operators and editors in place of the error's text.
    """

    def __init__(self, message: str, problems: tuple[Problem, ...] = (), *, missing_message: str = "") -> None:
        super().__init__(message)
        self.problems = problems
        self.missing_message = missing_message
