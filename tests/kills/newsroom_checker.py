"""Check the invariants of one newsroom with its state folder and static tree while one process after another is killed."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from random import Random
from urllib.parse import quote

from feedsvc.support.atomic_write import CONTENT_PREFIX
from tests.helpers.http_client import ask, ask_until_final
from tests.kills import invariants
from tests.kills.newsroom import AtomicEditors, BytesByPath, PublishedDocuments, ReferencePublisher, file_name_of
from tests.kills.process_group import CommandProcess
from tests.kills.readers import ConcurrentReaders

COUNTED_ARTICLE = "/articles/boats/"  # its reads are counted
BROKEN_YAML = b"nonsense: [\n"


class NewsroomChecker:
    """The newsroom. `states_since_start` holds the states of the editors' files since the last process started."""

    def __init__(self, home: Path, random: Random) -> None:
        self.root, self.state, self.out = home / "content", home / "state", home / "out"
        self.random, self._copies = random, home / "copies"
        self.editors = AtomicEditors(self.root, random)
        self.publisher = ReferencePublisher(home / "fresh")
        self.states_since_start: list[BytesByPath] = []
        self.known_addresses: set[str] = set()  # of all editions so far
        self.files_at_clean_start: BytesByPath = {}  # the files at the last start that was not killed
        self.last_modified: dict[str, str] = {}
        self.file_times: dict[str, int] = {}
        self._states_since_dates: list[BytesByPath] = []
        self._states_since_times: list[BytesByPath] = []
        self.posted_reads = self.counted_reads = 0
        self.allowed_changes: Mapping[str, Collection[bytes]] = {}
        self.temporary_articles: list[str] = []
        self.start_round()

    def start_round(self) -> None:
        self.states_since_start = []
        self.record_state()

    def record_state(self) -> None:
        """Record the current files as one more state."""
        for states in (self.states_since_start, self._states_since_dates, self._states_since_times):
            states.append(dict(self.editors.files))

    def edit(self) -> None:
        self.editors.edit_randomly()
        self.record_state()

    def addresses(self) -> list[str]:
        self.known_addresses |= self.publisher.documents_of(self.states_since_start[-1]).keys()
        addresses = sorted(self.known_addresses)
        self.random.shuffle(addresses)
        return addresses

    @property
    def documents(self) -> PublishedDocuments:
        return self.publisher.documents_of(self.editors.files)

    def documents_of_states(self, states: list[BytesByPath]) -> list[PublishedDocuments]:
        return [self.publisher.documents_of(state) for state in states]

    def find_problems(self, readers: ConcurrentReaders, *, tree: bool) -> Iterator[str]:
        """Yield the violations right after a kill, before another process starts."""
        yield from invariants.find_changed_editor_files(self.root, self.editors.files, self.allowed_changes)
        yield from invariants.find_invalid_reads(
            readers.bodies, self.documents_of_states(self._states_since_times if tree else self.states_since_start), tree=tree
        )
        yield from (f"a response was incomplete before the kill: {error}" for error in readers.errors)
        yield from invariants.find_damaged_databases(self.state, self._copies)
        if tree:
            yield from invariants.find_unrecorded_files(self.out)

    # --- The process after the kill, which ends by itself

    def check_server(self) -> Iterator[str]:
        broken_path = self._break_article()
        server = CommandProcess("serve", self.root, "--port", "0", "--state", self.state)
        try:
            assert server.wait_for_output(" at http://"), server.stderr
            responses = {address: ask_until_final(server.url, quote(address)) for address in self.addresses()}
            yield from invariants.find_response_differences(
                {address: (response.status, response.body) for address, response in responses.items()}, self.documents
            )
            dates = {address: response["last-modified"] for address, response in responses.items() if response.status == 200}
            yield from invariants.find_changed_dates(
                self.last_modified, dates, self.documents_of_states(self._states_since_dates)
            )
            self.last_modified, self._states_since_dates = (
                {address: date for address, date in dates.items() if date},
                [dict(self.editors.files)],
            )
            yield from self._check_reads(server.url)
            server.signal(15)
            status = server.wait()
            yield from self._check_output(server, status, broken_path)
        finally:
            server.kill(leader_first=None)
        self._repair_article(broken_path)

    def check_build(self) -> Iterator[str]:
        broken_path = self._break_article()
        builder = CommandProcess("build", self.out, self.root, "--state", self.state, *(["--skip-broken"] if broken_path else []))
        try:
            yield from self._check_output(builder, builder.wait(), broken_path)
        finally:
            builder.kill(leader_first=None)
        yield from invariants.find_tree_differences(self.out, self.documents)
        yield from invariants.find_manifest_differences(self.out)
        times = {address: (self.out / file_name_of(address)).stat().st_mtime_ns for address in self.documents}
        yield from invariants.find_changed_dates(self.file_times, times, self.documents_of_states(self._states_since_times))
        self.file_times, self._states_since_times = times, [dict(self.editors.files)]
        self._repair_article(broken_path)

    def check_stamp(self) -> Iterator[str]:
        stamper = CommandProcess("stamp", self.root)
        try:
            yield from self._check_output(stamper, stamper.wait(), "")
        finally:
            stamper.kill(leader_first=None)
        files_with_ids = {path: next(iter(allowed)) for path, allowed in self.allowed_changes.items()}
        yield from invariants.find_changed_editor_files(self.root, {**self.editors.files, **files_with_ids}, {})
        yield from (f"{path} remains in the editors' folder" for path in self.root.rglob(f"{CONTENT_PREFIX}*"))
        for path in self.allowed_changes:
            self.editors.delete(path)
        self.allowed_changes = {}

    def _check_reads(self, url: str) -> Iterator[str]:
        """Check that no counted read is lost and that no read is counted that no client posted."""
        deadline = time.monotonic() + 10
        while (response := ask(url, f"{COUNTED_ARTICLE}views")).status == 503 and time.monotonic() < deadline:
            time.sleep(0.05)
        views = json.loads(response.body)["views"]
        if not self.counted_reads <= views <= self.posted_reads:
            yield f"{views} reads are counted after {self.counted_reads} before; clients posted {self.posted_reads}"
        self.counted_reads = views

    def _check_output(self, process: CommandProcess, status: int, broken_path: str) -> Iterator[str]:
        if status or "Traceback" in process.stderr:
            yield f"exit status {status}: {process.stderr}"
        if broken_path and f"{broken_path}:" not in process.stderr:
            yield f"{broken_path} is broken, but stderr does not report it: {process.stderr}"

    def _break_article(self) -> str:
        """Break, in 40 % of the calls, an article whose last valid version must be known; return its path, or "" if none."""
        unchanged = [
            path
            for path in self.editors.article_paths
            if all(state.get(path) == self.files_at_clean_start.get(path) for state in self.states_since_start)
        ]
        path = self.random.choice(unchanged) if unchanged and self.random.random() < 0.4 else ""
        if path:
            (self.root / path).write_bytes(BROKEN_YAML)
        return path

    def _repair_article(self, broken_path: str) -> None:
        if broken_path:
            (self.root / broken_path).write_bytes(self.editors.files[broken_path])
        self.files_at_clean_start = dict(self.editors.files)
