"""Simulate editors who change a git working tree at random, and record the valid files after each change."""

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
from tests.live.edited_files import PICTURE_ARTICLE, PICTURE_FILE, SETTINGS, article_bytes, branches

MIN_PAUSE: Final = 0.5  # seconds between two changes of a file: the server may never read a version that is overwritten sooner
READ_DELAY: Final = 3.0  # seconds; even a busy server has read a file that is unchanged for so long


@dataclass(frozen=True, kw_only=True)
class FolderState:
    """The valid files of a folder after one action: a broken file counts with its last valid bytes.

    The action took place between `start` and `end`, in Unix time.
    """

    action: str
    start: float
    end: float
    files: Mapping[str, bytes]


class SimulatedEditors:
    """`files_on_disk` are the files in the folder, `valid_files` those that a server should show, each by path."""

    def __init__(self, root: Path, random: Random) -> None:
        self.root, self.random = root, random
        self._branches, self._branch = branches(), "one"
        self.files_on_disk: dict[str, bytes] = {}
        self._create_repository()
        self.valid_files = dict(self.files_on_disk)
        self.states = [FolderState(action="the first", start=0, end=0, files=dict(self.valid_files))]
        self.scheduled_times: list[int] = []
        self.copies: set[str] = set()
        self.slugs = [Path(path).stem for path in self.files_on_disk if path.startswith("articles/")]
        self._changed_at = dict.fromkeys(self.files_on_disk, 0.0)
        self._last_number = 0
        self._actions = {self.create: 10, self.edit: 30, self.break_file: 12, self.fix_file: 10, self.rename: 10, self.delete: 9}
        self._actions |= {
            self.schedule: 4,
            self.withdraw: 5,
            self.copy: 3,
            self.change_settings: 3,
            self.change_picture: 2,
            self.edit_page: 3,
            self.edit_root_file: 2,
        }

    def act(self) -> None:
        """Perform one action at random, among those that are possible now."""
        while not self.random.choices([*self._actions], [*self._actions.values()])[0]():
            pass

    def create(self) -> bool:
        path = self._new_path()
        self._save("create", path, article_bytes(Path(path).stem, self._word()))
        return True

    def edit(self) -> bool:
        path = self._pick_article(lambda path: path not in self.broken_paths)
        return bool(path) and self._save(
            "edit", path, article_bytes(Path(path).stem, self._word(), aliases=f"[once-{Path(path).stem}]")
        )

    def break_file(self) -> bool:
        path = self._pick_article(self._is_settled) if self.random.random() < 0.85 else self.random.choice([*SETTINGS])
        if not path or not self._is_settled(path) or not self._has_unique_id(path):
            return False
        self._write(path, self._broken_bytes(path, self.files_on_disk[path]))
        self._record_state(f"break {path}")
        return True

    def fix_file(self) -> bool:
        path = self.random.choice([*self.broken_paths, ""])
        if not path:
            return False
        return self._save(
            "fix", path, SETTINGS[path].encode() if path in SETTINGS else article_bytes(Path(path).stem, self._word())
        )

    def rename(self) -> bool:
        path, new_path = self._pick_article(), self._new_path()
        if not path:
            return False
        start = time.time()
        (self.root / new_path).parent.mkdir(exist_ok=True)
        os.rename(self.root / path, self.root / new_path)
        is_valid = path not in self.broken_paths
        self._remove_from_records(path)
        self.files_on_disk[new_path], self._changed_at[new_path] = (self.root / new_path).read_bytes(), time.time()
        if is_valid:
            self.valid_files[new_path] = self.files_on_disk[new_path]
        self._record_state(f"rename {path} {new_path}", start)
        return True

    def delete(self) -> bool:
        path = self._pick_article(include_copies=True)
        if not path:
            return False
        start = time.time()
        (self.root / path).unlink()
        self._remove_from_records(path)
        self._record_state(f"delete {path}", start)
        return True

    def schedule(self) -> bool:
        path, timestamp = self._new_path(), int(time.time() + self.random.uniform(1.5, 2.5))
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(timestamp))
        key = self.random.choice(["published", "expires"])
        self.scheduled_times.append(timestamp)
        return self._save("schedule", path, article_bytes(Path(path).stem, self._word(), **{key: when}))

    def withdraw(self) -> bool:
        path = self._pick_article(lambda path: path not in self.broken_paths)
        return bool(path) and self._save("withdraw", path, article_bytes(Path(path).stem, self._word(), status="withdrawn"))

    def copy(self) -> bool:
        path = self._pick_article(lambda path: path not in self.broken_paths)
        if not path:
            return False
        new_path = str(Path(path).with_name(f"copy-of-{Path(path).stem}-{self._number()}.yaml"))
        self.copies.add(new_path)
        return self._save("copy", new_path, self.files_on_disk[path])

    def change_settings(self) -> bool:
        """Change a title or name in a settings file, which every document shows."""
        path = self.random.choice([*SETTINGS])
        if path in self.broken_paths:
            return False
        old_text, word = (
            {"site.yaml": "Harbour & Hills", "categories.yaml": "Asia,", "authors.yaml": "Mina Park"}[path],
            self._word(),
        )
        return self._save(
            "change settings", path, SETTINGS[path].replace(old_text, f"{word}{',' * old_text.endswith(',')}").encode()
        )

    def change_picture(self) -> bool:
        return self._save(
            "change picture", PICTURE_FILE, picture(self.random.randint(20, 60), 30, "PNG"), save=self._save_atomically
        )

    def edit_page(self) -> bool:
        """Write a page, whose title is in the footer of every document in every second version."""
        path, word = self.random.choice(["pages/about.md", "pages/imprint.md"]), self._word()
        title = self.random.choice([word, Path(path).stem])
        return self._save("edit page", path, f"---\ntitle: {title}\n---\nWhat *{word}* says.\n".encode())

    def edit_root_file(self) -> bool:
        return self._save("edit root file", "root/ads.txt", f"{self._word()}.example, 1, DIRECT\n".encode())

    def checkout(self) -> None:
        """Switch to the other branch of the working tree."""
        former = self._branches[self._branch]
        self._branch = "other" if self._branch == "one" else "one"
        files = self._branches[self._branch]
        git(self.root, "checkout", "-q", "-f", self._branch)
        for path in former.keys() - files.keys():
            if path in self.files_on_disk:
                self._remove_from_records(path)
        self.files_on_disk |= files
        self.valid_files |= files
        self._changed_at |= dict.fromkeys(files, time.time())
        self._record_state("checkout")

    def fix_everything(self) -> None:
        for path in sorted(self.copies):
            (self.root / path).unlink()
            self._remove_from_records(path)
            self._record_state(f"delete {path}")
        for path in sorted(self.broken_paths):
            self._save("fix", path, SETTINGS[path].encode() if path in SETTINGS else article_bytes(Path(path).stem, "mended"))
        for path in sorted(path for path in self.files_on_disk if path.startswith("articles/")):
            self._save("own id", path, article_bytes(Path(path).stem, "whole")) if path != PICTURE_ARTICLE else None

    @property
    def broken_paths(self) -> list[str]:
        return [path for path, data in self.files_on_disk.items() if self.valid_files.get(path) != data]

    def _create_repository(self) -> None:
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
        self.files_on_disk = dict(self._branches[self._branch])

    def _pick_article(self, is_candidate: Callable[[str], bool] = lambda path: True, *, include_copies: bool = False) -> str:
        paths = [
            path
            for path in sorted(self.files_on_disk)
            if path.startswith("articles/") and path != PICTURE_ARTICLE and is_candidate(path)
        ]
        paths = [path for path in paths if time.time() - self._changed_at[path] > MIN_PAUSE]
        return self.random.choice([path for path in paths if include_copies or path not in self.copies] or [""])

    def _is_settled(self, path: str) -> bool:
        return path not in self.broken_paths and time.time() - self._changed_at[path] > READ_DELAY

    def _has_unique_id(self, path: str) -> bool:
        """Return True if no other file can have the same id. A file that lost a conflict may have no last valid version."""
        return path in SETTINGS or self.files_on_disk[path].startswith(f"id: tag:news.example,2026:{Path(path).stem}\n".encode())

    def _number(self) -> int:
        self._last_number += 1
        return self._last_number

    def _new_path(self) -> str:
        stem = f"new-{self._number():03}"
        self.slugs.append(stem)
        return f"articles/{stem}.yaml"

    def _word(self) -> str:
        return self.random.choice(["harbour", "mist", "gulls", "tide"]) + str(self._number())

    def _broken_bytes(self, path: str, data: bytes) -> bytes:
        if path in SETTINGS:
            return data + b"tail: [\n"
        variants = (
            data + b"nonsense: 1\n",
            b"title: [\n",
            data.replace(b"author: ", b"author: no"),
            b"",
            data.replace(b"published: 2026-0", b"published: 2026-9"),
        )
        return self.random.choice(variants)

    def _save(self, action: str, path: str, data: bytes, save: Callable[[Path, bytes], None] | None = None) -> bool:
        start = time.time()
        self._write(path, data, save)
        self.valid_files[path] = data
        self._record_state(f"{action} {path}", start)
        return True

    def _write(self, path: str, data: bytes, save: Callable[[Path, bytes], None] | None = None) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        (save or self.random.choice([self._save_atomically, self._overwrite, self._save_in_two_writes, self._save_with_backup]))(
            file, data
        )
        self.files_on_disk[path] = data
        self._changed_at[path] = time.time()

    def _record_state(self, action: str, start: float = 0, end: float = 0) -> None:
        now = time.time()
        self.states.append(FolderState(action=action, start=start or now, end=end or now, files=dict(self.valid_files)))

    def _remove_from_records(self, path: str) -> None:
        del self.files_on_disk[path]
        self.valid_files.pop(path, None)
        self._changed_at.pop(path, None)
        self.copies.discard(path)

    @staticmethod
    def _save_atomically(file: Path, data: bytes) -> None:
        temporary = file.with_name(f".{file.name}.tmp")
        temporary.write_bytes(data)
        temporary.replace(file)

    @staticmethod
    def _overwrite(file: Path, data: bytes) -> None:
        file.write_bytes(data)

    @staticmethod
    def _save_in_two_writes(file: Path, data: bytes) -> None:
        with open(file, "wb", buffering=0) as stream:
            stream.write(data[: len(data) // 2])
            time.sleep(0.003)
            stream.write(data[len(data) // 2 :])

    def _save_with_backup(self, file: Path, data: bytes) -> None:
        """Save as vim does: rename the old file to a backup, write a new one in its place, delete the backup."""
        if file.exists():
            file.rename(f"{file}~")
        self._overwrite(file, data)
        file.with_name(f"{file.name}~").unlink(missing_ok=True)


def git(root: Path, *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = {f"GIT_{role}_{fact}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for fact in ("NAME", "EMAIL")}
    configuration = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", "-C", root, *arguments], check=True, capture_output=True, env=environment | identity | configuration, timeout=120
    )
