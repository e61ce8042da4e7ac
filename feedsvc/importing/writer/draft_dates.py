"""Dates of drafts: a date that the import made up gives way to that of the source, and no draft becomes public at a wrong date.

A draft of WordPress has no date before it is published or scheduled, but an article needs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from feedsvc.importing.writer.merge import KeyOutcome, MergeOutcome
from feedsvc.importing.writer.values import ArticleValues, digest_of

PUBLISHED: Final = "published"
STATUS: Final = "status"
_DRAFT: Final = "draft"


def with_date_of_draft(base: Mapping[str, str], mine: ArticleValues, theirs: ArticleValues) -> dict[str, str]:
    """Return the base of an article with a digest of its date, if earlier versions wrote none because the date was made up.

    `base` has digests by key, `mine` and `theirs` are the values of the file and of the source. Whether an editor changed such a
    date is unknown. It counts as made up only in a draft, and only if the source's date is not earlier: a date that an editor
    set for the future must not be replaced by an earlier one.
    """
    own, new = _instant(mine.get(PUBLISHED)), _instant(theirs.get(PUBLISHED))
    if not base or PUBLISHED in base or mine.get(STATUS) != _DRAFT or own is None or new is None or new < own:
        return dict(base)
    return {**base, PUBLISHED: digest_of(mine[PUBLISHED])}


def hold_draft(outcomes: Iterable[KeyOutcome], theirs: Mapping[str, str]) -> dict[str, MergeOutcome]:
    """Return the outcomes by key, with a conflict for a status that would make a draft public while its date is in conflict.

    `theirs` has the digests of the source by key.
    """
    by_key = dict(outcomes)
    is_to_be_public = by_key.get(STATUS) is MergeOutcome.TAKE and STATUS not in theirs
    if is_to_be_public and by_key.get(PUBLISHED) is MergeOutcome.CONFLICT:
        by_key[STATUS] = MergeOutcome.CONFLICT
    return by_key


def _instant(value: Any) -> datetime | None:
    """Return a date as imports write it, None for any other value, which an editor wrote."""
    try:
        date = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return date if date and date.tzinfo else None
