"""One newsroom with its state folder and its tree, of which a process after another is killed."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from random import Random
from urllib.parse import quote

from feedsvc.support.atomic_write import TEMPORARY_PREFIX
from tests.helpers.http_client import ask
from tests.kills import invariants
from tests.kills.newsroom import Bytes, Desk, Edition, Editions, name_of
from tests.kills.process_group import Started
from tests.kills.readers import Reading

OPENED = "/articles/boats/"  # by readers that count
BROKEN = b"nonsense: [\n"


class House:
    """`states` are what the editors' files were since the last process began; `seen` is asked of by every round."""

    def __init__(self, home: Path, random: Random) -> None:
        self.root, self.state, self.out = home / "content", home / "state", home / "out"
        self.random, self._copies = random, home / "copies"
        self.desk = Desk(self.root, random)
        self.editions = Editions(home / "fresh")
        self.states: list[Bytes] = []
        self.former: set[str] = set()  # addresses that some edition had
        self.remembered: Bytes = {}  # what was there at the last start that nobody killed
        self.dates: dict[str, str] = {}
        self.times: dict[str, int] = {}
        self._since_dates: list[Bytes] = []
        self._since_times: list[Bytes] = []
        self.posted = self.counted = 0
        self.changes: Mapping[str, Collection[bytes]] = {}
        self.passing: list[str] = []
        self.begin()

    def begin(self) -> None:
        self.states = []
        self.keep()

    def keep(self) -> None:
        """The files as they are now are one more state."""
        for states in (self.states, self._since_dates, self._since_times):
            states.append(dict(self.desk.files))

    def act(self) -> None:
        self.desk.act()
        self.keep()

    def addresses(self) -> list[str]:
        self.former |= self.editions.of(self.states[-1]).keys()
        found = sorted(self.former)
        self.random.shuffle(found)
        return found

    @property
    def edition(self) -> Edition:
        return self.editions.of(self.desk.files)

    def editions_of(self, states: list[Bytes]) -> list[Edition]:
        return [self.editions.of(state) for state in states]

    def harm(self, reading: Reading, *, tree: bool) -> Iterator[str]:
        """What is wrong right after a kill, before anything is started again."""
        yield from invariants.editors_files(self.root, self.desk.files, self.changes)
        yield from invariants.seen(reading.seen, self.editions_of(self._since_times if tree else self.states), tree=tree)
        yield from (f"an answer was cut while nobody was killed: {error}" for error in reading.cut)
        yield from invariants.databases(self.state, self._copies)

    # --- what comes after: it ends by itself

    def served_again(self) -> Iterator[str]:
        hurt = self._hurt()
        server = Started("serve", self.root, "--port", "0", "--state", self.state)
        try:
            assert server.wait_to_hear(" at http://"), server.said
            got = {address: ask(server.url, quote(address)) for address in self.addresses()}
            yield from invariants.served({address: (one.status, one.body) for address, one in got.items()}, self.edition)
            dates = {address: one["last-modified"] for address, one in got.items() if one.status == 200}
            yield from invariants.steady(self.dates, dates, self.editions_of(self._since_dates))
            self.dates, self._since_dates = {address: date for address, date in dates.items() if date}, [dict(self.desk.files)]
            yield from self._reads(server.url)
            server.signal(15)
            status = server.wait()
            yield from self._words(server, status, hurt)
        finally:
            server.kill(alone=None)
        self._mend(hurt)

    def built_again(self) -> Iterator[str]:
        hurt = self._hurt()
        builder = Started("build", self.out, self.root, "--state", self.state, *(["--skip-broken"] if hurt else []))
        try:
            yield from self._words(builder, builder.wait(), hurt)
        finally:
            builder.kill(alone=None)
        yield from invariants.tree(self.out, self.edition)
        times = {address: (self.out / name_of(address)).stat().st_mtime_ns for address in self.edition}
        yield from invariants.steady(self.times, times, self.editions_of(self._since_times))
        self.times, self._since_times = times, [dict(self.desk.files)]
        self._mend(hurt)

    def stamped_again(self) -> Iterator[str]:
        stamper = Started("stamp", self.root)
        try:
            yield from self._words(stamper, stamper.wait(), "")
        finally:
            stamper.kill(alone=None)
        stamped = {path: next(iter(after)) for path, after in self.changes.items()}
        yield from invariants.editors_files(self.root, {**self.desk.files, **stamped}, {})
        yield from (f"{left} is left in the editors' folder" for left in self.root.rglob(f"{TEMPORARY_PREFIX}*"))
        for path in self.changes:
            self.desk.delete(path)
        self.changes = {}

    def _reads(self, url: str) -> Iterator[str]:
        """A read that the database had is never lost, and none is counted that nobody made."""
        end = time.monotonic() + 10
        while (got := ask(url, f"{OPENED}views")).status == 503 and time.monotonic() < end:
            time.sleep(0.05)
        now = json.loads(got.body)["views"]
        if not self.counted <= now <= self.posted:
            yield f"{now} reads are counted, after {self.counted}, and of {self.posted} that were made"
        self.counted = now

    def _words(self, process: Started, status: int, hurt: str) -> Iterator[str]:
        if status or "Traceback" in process.said:
            yield f"exit status {status}: {process.said}"
        if hurt and f"{hurt}:" not in process.said:
            yield f"{hurt} is broken, which was not told: {process.said}"

    def _hurt(self) -> str:
        """Break a file of which the last valid version has to be known, at times; its path."""
        sound = [
            path for path in self.desk.articles if all(state.get(path) == self.remembered.get(path) for state in self.states)
        ]
        path = self.random.choice(sound) if sound and self.random.random() < 0.4 else ""
        if path:
            (self.root / path).write_bytes(BROKEN)
        return path

    def _mend(self, hurt: str) -> None:
        if hurt:
            (self.root / hurt).write_bytes(self.desk.files[hurt])
        self.remembered = dict(self.desk.files)
