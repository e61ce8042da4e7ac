"""Schedules of periodicals: the key `digest` of an entry of feeds.yaml -> IssueSchedule."""

from __future__ import annotations

from typing import Final, get_args

from feedsvc.content.schema.models import DigestKeys
from feedsvc.content.yaml import KeyPath, YamlDocument, YamlValue
from feedsvc.model import IssueSchedule

_WEEKDAYS: Final = get_args(get_args(DigestKeys.model_fields["on"].annotation)[0])


def with_times_as_text(document: YamlDocument, name: str) -> dict[str, YamlValue]:
    """Return the keys of the entry `name`, a number at `digest.at` replaced by its text: YAML reads 18:00 as a number.

    The document does not change.
    """
    keys: dict[str, YamlValue] = document.value[name]
    digest = keys.get("digest")
    if not isinstance(digest, dict) or type(digest.get("at")) not in (int, float):
        return keys
    return {**keys, "digest": {**digest, "at": document.raw_scalar((name, "digest", "at")) or digest["at"]}}


def read_issue_schedule(
    document: YamlDocument, at: KeyPath, keys: DigestKeys | None, *, is_private: bool
) -> IssueSchedule | None:
    """Return the schedule in the valid `keys` at the key path `at`; None if `keys` is None.

    Adds a problem to the document if `on` is missing for a week or given for a day, or if the feed `is_private`.
    """
    if keys is None:
        return None
    if keys.every == "day" and keys.on:
        message, hint = "digest.on: stands beside every: day", "delete it, or write every: week"
        document.problems.append(document.problem((*at, "on"), message, hint, at_key=True))
    if is_private:
        message, hint = (
            "digest: its entries would link to pages, which a private feed has not",
            "delete it, or write access: public",
        )
        document.problems.append(document.problem(at, message, hint, at_key=True))
    if keys.every == "week" and not keys.on:
        message, hint = "digest: names no day of the week", "write on: monday beside every: week"
        document.problems.append(document.problem(at, message, hint, at_key=True))
    hours, _, minutes = keys.at.partition(":")
    return IssueSchedule(minute_of_day=int(hours) * 60 + int(minutes), weekday=_WEEKDAYS.index(keys.on) if keys.on else None)
