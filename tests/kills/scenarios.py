"""Rounds of kills: kill a process at a random moment, check all invariants, then run the process to its end and check again."""

from __future__ import annotations

import math
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tests.kills.change_notifications import FolderEvents
from tests.kills.newsroom_checker import COUNTED_ARTICLE, NewsroomChecker
from tests.kills.process_group import CommandProcess
from tests.kills.readers import ConcurrentReaders

_MAX_WAIT: Final = 4.0  # seconds to wait for the events at which a process is killed
_MAX_PROBLEMS: Final = 12  # reported for a round
_SERVING_TEXT: Final = " at http://"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A command that is killed.

    `arguments` start it. `ready_text` is its output as soon as it serves or watches, "" if it ends by itself. `prepare` runs
    before the start, `change_files` after the kill, then `check` runs the command again. `max_events` is about the number of
    events in its folders.
    """

    arguments: Callable[[NewsroomChecker], tuple[str | Path, ...]]
    check: Callable[[NewsroomChecker], Iterator[str]]
    prepare: Callable[[NewsroomChecker], None] = lambda _: None
    change_files: Callable[[NewsroomChecker], None] = lambda _: None
    ready_text: str = ""
    max_events: int = 40
    writes_tree: bool = False
    gets_sigterm: bool = False  # before it is killed


def _serve(newsroom: NewsroomChecker, *options: str) -> tuple[str | Path, ...]:
    return "serve", newsroom.root, "--port", "0", "--state", newsroom.state, *options


def _build(newsroom: NewsroomChecker, *options: str) -> tuple[str | Path, ...]:
    return "build", newsroom.out, newsroom.root, "--state", newsroom.state, *options


def _delete_state(newsroom: NewsroomChecker) -> None:
    """Delete the state folder, so that the next process reads and stores everything."""
    shutil.rmtree(newsroom.state, ignore_errors=True)
    newsroom.files_at_clean_start, newsroom.last_modified = {}, {}
    newsroom.posted_reads = newsroom.counted_reads = 0


def _change_all_pages(newsroom: NewsroomChecker) -> None:
    """Change every page and add some articles."""
    newsroom.editors.edit_randomly()
    newsroom.editors.change_site_title()
    newsroom.temporary_articles = newsroom.editors.save_temporary_articles(6)
    newsroom.record_state()


def _delete_tree(newsroom: NewsroomChecker) -> None:
    """Delete the tree, so that the next build creates every file."""
    shutil.rmtree(newsroom.out, ignore_errors=True)
    newsroom.file_times = {}
    _change_all_pages(newsroom)


def _change_files_again(newsroom: NewsroomChecker) -> None:
    """Change or remove everything that the killed build may have written without recording it."""
    for path in newsroom.temporary_articles:
        newsroom.editors.delete(path)
    newsroom.temporary_articles = []
    newsroom.editors.change_site_title()
    newsroom.record_state()


def _add_articles_without_id(newsroom: NewsroomChecker) -> None:
    paths = newsroom.editors.save_articles_without_id(8)
    newsroom.start_round()
    files_with_ids = newsroom.publisher.with_ids(newsroom.editors.files)
    newsroom.allowed_changes = {path: (files_with_ids[path],) for path in paths}


SCENARIOS: Final = {
    "build": Scenario(
        arguments=_build,
        check=NewsroomChecker.check_build,
        prepare=_change_all_pages,
        change_files=_change_files_again,
        max_events=1200,
        writes_tree=True,
    ),
    "build with two processes": Scenario(
        arguments=lambda newsroom: _build(newsroom, "--processes", "2"),
        check=NewsroomChecker.check_build,
        prepare=_delete_tree,
        change_files=_change_files_again,
        max_events=1200,
        writes_tree=True,
    ),
    "build --watch": Scenario(
        arguments=lambda newsroom: _build(newsroom, "--watch"),
        check=NewsroomChecker.check_build,
        ready_text="keeping",
        max_events=1200,
        writes_tree=True,
    ),
    "first start": Scenario(
        arguments=_serve, check=NewsroomChecker.check_server, prepare=_delete_state, ready_text=_SERVING_TEXT
    ),
    "serve": Scenario(arguments=_serve, check=NewsroomChecker.check_server, ready_text=_SERVING_TEXT),
    "serve with two workers": Scenario(
        arguments=lambda newsroom: _serve(newsroom, "--workers", "2"),
        check=NewsroomChecker.check_server,
        ready_text=_SERVING_TEXT,
        max_events=60,
    ),
    "stop": Scenario(
        arguments=_serve, check=NewsroomChecker.check_server, ready_text=_SERVING_TEXT, max_events=20, gets_sigterm=True
    ),
    "stamp": Scenario(
        arguments=lambda newsroom: ("stamp", newsroom.root),
        check=NewsroomChecker.check_stamp,
        prepare=_add_articles_without_id,
        max_events=60,
    ),
}


class Round:
    """One kill. `killed_running_process` is True if the process still ran when it was killed."""

    def __init__(self, newsroom: NewsroomChecker, scenario: Scenario, random: Random) -> None:
        self._newsroom, self._scenario, self._random = newsroom, scenario, random
        self._readers = ConcurrentReaders()
        self.killed_running_process = False
        self.kill_description = ""

    def run(self) -> list[str]:
        """Run the round; return the violations, and stderr after them if there are any."""
        newsroom, scenario = self._newsroom, self._scenario
        newsroom.start_round()
        scenario.prepare(newsroom)
        folders = [
            newsroom.state,
            *([newsroom.out] if scenario.writes_tree else []),
            *([newsroom.root] if newsroom.allowed_changes else []),
        ]
        newsroom.state.mkdir(exist_ok=True)
        with FolderEvents(folders) as events:
            process = CommandProcess(*scenario.arguments(newsroom))
            try:
                self._run_until_kill(process, events)
            finally:
                self._readers.kill_started.set()
                process.kill(leader_first=self._random.choice((None, 0.0, self._random.uniform(0, 0.05))))
                self._readers.stop()
        newsroom.posted_reads += self._readers.posted_reads
        problems = [
            *newsroom.find_problems(self._readers, tree=scenario.writes_tree),
            *(["a traceback"] if "Traceback" in process.stderr else []),
        ]
        scenario.change_files(newsroom)
        problems += scenario.check(newsroom)
        return [*problems[:_MAX_PROBLEMS], process.stderr] if problems else []

    def _run_until_kill(self, process: CommandProcess, events: FolderEvents) -> None:
        if self._scenario.writes_tree:
            self._readers.start(lambda: self._readers.read_tree(self._newsroom.out))
        kill_done = threading.Event()
        killer_thread = threading.Thread(target=self._kill_at_random, args=(process, events, kill_done))
        killer_thread.start()
        if self._scenario.ready_text and self._wait_until_ready(process, kill_done):
            self._edit_and_read(process, kill_done)
        killer_thread.join()

    def _wait_until_ready(self, process: CommandProcess, kill_done: threading.Event) -> bool:
        while not kill_done.is_set():
            if process.wait_for_output(self._scenario.ready_text, 0.05):
                return True
        return False

    def _edit_and_read(self, process: CommandProcess, kill_done: threading.Event) -> None:
        if self._scenario.ready_text == _SERVING_TEXT:
            url, random = process.url, Random(self._random.random())
            self._readers.start(lambda: self._readers.read_server(url, self._newsroom.addresses))
            self._readers.start(lambda: self._readers.open_article(url, COUNTED_ARTICLE, random))
        # Longer than a scan of the folder takes: if a scan sees only some of several saves, no edition corresponds to it.
        while not kill_done.wait(self._random.uniform(0.15, 0.4)):
            self._newsroom.edit()

    def _kill_at_random(self, process: CommandProcess, events: FolderEvents, kill_done: threading.Event) -> None:
        """Kill the process at a random event in its folders or after a random time, whichever comes first."""
        if self._scenario.gets_sigterm or (self._scenario.ready_text and self._random.random() < 0.5):
            process.wait_for_output(self._scenario.ready_text)
            time.sleep(self._random.uniform(0.0, 2.5))
        event_number = int(math.exp(self._random.uniform(0, math.log(self._scenario.max_events))))
        if self._scenario.gets_sigterm:
            self._readers.kill_started.set()
            process.signal(signal.SIGTERM)
        reached = events.wait(event_number, self._random.uniform(0.2, _MAX_WAIT) if not self._scenario.gets_sigterm else 0.3)
        self.killed_running_process = process.is_running()
        self._readers.kill_started.set()
        process.kill(leader_first=self._random.choice((None, 0.0, self._random.uniform(0, 0.05))))
        self.kill_description = f"at event {event_number}" if reached else "after a random time"
        kill_done.set()


def run(home: Path, number: int, seed: str, print_line: Callable[[str], None]) -> Counter[str]:
    """Run `number` rounds; return for each scenario how often a running process was killed.

    Raises AssertionError with the seed, the round and its violations.
    """
    random = Random(seed)
    newsroom, kills = NewsroomChecker(home, random), Counter[str]()
    names = [name for _ in range(number // len(SCENARIOS) + 1) for name in random.sample([*SCENARIOS], len(SCENARIOS))][:number]
    for count, name in enumerate(names, 1):
        start = time.monotonic()
        current_round = Round(newsroom, SCENARIOS[name], random)
        problems = current_round.run()
        description = current_round.kill_description
        ended = "" if current_round.killed_running_process else " (it had ended)"
        print_line(f"round {count}, {name}: killed {description}{ended}, {time.monotonic() - start:.1f} s")
        assert not problems, "\n".join((f"FEEDSVC_KILL_SEED={seed}, round {count} ({name}, {description}):", *problems))
        kills[name] += current_round.killed_running_process
    return kills
