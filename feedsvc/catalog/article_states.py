"""States of article files at one moment, for reports: published, scheduled, draft, expired, withdrawn, or with errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import chain
from pathlib import PurePosixPath
from typing import Final

from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.errors import Problem
from feedsvc.model import Article, ArticleStatus


class ArticleState(Enum):
    """State of an article file. WITHDRAWN: any with that status, also before the withdrawal. A DRAFT may have any date.

    A BROKEN file has an error and no article, a LAST_VALID one an error and the article of its last valid version. A folder
    that cannot be read counts as a BROKEN file, unless last valid versions of its articles are used: these are LAST_VALID.
    """

    BROKEN = "broken"
    LAST_VALID = "last-valid"
    SCHEDULED = "scheduled"
    DRAFT = "draft"
    PUBLISHED = "published"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


_PUBLISHED: Final = ArticleState.PUBLISHED
_STATUS_PUBLISHED: Final = ArticleStatus.PUBLISHED


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedFile:
    """Article file at one moment, or a folder that cannot be read. `path` is relative to the content folder.

    `version_state` is the state that `article` has by its own keys; it differs from `state` if that is LAST_VALID. `moment` is
    the moment of expiry for EXPIRED, of withdrawal for WITHDRAWN, of publication for any other `version_state`. `article`,
    `version_state` and `moment` are None if `state` is BROKEN. `errors` are those of the file or else of the nearest folder
    above it, () unless `state` is BROKEN or LAST_VALID.
    """

    path: str
    state: ArticleState
    article: Article | None = None
    version_state: ArticleState | None = None
    moment: datetime | None = None
    errors: tuple[Problem, ...] = ()


def files_by_state(content: ContentSnapshot, now: datetime) -> Mapping[ArticleState, Sequence[ListedFile]]:
    """Return the article files in each `ListedFile.state` at `now`; every state is a key, also one without files.

    Files are sorted by `moment`, the latest first, SCHEDULED ones with the earliest first; BROKEN ones are sorted by path. An
    article that expires at `now` is EXPIRED, one published at `now` is PUBLISHED.
    """
    errors = _errors_by_path(content.errors)
    groups: dict[ArticleState, list[ListedFile]] = {state: [] for state in ArticleState}
    last_valid = content.last_valid_paths
    for article in content.articles:
        version_state, moment = _state_of(article, now)
        file_errors = _errors_of(article.path, errors) if last_valid else ()
        state = ArticleState.LAST_VALID if file_errors else version_state
        groups[state].append(
            ListedFile(
                path=article.path,
                state=state,
                article=article,
                version_state=version_state,
                moment=moment,
                errors=file_errors,
            )
        )
    groups[ArticleState.BROKEN] = [
        ListedFile(path=path, state=ArticleState.BROKEN, errors=errors[path]) for path in sorted(errors.keys() - last_valid)
    ]
    for state in groups.keys() - {ArticleState.BROKEN}:
        groups[state].sort(key=_file_key, reverse=state is not ArticleState.SCHEDULED)
    return groups


def _state_of(article: Article, now: datetime) -> tuple[ArticleState, datetime]:
    """Return `ListedFile.version_state` and `ListedFile.moment` of an article at `now`.

    An article with the status WITHDRAWN is WITHDRAWN also before the moment of its withdrawal or publication.
    """
    if article.status is _STATUS_PUBLISHED and article.published <= now and not article.expires:  # nearly all
        return _PUBLISHED, article.published
    if article.status is ArticleStatus.DRAFT:
        return ArticleState.DRAFT, article.published
    if article.withdrawn_at:
        return ArticleState.WITHDRAWN, article.withdrawn_at
    if article.published > now:
        return ArticleState.SCHEDULED, article.published
    if article.expires and article.expires <= now:
        return ArticleState.EXPIRED, article.expires
    return _PUBLISHED, article.published


def _file_key(file: ListedFile) -> tuple[float, str]:
    return file.moment.timestamp() if file.moment else 0.0, file.path


def _errors_by_path(errors: Iterable[Problem]) -> Mapping[str, tuple[Problem, ...]]:
    """Return the errors of article files, and of folders of articles that cannot be read, by path."""
    by_path = defaultdict[str, list[Problem]](list)
    for problem in errors:
        if problem.path.partition("/")[0] == ARTICLES_FOLDER:
            by_path[problem.path].append(problem)
    return {path: tuple(problems) for path, problems in by_path.items()}


def _errors_of(path: str, errors: Mapping[str, tuple[Problem, ...]]) -> tuple[Problem, ...]:
    """Return the errors of an article file; if it has none, of the nearest folder above that has any. () if there are none.

    `errors` are those of `_errors_by_path`.
    """
    paths = chain((path,), map(str, PurePosixPath(path).parents))
    return next((errors[one] for one in paths if one in errors), ())
