"""Follow a document step by step in an empty folder, with two terminals and a browser.

Its ```yaml blocks are files, named by their first line; those named ", these lines:" change top-level keys of a file. Its
```sh blocks are executed in order; ```text blocks are the output of the commands before them, or of `feedsvc serve`.
A comment in the line before a block says that the block is not executed, and why, or that it is output of the server:
<!-- not run: REASON -->, <!-- in the log of feedsvc serve -->.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.audience.waiting import wait_until
from tests.helpers.forked_process import Process, start_module
from tests.helpers.forked_program import write_program
from tests.helpers.http_client import SECONDS, Response, ask
from tests.helpers.log_lines import without_times
from tests.helpers.running_server import environment

LOCAL: Final = "http://127.0.0.1:8000/"
NOT_RUN: Final = "not run: "
SERVER_OUTPUT: Final = "in the log of feedsvc serve"
SERVE: Final = "feedsvc serve\n"
CHANGED_KEYS: Final = ", these lines:"
ERROR_COUNT: Final = re.compile(r"^feedsvc: .*: [1-9]\d* errors?, ", re.MULTILINE)  # this output goes with exit status 1


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block; `comment` is the text of the comment in the line before it, "" without one."""

    language: str
    comment: str
    text: str


def sections(document: str) -> dict[str, list[Block]]:
    """Return the blocks below each heading."""
    parts = re.split(r"^## (.+)\n", document, flags=re.MULTILINE)[1:]
    return {heading: list(blocks(text)) for heading, text in zip(parts[::2], parts[1::2], strict=True)}


def blocks(text: str) -> Iterator[Block]:
    for comment, language, content in re.findall(r"^(?:<!-- (.*) -->\n)?```(\w*)\n((?s:.*?))^```$", text, flags=re.MULTILINE):
        yield Block(language=language, comment=comment, text=content)


class User:
    """A new user with an empty folder, two terminals and a browser."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.folder, self._home = folder, home
        write_program(home / "bin" / "feedsvc")
        self._output = ""
        self._month = "2026/01"  # the month of the document, until a command prints the current one
        self._server: Process | None = None
        self._url = LOCAL
        self._log = home / "said"
        self._environment = environment(
            {
                "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(home),
                "FEEDSVC_STATE": str(home / "state"),
                "GIT_CONFIG_GLOBAL": os.devnull,
                **{
                    f"GIT_{role}_{field}": "mina@harbour.example"
                    for role in ("AUTHOR", "COMMITTER")
                    for field in ("NAME", "EMAIL")
                },
            }
        )

    def follow(self, block: Block) -> None:
        ACTIONS[block.language](self, block)

    def write(self, block: Block) -> None:
        first_line, _, text = self.with_current_month(block.text).partition("\n")
        file = self.file(first_line.removeprefix("# ").removesuffix(CHANGED_KEYS))
        if first_line.endswith(CHANGED_KEYS):
            text = replace_keys(file.read_text("utf-8") if file.exists() else "", text)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def execute(self, block: Block) -> None:
        assert not block.comment, f"a block that is not executed needs a reason: {NOT_RUN}"
        if block.text == SERVE:
            self.serve()
        else:
            result = self.run(block.text)
            assert result.returncode == (1 if ERROR_COUNT.search(result.stdout) else 0), result.stdout
            self._output = result.stdout
            match = re.match(r"content/articles/(\d{4}/\d\d)/night-buses-return\.yaml\n", result.stdout)
            self._month = match[1] if match else self._month

    def compare(self, block: Block) -> None:
        expected = self.with_current_month(block.text)
        if block.comment == SERVER_OUTPUT:
            wait_until(lambda: expected in self.server_output())
        elif expected.startswith("feedsvc: serving"):
            assert self.server_output() == expected
        else:
            assert self._output == expected, self._output

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-e", "-c", self.with_current_month(script).replace(LOCAL, self._url)],
            cwd=self.folder,
            env=self._environment,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
        )

    def file(self, path: str) -> Path:
        return self.folder / self.with_current_month(path)

    def get(self, path: str) -> Response:
        return ask(self._url, path)

    def server_output(self) -> str:
        """Return all output of the server, with the port of the document and without times."""
        return without_times(self._log.read_text("utf-8")).replace(self._url, LOCAL)

    def stop(self) -> None:
        if self._server:
            self._server.send_signal(signal.SIGTERM)
            assert self._server.wait(SECONDS) == 0

    def serve(self) -> None:
        """Start `feedsvc serve` on a free port, and wait until it listens."""
        with self._log.open("wb") as log:
            self._server = start_module("feedsvc", "serve", "--port", "0", cwd=self.folder, env=self._environment, stderr=log)
        wait_until(lambda: b"\n" in self._log.read_bytes())
        self._url = self._log.read_text("utf-8").partition(" at ")[2].split()[0]

    def with_current_month(self, text: str) -> str:
        """Replace the document's month by the month in which the test runs."""
        year = self._month[:4]
        return text.replace("articles/2026/01/", f"articles/{self._month}/").replace(",2026:night", f",{year}:night")


def replace_keys(file: str, lines: str) -> str:
    """Return the text of a file with these lines in place of those with the same keys, or before its body, which comes last."""
    sections = {**_split_keys(file), **_split_keys(lines)}
    body = sections.pop("body", "")
    return "".join((*sections.values(), body))


def _split_keys(text: str) -> dict[str, str]:
    return {part.partition(":")[0]: part for part in re.findall(r"^[a-z_]+:.*\n(?:(?:[ -].*)?\n)*", text, flags=re.MULTILINE)}


ACTIONS: Final[Mapping[str, Callable[[User, Block], None]]] = {"yaml": User.write, "sh": User.execute, "text": User.compare}
