"""A round: a process begins its work, is killed at a random moment, and everything is looked at; then it is done again."""

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

from tests.kills.change_notifications import Notices
from tests.kills.killed_newsroom import OPENED, House
from tests.kills.process_group import Started
from tests.kills.readers import Reading

_LONGEST: Final = 4.0  # seconds that a process is waited for to do what it shall be killed amid
_TOLD: Final = 12  # of what is wrong
_SERVES: Final = " at http://"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`words` begin it; `ready` is what it says when it serves or follows, "" if it ends by itself. `after` is what editors do
    between the kill and what comes `again`.

    `most` is about how many notices of changes in its folders come of its work.
    """

    words: Callable[[House], tuple[str | Path, ...]]
    again: Callable[[House], Iterator[str]]
    before: Callable[[House], None] = lambda _: None
    after: Callable[[House], None] = lambda _: None
    ready: str = ""
    most: int = 40
    is_tree: bool = False
    is_stopped: bool = False  # by SIGTERM, before it is killed


def _serve(house: House, *more: str) -> tuple[str | Path, ...]:
    return "serve", house.root, "--port", "0", "--state", house.state, *more


def _build(house: House, *more: str) -> tuple[str | Path, ...]:
    return "build", house.out, house.root, "--state", house.state, *more


def _forget(house: House) -> None:
    """The first start of all: everything is read, and written down."""
    shutil.rmtree(house.state, ignore_errors=True)
    house.remembered, house.dates = {}, {}
    house.posted = house.counted = 0


def _change_much(house: House) -> None:
    """Every page is another, and some are new."""
    house.desk.act()
    house.desk.retitle()
    house.passing = house.desk.pass_by(6)
    house.keep()


def _build_anew(house: House) -> None:
    """The first build of all: no file was ever noted."""
    shutil.rmtree(house.out, ignore_errors=True)
    house.times = {}
    _change_much(house)


def _change_again(house: House) -> None:
    """What was written and not yet noted is another by now, or belongs there no more."""
    for path in house.passing:
        house.desk.delete(path)
    house.passing = []
    house.desk.retitle()
    house.keep()


def _leave_unstamped(house: House) -> None:
    paths = house.desk.unstamped(8)
    house.begin()
    stamped = house.editions.stamped(house.desk.files)
    house.changes = {path: (stamped[path],) for path in paths}


SCENES: Final = {
    "build": Scene(words=_build, again=House.built_again, before=_change_much, after=_change_again, most=1200, is_tree=True),
    "build by two": Scene(
        words=lambda house: _build(house, "--processes", "2"),
        again=House.built_again,
        before=_build_anew,
        after=_change_again,
        most=1200,
        is_tree=True,
    ),
    "build --watch": Scene(
        words=lambda house: _build(house, "--watch"), again=House.built_again, ready="keeping", most=1200, is_tree=True
    ),
    "first start": Scene(words=_serve, again=House.served_again, before=_forget, ready=_SERVES),
    "serve": Scene(words=_serve, again=House.served_again, ready=_SERVES),
    "serve by two": Scene(words=lambda house: _serve(house, "--workers", "2"), again=House.served_again, ready=_SERVES, most=60),
    "stop": Scene(words=_serve, again=House.served_again, ready=_SERVES, most=20, is_stopped=True),
    "stamp": Scene(words=lambda house: ("stamp", house.root), again=House.stamped_again, before=_leave_unstamped, most=60),
}


class Round:
    """One kill. `harm` is what went wrong; `hit` whether the process was still at work when it came."""

    def __init__(self, house: House, scene: Scene, random: Random) -> None:
        self._house, self._scene, self._random = house, scene, random
        self._reading = Reading()
        self.hit = False
        self.moment = ""

    def run(self) -> list[str]:
        house, scene = self._house, self._scene
        house.begin()
        scene.before(house)
        folders = [house.state, *([house.out] if scene.is_tree else []), *([house.root] if house.changes else [])]
        house.state.mkdir(exist_ok=True)
        with Notices(folders) as notices:
            process = Started(*scene.words(house))
            try:
                self._go_on(process, notices)
            finally:
                self._reading.killed.set()
                process.kill(alone=self._random.choice((None, 0.0, self._random.uniform(0, 0.05))))
                self._reading.stop()
        house.posted += self._reading.posted
        harm = [*house.harm(self._reading, tree=scene.is_tree), *(["a traceback"] if "Traceback" in process.said else [])]
        scene.after(house)
        harm += scene.again(house)
        return [*harm[:_TOLD], process.said] if harm else []

    def _go_on(self, process: Started, notices: Notices) -> None:
        if self._scene.is_tree:
            self._reading.begin(lambda: self._reading.tree(self._house.out))
        over = threading.Event()
        killing = threading.Thread(target=self._kill_some_time, args=(process, notices, over))
        killing.start()
        if self._scene.ready and self._hears(process, over):
            self._work(process, over)
        killing.join()

    def _hears(self, process: Started, over: threading.Event) -> bool:
        while not over.is_set():
            if process.wait_to_hear(self._scene.ready, 0.05):
                return True
        return False

    def _work(self, process: Started, over: threading.Event) -> None:
        if self._scene.ready == _SERVES:
            url, random = process.url, Random(self._random.random())
            self._reading.begin(lambda: self._reading.server(url, self._house.addresses))
            self._reading.begin(lambda: self._reading.article(url, OPENED, random))
        # Longer than a look at the folder takes: of saves that one look meets half, there is no edition.
        while not over.wait(self._random.uniform(0.15, 0.4)):
            self._house.act()

    def _kill_some_time(self, process: Started, notices: Notices, over: threading.Event) -> None:
        """At the nth change of its files, or at a moment of the clock."""
        if self._scene.is_stopped or (self._scene.ready and self._random.random() < 0.5):
            process.wait_to_hear(self._scene.ready)
            time.sleep(self._random.uniform(0.0, 2.5))
        number = int(math.exp(self._random.uniform(0, math.log(self._scene.most))))
        if self._scene.is_stopped:
            self._reading.killed.set()
            process.signal(signal.SIGTERM)
        came = notices.wait(number, self._random.uniform(0.2, _LONGEST) if not self._scene.is_stopped else 0.3)
        self.hit = process.is_at_work()
        self._reading.killed.set()
        process.kill(alone=self._random.choice((None, 0.0, self._random.uniform(0, 0.05))))
        self.moment = f"at the {number}th notice" if came else "at a moment of the clock"
        over.set()


def run(home: Path, number: int, seed: str, say: Callable[[str], None]) -> Counter[str]:
    """So many rounds; how often each scene was killed at work. Fails with the seed, the round and all that was wrong."""
    random = Random(seed)
    house, hits = House(home, random), Counter[str]()
    names = [name for _ in range(number // len(SCENES) + 1) for name in random.sample([*SCENES], len(SCENES))][:number]
    for count, name in enumerate(names, 1):
        begun = time.monotonic()
        one = Round(house, SCENES[name], random)
        harm = one.run()
        say(f"round {count}, {name}: killed {one.moment}{'' if one.hit else ' (over by then)'}, {time.monotonic() - begun:.1f} s")
        assert not harm, "\n".join((f"FEEDSVC_KILL_SEED={seed}, round {count} ({name}, {one.moment}):", *harm))
        hits[name] += one.hit
    return hits
