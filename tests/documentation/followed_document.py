"""A document followed as it says, by somebody with an empty folder, two terminals and a browser.

Its ```yaml blocks are files, named by their first line; those named ", these lines:" change top-level keys of a file. Its
```sh blocks are run one after the other; ```text blocks are what the commands before them printed, or what `feedsvc serve`
said. What cannot be run says why: ```sh not run: REASON.
"""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.helpers.http_client import SECONDS, Response, ask
from tests.helpers.running_server import command, environment

LOCAL: Final = "http://127.0.0.1:8000/"
NOT_RUN: Final = "not run: "
SAID: Final = "said by feedsvc serve"
SERVE: Final = "feedsvc serve\n"
LINES: Final = ", these lines:"
ERRORS: Final = re.compile(r"^feedsvc: .*: [1-9]\d* errors?, ", re.MULTILINE)  # what exit status 1 goes with
PATIENCE: Final = 0.05  # seconds between two looks


@dataclass(frozen=True, kw_only=True)
class Block:
    language: str
    info: str
    text: str


def sections(document: str) -> dict[str, list[Block]]:
    """The blocks below each heading."""
    parts = re.split(r"^## (.+)\n", document, flags=re.MULTILINE)[1:]
    return {heading: list(blocks(text)) for heading, text in zip(parts[::2], parts[1::2], strict=True)}


def blocks(text: str) -> Iterator[Block]:
    for language, info, inner in re.findall(r"^```(\w*) ?(.*)\n((?s:.*?))^```$", text, flags=re.MULTILINE):
        yield Block(language=language, info=info, text=inner)


class Reader:
    """A new user: an empty folder, two terminals, a browser."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.folder, self._home = folder, home
        self._printed = ""
        self._month = "2026/01"  # what the document writes for the month in which it is read
        self._server: subprocess.Popen[bytes] | None = None
        self._log = home / "said"
        self._environment = environment(
            {
                "PATH": f"{_program(home)}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(home),
                "FEEDSVC_STATE": str(home / "state"),
                "GIT_CONFIG_GLOBAL": os.devnull,
                **{f"GIT_{who}_{what}": "mina@harbour.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            }
        )

    def do(self, block: Block) -> None:
        DOINGS[block.language](self, block)

    def write(self, block: Block) -> None:
        first, _, text = self.today(block.text).partition("\n")
        file = self.file(first.removeprefix("# ").removesuffix(LINES))
        if first.endswith(LINES):
            text = changed(file.read_text("utf-8"), text)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def type(self, block: Block) -> None:
        assert not block.info, f"what is not run says why: {NOT_RUN}"
        if block.text == SERVE:
            self._serve()
        else:
            done = self.run(block.text)
            assert done.returncode == (1 if ERRORS.search(done.stdout) else 0), done.stdout
            self._printed = done.stdout
            made = re.fullmatch(r"content/articles/(\d{4}/\d\d)/night-buses-return\.yaml\n", done.stdout)
            self._month = made[1] if made else self._month

    def compare(self, block: Block) -> None:
        expected = self.today(block.text)
        if block.info == SAID:
            until(lambda: expected in self.said(), lambda: f"{expected} is not in: {self.said()}")
        elif expected.startswith("feedsvc: serving"):
            assert self.said() == expected
        else:
            assert self._printed == expected

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-e", "-c", self.today(script)],
            cwd=self.folder,
            env=self._environment,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
        )

    def file(self, path: str) -> Path:
        return self.folder / self.today(path)

    def get(self, path: str) -> Response:
        return ask(self._url, path)

    def said(self) -> str:
        """All that the server has said, as from the document's port."""
        return self._log.read_text("utf-8").replace(self._url, LOCAL)

    def stop(self) -> None:
        if self._server:
            self._server.send_signal(signal.SIGTERM)
            assert self._server.wait(SECONDS) == 0

    def _serve(self) -> None:
        with self._log.open("wb") as log:
            words = command("serve", "--port", "0")
            self._server = subprocess.Popen(words, cwd=self.folder, env=self._environment, stderr=log)
        until(lambda: b"\n" in self._log.read_bytes(), self._log.read_text)
        self._url = self._log.read_text("utf-8").partition(" at ")[2].split()[0]

    def today(self, text: str) -> str:
        """A text of the document as it reads in this month."""
        year = self._month[:4]
        return text.replace("articles/2026/01/", f"articles/{self._month}/").replace(",2026:night", f",{year}:night")


def _program(home: Path) -> Path:
    """A folder with the command feedsvc, which is this one."""
    program = home / "bin" / "feedsvc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m feedsvc "$@"\n', "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program.parent


def changed(file: str, lines: str) -> str:
    """A file with these lines in the place of those of the same keys, or before its body."""
    keys, new = _keys(file), _keys(lines)
    body = {"body": keys.pop("body")} if "body" in keys else {}
    return "".join({**keys, **new, **body}.values())


def _keys(text: str) -> dict[str, str]:
    return {part.partition(":")[0]: part for part in re.findall(r"^[a-z_]+:.*\n(?:[ -].*\n)*", text, flags=re.MULTILINE)}


def until(is_so: Callable[[], bool], told: Callable[[], str]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, told()
        time.sleep(PATIENCE)


DOINGS: Final[Mapping[str, Callable[[Reader, Block], None]]] = {"yaml": Reader.write, "sh": Reader.type, "text": Reader.compare}
