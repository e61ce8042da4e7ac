"""Digests of what a source states of a post, for the comparison with the last import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Any, Final

from feedsvc.content.schema.dates import parse_instant
from feedsvc.importing.source import SourcePost
from feedsvc.importing.writer.article_values import PostResult
from feedsvc.importing.writer.values import BODY, ArticleValues, digest_of, digests_of

_SOURCE: Final = "source="  # digest of all that the source says of a post
_DATE_KEYS: Final = ("published", "updated", "expires")


def source_word(result: PostResult) -> str:
    """Return the word "source=DIGEST" of the base, with a digest of all values that the source itself states.

    A date that was made up is left out, as it would differ at each import.
    """
    stated = {key: value for key, value in result.values.items() if key != "published" or result.has_own_date}
    return f"{_SOURCE}{digest_of(stated)}"


def last_source_word(words: Iterable[str]) -> str:
    """Return the word "source=DIGEST" among the words of a line of the base, "" if there is none."""
    return next((word for word in words if word.startswith(_SOURCE)), "")


def stated_digests(result: PostResult, values: ArticleValues, last: Mapping[str, str] | None) -> dict[str, str]:
    """Return the digests by key of the values of a post, with that of the last import for a date that was made up.

    Another date would be made up at each import. The digest stays in the base, so that the source's own date replaces a made-up
    one that no editor changed. Categories and authors that the source states as before keep their digest, too: the check may
    have removed names from `values` whose entry an editor deleted. `last` has the digests of the last import, and is None for a
    new file.
    """
    digests = digests_of(values)
    if last is not None:
        unchanged = (key for key in ("categories", "authors") if key in last and last[key] == digest_of(result.values.get(key)))
        digests |= {key: last[key] for key in unchanged}
    if last is not None and not result.has_own_date:
        digests.pop("published", None)
        if "published" in last:
            digests["published"] = last["published"]
    return digests


def digests_of_file(values: ArticleValues, theirs: ArticleValues, zone: tzinfo) -> dict[str, str]:
    """Return the digests by key of the values of a file. A date that is the same moment as that of `theirs` has its digest.

    `theirs` are the values of the source, `zone` is the time zone of dates in the file that state none.
    """
    digests = digests_of(values)
    equal = (key for key in _DATE_KEYS if key in values and key in theirs and _is_same_moment(values[key], theirs[key], zone))
    return digests | {key: digest_of(theirs[key]) for key in equal}


def _is_same_moment(one: Any, other: Any, zone: tzinfo) -> bool:
    try:
        return parse_instant(str(one), zone)[0] == parse_instant(str(other), zone)[0]
    except ValueError:
        return False


def keep_missing_parts(post: SourcePost, digests: Mapping[str, str], last: Mapping[str, str]) -> dict[str, str]:
    """Return the digests, with those of the last import (`last`) for a lead image and a text of which the export lacks parts.

    An export of posts has no pictures: that is no change of the post. A text counts as unchanged if the post was not changed
    since. One that was is taken without the parts that are missing.
    """
    keys = set[str]()
    if post.lacks_lead_image:
        keys.add("image")
    if post.lacks_body_parts and post.updated and digests.get("updated", "") == last.get("updated", ""):
        keys.add(BODY)
    return {**digests, **{key: last[key] for key in keys if key in last}}
