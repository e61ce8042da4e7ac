"""How many answers there were, of which kind, and how long they took to make: plain numbers, cheap enough for every request."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from feedsvc.publication.document import Document
from feedsvc.routes import ArticleAt, FeedAt, FileAt, PageAt, Place, SingleAt, SitemapAt, SizedAt, TagsAt, place_of

# Upper ends in seconds: what is kept ready, what is made anew, what is slow.
BUCKETS: Final = (0.0001, 0.001, 0.01, 0.1, 1.0)
_KINDS: Final[Mapping[type[Place], str]] = {
    FeedAt: "feed",
    PageAt: "page",
    TagsAt: "page",
    ArticleAt: "article",
    FileAt: "file",
    SizedAt: "file",
    SingleAt: "directory",
    SitemapAt: "directory",
}
SECONDS: Final = "seconds"
_ANSWERS: Final = "answers"
_LABELS: Final = "labels"  # a key of Document.kept.finished


class Labels(NamedTuple):
    """`kind` of place; `format` is a feed's suffix, "" for what has but one."""

    kind: str
    format: str = ""


REDIRECT: Final = Labels("redirect")
MEDIA: Final = Labels("file")
READS: Final = Labels("views")
OTHER: Final = Labels("other")


@dataclass(slots=True)
class _Counts:
    answers: defaultdict[Labels, defaultdict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0
    again: int = 0


class Traffic:
    """Each thread counts on its own, without a lock; who asks gets the sum."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._all: list[_Counts] = []

    def count(self, labels: Labels, status: int, seconds: float, *, again: int = 0) -> None:
        """`again` is 1 where the answer was one that had been told before."""
        try:
            counts: _Counts = self._own.counts
        except AttributeError:
            counts = self._own.counts = _Counts()
            self._all.append(counts)
        counts.answers[labels][status] += 1
        counts.buckets[bisect_left(BUCKETS, seconds)] += 1
        counts.seconds += seconds
        counts.again += again

    def answers(self) -> dict[tuple[Labels, int], int]:
        """How many by labels and status."""
        total: Counter[tuple[Labels, int]] = Counter()
        for counts in list(self._all):
            for labels, answers in counts.answers.copy().items():
                total.update({(labels, status): number for status, number in answers.copy().items()})
        return dict(total)

    def numbers(self) -> dict[str, float]:
        """All of it under names that `answer_of`, `bucket` and SECONDS tell."""
        buckets, seconds = self.durations()
        answers = {f"{_ANSWERS} {labels.kind} {labels.format} {status}": n for (labels, status), n in self.answers().items()}
        return {**answers, **{bucket(index): number for index, number in enumerate(buckets)}, SECONDS: seconds}

    def again(self) -> int:
        """How many had been told before."""
        return sum(counts.again for counts in list(self._all))

    def durations(self) -> tuple[list[int], float]:
        """How many took so long: up to each of BUCKETS and beyond, not yet cumulated; and the seconds of all."""
        everybody = list(self._all)
        return [sum(column) for column in zip(*(one.buckets for one in everybody), strict=True)], sum(
            c.seconds for c in everybody
        )


def bucket(index: int) -> str:
    """The name of a bucket's number."""
    return f"bucket {index}"


def answer_of(name: str) -> tuple[str, str, str] | None:
    """Kind, format and status that a number's name tells, None where it is not one of answers."""
    what, _, rest = name.partition(" ")
    kind, form, status = rest.split(" ") if what == _ANSWERS else ("", "", "")
    return (kind, form, status) if kind else None


def labels_of(document: Document) -> Labels:
    found: Labels | None = document.kept.finished.get(_LABELS)
    if found is None:
        found = document.kept.finished[_LABELS] = _labels(place_of(document.path))
    return found


def _labels(place: Place | None) -> Labels:
    if place is None:
        return OTHER
    return Labels(_KINDS[type(place)], place.suffix if isinstance(place, FeedAt) else "")
