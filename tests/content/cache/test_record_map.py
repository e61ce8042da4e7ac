"""Records by path: whether they are loaded in pages or set one by one, they behave like a dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from feedsvc.content.cache import codec
from feedsvc.content.cache.record import Interner, Record
from feedsvc.content.cache.record_map import RecordMap
from feedsvc.content.file_signature import SIGNATURE_SIZE
from feedsvc.content.reading import ParseResult
from feedsvc.errors import Problem
from feedsvc.model import Article

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PATHS = st.sampled_from([f"articles/{name}.yaml" for name in "abcdefgh"])
PATH_SETS = st.sets(PATHS, max_size=8)
KINDS = st.sampled_from(
    ("settled", "with media", "with a warning", "broken", "never valid", "in conflict", "unread", "without text")
)


def record_of(path: str, kind: str, title: str) -> Record:
    article = Article(path=path, id=path, slug=path, title=title, published=NOW, updated=NOW, media=("media/a.jpg",))
    problem = Problem(path=path, message="a fault", rule="no-id" if kind == "with a warning" else "")
    is_broken = kind in ("broken", "never valid")
    return Record(
        signature=None if kind in ("unread", "without text") else title.encode().ljust(SIGNATURE_SIZE, b"\0"),
        digest=title.encode(),
        reading=ParseResult(
            None if is_broken or kind == "unread" else article,
            (problem,) if is_broken or kind == "with a warning" else (),
            positions=(1, len(title)),
        ),
        site="site",
        media={"media/a.jpg": b"1"} if kind == "with media" else {},
        stood=kind in ("settled", "with media", "with a warning", "without text"),
        good=replace(article, title=f"last valid {title}") if kind in ("broken", "in conflict", "unread") else None,
    )


def unpack(batch: tuple[Sequence[str], bytes]) -> tuple[Sequence[str], list[bytes]]:
    paths, signatures = batch
    assert [*paths] == sorted(paths)
    return paths, [signatures[start : start + SIGNATURE_SIZE] for start in range(0, len(signatures), SIGNATURE_SIZE)]


class RecordMaps(RuleBasedStateMachine):
    """Changes of a RecordMap and of a dictionary with the same records."""

    @initialize()
    def start(self) -> None:
        self.number = 0
        self.records = RecordMap()
        self.expected: dict[str, Record] = {}

    def new_record(self, path: str, kind: str) -> Record:
        self.number += 1
        return record_of(path, kind, f"title {self.number}")

    @rule(kinds=st.dictionaries(PATHS, KINDS))
    def add_page(self, kinds: dict[str, str]) -> None:
        records = {path: self.new_record(path, kind) for path, kind in kinds.items()}
        page = codec.decode_page(codec.encode_page(records), Interner())
        assert page
        self.records.add_page(page)
        self.expected |= records

    @rule(path=PATHS, kind=KINDS)
    def set_record(self, path: str, kind: str) -> None:
        self.records[path] = self.expected[path] = self.new_record(path, kind)

    @rule(path=PATHS)
    def delete_record(self, path: str) -> None:
        if path in self.records:
            del self.records[path]
        self.expected.pop(path, None)

    @rule(path=PATHS)
    def get_record(self, path: str) -> None:
        record = self.records.get(path)
        assert record == self.expected.get(path)
        assert self.records.get(path) is record
        assert self.records.settled_article(path) is None
        if record:
            assert self.records.candidate(path) is (record.reading.article or record.good)

    @invariant()
    def is_equal(self) -> None:
        if not hasattr(self, "records"):
            return
        assert self.records == self.expected
        assert [*self.records.values()] == [self.expected[path] for path in self.records]
        assert len(self.records) == len(self.expected)
        candidates = {path: record.reading.article or record.good for path, record in self.expected.items()}
        assert {article.path: article for article in self.records.candidates()} == {
            path: article for path, article in candidates.items() if article
        }
        assert {path: self.records.candidate(path) for path in self.expected} == candidates
        signatures = {path: record.signature for path, record in self.expected.items() if record.signature}
        assert dict(chain.from_iterable(zip(*unpack(batch), strict=True) for batch in self.records.signatures())) == signatures

    @invariant()
    def has_only_settled_records_in_pages(self) -> None:
        if not hasattr(self, "records"):
            return
        single = dict(self.records.single())
        paged = {article.path: article for page in self.records.pages() for article in page.articles()}
        assert {**single, **paged}.keys() == self.expected.keys()
        assert not single.keys() & paged.keys()
        for path, article in paged.items():
            record = self.expected[path]
            assert (record.reading.article, record.stood, record.good, record.reading.problems) == (article, True, None, ())
            assert record.signature
            assert self.records.settled_article(path) is article


TestRecordMaps = RecordMaps.TestCase
TestRecordMaps.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
