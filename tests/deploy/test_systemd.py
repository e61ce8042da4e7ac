"""The unit that ships: systemd takes it, it is as closed as it says, and the service lives under its rules."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from bench import nginx
from feedsvc.cli.serve import serve
from tests import newsrooms
from tests.audience.patience import until
from tests.deploy import confined
from tests.http.client import SECONDS, ask
from tests.http.newsroom import write_article, write_newsroom
from tests.http.running import ROOT, environment
from tests.http.test_forwarded import READER
from tests.programs import require_program

UNIT: Final = nginx.SHIPPED / "feedsvc.service"
INSTALL: Final = "apt-get install systemd"
MOST_EXPOSED: Final = 15  # of 100; what is left is the network and the file system that a web server reads


def installed(folder: Path) -> str:
    """The unit with this machine's places in it."""
    text, program = UNIT.read_text("utf-8"), folder / "feedsvc"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert text.count("/opt/feedsvc/bin/feedsvc") == 1
    return text.replace("/opt/feedsvc/bin/feedsvc", str(program))


def test_systemd_has_no_word_against_it(tmp_path: Path) -> None:
    program = require_program("systemd-analyze", INSTALL)
    require_program("systemctl", INSTALL)
    units = [tmp_path / name for name in (UNIT.name, "feedsvc-tree.path", "feedsvc-tree.service")]
    units[0].write_text(installed(tmp_path))
    for unit in units[1:]:
        unit.write_text((UNIT.with_name(unit.name)).read_text("utf-8"))
    done = subprocess.run([program, "verify", "--man=no", *units], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_is_as_closed_as_it_says() -> None:
    program = require_program("systemd-analyze", INSTALL)
    words = [program, "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--json=short", UNIT]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_variable_is_one_that_the_service_reads() -> None:
    told = " ".join(confined.settings(UNIT.read_text("utf-8"))["Environment"])
    options = {option.envvar for option in serve.params}
    names = re.findall(r"(FEEDSVC_[A-Z_]+)=", told)
    assert len(names) >= 4
    assert set(names) <= options


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_service_lives_under_its_rules(tmp_path: Path, workers: str) -> None:
    """Reads, serves, counts, follows a save, makes smaller pictures, reloads and stops with what the kernel still allows."""
    require_program("systemd-analyze", INSTALL)
    content = write_newsroom(tmp_path / "content")
    newsrooms.write(content, {"media/photo.png": newsrooms.picture(1600, 900, "PNG")})
    words = ["serve", content, "--port", "0", "--state", tmp_path / "state", "--workers", workers, "--access-log", "json"]
    command = [sys.executable, "-m", "tests.deploy.confined", UNIT, sys.executable, "-m", "feedsvc", *words]
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen([*map(str, command)], stdout=log, stderr=log, env=environment(), cwd=ROOT)

    def said() -> str:
        return (tmp_path / "log").read_text()

    try:
        until(lambda: " at http://" in said() or process.poll() is not None)
        assert process.poll() is None, said()
        url = said().rpartition(" at ")[2].split()[0]
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)
        assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
        for path, headers in (
            ("/", {"Accept-Encoding": "br"}),
            ("/feed.rss", {"Accept-Encoding": "zstd"}),
            ("/media/talk.mp3", {}),
        ):
            assert ask(url, path, headers).status == 200
        [sized, *_] = re.findall(r"/sized/[0-9a-f]+-\d+/photo.png", ask(url, "/articles/fish/").body.decode())
        assert ask(url, sized).status == 200
        assert ask(url, "/articles/bay/views", READER, "POST").status == 204
        assert json.loads(ask(url, "/status").body)["problems"] == []
        write_article(content, "gale", "title: A gale\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le")
        os.kill(process.pid, signal.SIGHUP)
        until(lambda: b"A gale" in ask(url, "/feed.rss").body)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
        assert "Traceback" not in said()
        assert "Errno" not in said()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        log.close()


FORBIDDEN: Final = {
    "other priorities": "import os; os.nice(1)",
    "other kinds of sockets": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "memory that becomes code": "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    "mounts": "import ctypes, os; n = ctypes.CDLL(None, use_errno=True).mount(b'/', b'/', b'', 4096, None); "
    "raise OSError(ctypes.get_errno(), '') if n else SystemExit",
}


@pytest.mark.parametrize("code", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_the_rules_are_in_force(code: str) -> None:
    require_program("systemd-analyze", INSTALL)
    words = [sys.executable, "-m", "tests.deploy.confined", UNIT, sys.executable, "-c", code]
    done = subprocess.run([*map(str, words)], check=False, capture_output=True, text=True, cwd=ROOT)
    assert "PermissionError" in done.stderr, done
