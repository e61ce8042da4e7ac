"""Editors at work on a real folder that is a git working tree, and what the folder counts for after each of their doings."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tests.helpers.newsrooms import picture

BASE: Final = "https://news.example"
PAUSED: Final = 0.5  # seconds between two doings to one file: of a version overwritten while it is read, nobody can tell
SETTLED: Final = 3.0  # seconds; what lay there so long has been read, even by a server that is short of breath

_SITE: Final = f"title: Harbour & Hills\nbase_url: {BASE}\nid_domain: news.example\nsince: 2020-01-01\nfeed: {{entries: 6}}\n"
_CATEGORIES: Final = "asia: {title: Asia, aliases: [east]}\nsport: {title: Sport}\n"
_AUTHORS: Final = "mina: {name: Mina Park}\ntuan: {name: Lê Tuấn}\n"
SETTINGS: Final[Mapping[str, str]] = {"site.yaml": _SITE, "categories.yaml": _CATEGORIES, "authors.yaml": _AUTHORS}
PICTURED: Final = "articles/pictured.yaml"
PICTURE: Final = "media/pictured.png"
# Addresses that there are whatever editors do, and one that there never is.
STEADY: Final = (
    "/",
    "/feed.rss",
    "/feed.atom",
    "/feed.json",
    "/category/asia/",
    "/category/sport/feed.atom",
    "/category/east/feed.rss",
    "/author/mina/feed.json",
    "/author/tuan/",
    "/tag/sea/feed.rss",
    "/tag/hills/feed.atom",
    "/sitemap.xml",
    "/feeds.opml",
    "/tags/",
    "/articles/pictured/",
    "/articles/nothing-of-that-name/",
    "/media/pictured.png",
)


def text(stem: str, word: str, **keys: str) -> bytes:
    facts = {
        "id": f"tag:news.example,2026:{stem}",
        "title": f"{stem} {word}",
        "published": f"2026-0{1 + len(word) % 2}-{1 + sum(stem.encode()) % 28:02}",
        "category": ("asia", "sport")[sum(word.encode()) % 2],
        "author": ("mina", "tuan")[sum(stem.encode()) % 2],
        "tags": ("[port, sea]", "[hills]")[len(stem) % 2],
    } | keys
    return (
        "".join(f"{key}: {value}\n" for key, value in facts.items()).encode()
        + f"body: |\n  What {word} tells of {stem}.\n".encode()
    )


def branches() -> dict[str, dict[str, bytes]]:
    """Two branches that differ in thirty files: 12 edited, 6 gone, 12 new."""
    shared = {name: data.encode() for name, data in SETTINGS.items()}
    shared |= {PICTURE: picture(40, 30, "PNG"), PICTURED: text("pictured", "seen", image="{src: media/pictured.png, alt: A}")}
    one = {f"articles/base-{n:02}.yaml": text(f"base-{n:02}", "first") for n in range(20)}
    other = {path: text(Path(path).stem, "other") if n < 12 else data for n, (path, data) in enumerate(one.items())}
    other = dict([*other.items()][:12] + [*other.items()][18:])
    other |= {f"articles/only-{n:02}.yaml": text(f"only-{n:02}", "other") for n in range(12)}
    return {"one": shared | one, "other": shared | other}


@dataclass(frozen=True, kw_only=True)
class State:
    """What a folder counts for: broken files as they last were valid. `begun` and `ended`, Unix time: when it came to be."""

    what: str
    begun: float
    ended: float
    files: Mapping[str, bytes]


class Desk:
    """`disk` is what lies in the folder, `good` what it counts for."""

    def __init__(self, root: Path, random: Random) -> None:
        self.root, self.random = root, random
        self._branches, self._branch = branches(), "one"
        self.disk: dict[str, bytes] = {}
        self._make()
        self.good = dict(self.disk)
        self.states = [State(what="the first", begun=0, ended=0, files=dict(self.good))]
        self.moments: list[int] = []
        self.copies: set[str] = set()
        self.slugs = [Path(path).stem for path in self.disk if path.startswith("articles/")]
        self._touched = dict.fromkeys(self.disk, 0.0)
        self._count = 0
        self._doings = {self.create: 10, self.edit: 30, self.hurt: 12, self.mend: 10, self.rename: 10, self.delete: 9}
        self._doings |= {self.schedule: 4, self.withdraw: 5, self.checkout: 1, self.copy: 3, self.settle: 3, self.repaint: 2}

    def act(self) -> None:
        """One of the doings, if there is anything to do it to."""
        while not self.random.choices([*self._doings], [*self._doings.values()])[0]():
            pass

    def create(self) -> bool:
        path = self._new()
        self._save("create", path, text(Path(path).stem, self._word()))
        return True

    def edit(self) -> bool:
        path = self._pick(lambda path: path not in self.broken)
        return bool(path) and self._save("edit", path, text(Path(path).stem, self._word(), aliases=f"[once-{Path(path).stem}]"))

    def hurt(self) -> bool:
        path = self._pick(self._is_settled) if self.random.random() < 0.85 else self.random.choice([*SETTINGS])
        if not path or not self._is_settled(path) or not self._is_its_own(path):
            return False
        self._put(path, self._wrong(path, self.disk[path]))
        self._step(f"hurt {path}")
        return True

    def mend(self) -> bool:
        path = self.random.choice([*self.broken, ""])
        if not path:
            return False
        return self._save("mend", path, SETTINGS[path].encode() if path in SETTINGS else text(Path(path).stem, self._word()))

    def rename(self) -> bool:
        path, new = self._pick(), self._new()
        if not path:
            return False
        begun = time.time()
        (self.root / new).parent.mkdir(exist_ok=True)
        os.rename(self.root / path, self.root / new)
        whole = path not in self.broken
        self._forget(path)
        self.disk[new], self._touched[new] = (self.root / new).read_bytes(), time.time()
        if whole:
            self.good[new] = self.disk[new]
        self._step(f"rename {path} {new}", begun)
        return True

    def delete(self) -> bool:
        path = self._pick(copies=True)
        if not path:
            return False
        begun = time.time()
        (self.root / path).unlink()
        self._forget(path)
        self._step(f"delete {path}", begun)
        return True

    def schedule(self) -> bool:
        path, moment = self._new(), int(time.time() + self.random.uniform(1.5, 2.5))
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
        key = self.random.choice(["published", "expires"])
        self.moments.append(moment)
        return self._save("schedule", path, text(Path(path).stem, self._word(), **{key: when}))

    def withdraw(self) -> bool:
        path = self._pick(lambda path: path not in self.broken)
        return bool(path) and self._save("withdraw", path, text(Path(path).stem, self._word(), status="withdrawn"))

    def copy(self) -> bool:
        path = self._pick(lambda path: path not in self.broken)
        if not path:
            return False
        new = str(Path(path).with_name(f"copy-of-{Path(path).stem}-{self._number()}.yaml"))
        self.copies.add(new)
        return self._save("copy", new, self.disk[path])

    def settle(self) -> bool:
        """Other settings, of which every document tells."""
        path = self.random.choice([*SETTINGS])
        if path in self.broken:
            return False
        old, word = {"site.yaml": "Harbour & Hills", "categories.yaml": "Asia,", "authors.yaml": "Mina Park"}[path], self._word()
        return self._save("settle", path, SETTINGS[path].replace(old, f"{word}{',' * old.endswith(',')}").encode())

    def repaint(self) -> bool:
        return self._save("repaint", PICTURE, picture(self.random.randint(20, 60), 30, "PNG"), way=self._replace)

    def checkout(self) -> bool:
        """What git does: takes away what the other branch lacks, then writes what differs, each in the order of paths."""
        time.sleep(PAUSED / 2)
        before, begun = self._branches[self._branch], time.time()
        self._branch = "other" if self._branch == "one" else "one"
        after = self._branches[self._branch]
        git(self.root, "checkout", "-q", "-f", self._branch)
        ended = time.time()
        for path in sorted(before.keys() - after.keys()):
            if path in self.disk:
                self._forget(path)
                self._step(f"checkout takes {path}", begun, ended)
        for path in sorted(path for path, data in after.items() if self.disk.get(path) != data):
            self.disk[path] = self.good[path] = after[path]
            self._step(f"checkout brings {path}", begun, ended)
        self._touched |= dict.fromkeys(after, ended)
        return True

    def mend_everything(self) -> None:
        for path in sorted(self.copies):
            (self.root / path).unlink()
            self._forget(path)
            self._step(f"delete {path}")
        for path in sorted(self.broken):
            self._save("mend", path, SETTINGS[path].encode() if path in SETTINGS else text(Path(path).stem, "mended"))
        for path in sorted(path for path in self.disk if path.startswith("articles/")):
            self._save("own id", path, text(Path(path).stem, "whole")) if path != PICTURED else None

    @property
    def broken(self) -> list[str]:
        return [path for path, data in self.disk.items() if self.good.get(path) != data]

    def _make(self) -> None:
        self.root.mkdir()
        git(self.root, "init", "-q", "-b", "one")
        for name, files in self._branches.items():
            git(self.root, "checkout", "-q", "-B", name)
            git(self.root, "rm", "-q", "-r", "--ignore-unmatch", ".")
            for path, data in files.items():
                (self.root / path).parent.mkdir(parents=True, exist_ok=True)
                (self.root / path).write_bytes(data)
            git(self.root, "add", "-A")
            git(self.root, "commit", "-q", "-m", name)
        git(self.root, "checkout", "-q", "-f", self._branch)
        self.disk = dict(self._branches[self._branch])

    def _pick(self, fits: Callable[[str], bool] = lambda path: True, *, copies: bool = False) -> str:
        paths = [path for path in sorted(self.disk) if path.startswith("articles/") and path != PICTURED and fits(path)]
        paths = [path for path in paths if time.time() - self._touched[path] > PAUSED]
        return self.random.choice([path for path in paths if copies or path not in self.copies] or [""])

    def _is_settled(self, path: str) -> bool:
        return path not in self.broken and time.time() - self._touched[path] > SETTLED

    def _is_its_own(self, path: str) -> bool:
        """Whether no other file can have its id: who lost it to another may never have stood, so nothing stands in for it."""
        return path in SETTINGS or self.disk[path].startswith(f"id: tag:news.example,2026:{Path(path).stem}\n".encode())

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _new(self) -> str:
        stem = f"new-{self._number():03}"
        self.slugs.append(stem)
        return f"articles/{stem}.yaml"

    def _word(self) -> str:
        return self.random.choice(["harbour", "mist", "gulls", "tide"]) + str(self._number())

    def _wrong(self, path: str, data: bytes) -> bytes:
        if path in SETTINGS:
            return data + b"tail: [\n"
        faults = (
            data + b"nonsense: 1\n",
            b"title: [\n",
            data.replace(b"author: ", b"author: no"),
            b"",
            data.replace(b"published: 2026-0", b"published: 2026-9"),
        )
        return self.random.choice(faults)

    def _save(self, what: str, path: str, data: bytes, way: Callable[[Path, bytes], None] | None = None) -> bool:
        begun = time.time()
        self._put(path, data, way)
        self.good[path] = data
        self._step(f"{what} {path}", begun)
        return True

    def _put(self, path: str, data: bytes, way: Callable[[Path, bytes], None] | None = None) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        (way or self.random.choice([self._replace, self._overwrite, self._halve, self._dance]))(file, data)
        self.disk[path] = data
        self._touched[path] = time.time()

    def _step(self, what: str, begun: float = 0, ended: float = 0) -> None:
        now = time.time()
        self.states.append(State(what=what, begun=begun or now, ended=ended or now, files=dict(self.good)))

    def _forget(self, path: str) -> None:
        del self.disk[path]
        self.good.pop(path, None)
        self._touched.pop(path, None)
        self.copies.discard(path)

    @staticmethod
    def _replace(file: Path, data: bytes) -> None:
        new = file.with_name(f".{file.name}.tmp")
        new.write_bytes(data)
        new.replace(file)

    @staticmethod
    def _overwrite(file: Path, data: bytes) -> None:
        file.write_bytes(data)

    @staticmethod
    def _halve(file: Path, data: bytes) -> None:
        with open(file, "wb", buffering=0) as half:
            half.write(data[: len(data) // 2])
            time.sleep(0.003)
            half.write(data[len(data) // 2 :])

    def _dance(self, file: Path, data: bytes) -> None:
        """As vim saves: the old file under another name, a new one in its place."""
        if file.exists():
            file.rename(f"{file}~")
        self._overwrite(file, data)
        file.with_name(f"{file.name}~").unlink(missing_ok=True)


def git(root: Path, *arguments: str) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {f"GIT_{role}_{fact}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for fact in ("NAME", "EMAIL")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, env=own | who | quiet, timeout=30)
