"""The unit that ships: systemd takes it, it is as closed as it says, and the service lives under its rules."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import click
import pytest

from bench import nginx
from feedsvc.cli.build import build
from feedsvc.cli.serve import serve
from tests import ROOT
from tests.audience.waiting import until
from tests.deploy import confined
from tests.helpers import newsrooms
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.programs import require_program
from tests.helpers.running_server import environment
from tests.web.newsroom import write_article, write_newsroom
from tests.web.test_forwarded import READER

pytestmark = pytest.mark.alone

UNIT: Final = nginx.SHIPPED / "feedsvc.service"
TREE_UNIT: Final = nginx.SHIPPED / "feedsvc-build.service"
COMMANDS: Final = {UNIT: serve, TREE_UNIT: build}
INSTALL: Final = "apt-get install systemd"
MOST_EXPOSED: Final = 15  # of 100; what is left is the network and the file system that a web server reads


def installed(unit: Path, folder: Path) -> str:
    """A unit with this machine's places in it."""
    text, program = unit.read_text("utf-8"), folder / "feedsvc"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert text.count("/opt/feedsvc/bin/feedsvc") == 1
    return text.replace("/opt/feedsvc/bin/feedsvc", str(program))


def test_systemd_has_no_word_against_it(tmp_path: Path) -> None:
    program = require_program("systemd-analyze", INSTALL)
    require_program("systemctl", INSTALL)
    units = [tmp_path / name for name in (UNIT.name, TREE_UNIT.name, "feedsvc-tree.path", "feedsvc-tree.service")]
    for unit in units[:2]:
        unit.write_text(installed(UNIT.with_name(unit.name), tmp_path))
    for unit in units[2:]:
        unit.write_text((UNIT.with_name(unit.name)).read_text("utf-8"))
    done = subprocess.run([program, "verify", "--man=no", *units], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", COMMANDS, ids=lambda unit: unit.name)
def test_it_is_as_closed_as_it_says(unit: Path) -> None:
    program = require_program("systemd-analyze", INSTALL)
    words = [program, "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--json=short", unit]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("unit", "command"), COMMANDS.items(), ids=lambda one: one.name)
def test_every_variable_and_option_is_one_that_the_command_reads(unit: Path, command: click.Command) -> None:
    told = confined.settings(unit.read_text("utf-8"))
    options = {option.envvar for option in command.params}
    names = re.findall(r"(FEEDSVC_[A-Z_]+)=", " ".join(told["Environment"]))
    assert "FEEDSVC_STATE" in names
    assert set(names) <= options
    [line] = told["ExecStart"]
    program, name, *words = shlex.split(line)
    assert (program, name) == ("/opt/feedsvc/bin/feedsvc", command.name)
    assert command.make_context(name, words).params


def test_a_newsroom_on_a_mount_is_waited_for_and_none_is_no_fault() -> None:
    for unit in COMMANDS:
        told = confined.settings(unit.read_text("utf-8"))
        assert "/srv/newsroom" in told["RequiresMountsFor"][0].split()
        assert told["ReadOnlyPaths"] == ["-/srv/newsroom"]


def test_nginx_hears_of_what_the_tree_s_service_writes() -> None:
    """The file that is watched is the one that the build writes, in a folder that it may write."""
    told = confined.settings(TREE_UNIT.read_text("utf-8"))
    words = shlex.split(told["ExecStart"][0])
    written = words[words.index("--nginx") + 1]
    watched = confined.settings(UNIT.with_name("feedsvc-tree.path").read_text("utf-8"))["PathChanged"]
    assert watched == [written]
    assert {str(Path(written).parent), str(Path(words[2]).parent)} == set(told["ReadWritePaths"])
    root = re.findall(r"^root (\S+);", (nginx.SHIPPED / "nginx-site.conf").read_text("utf-8"), re.MULTILINE)
    assert root == [words[2]]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_service_lives_under_its_rules(tmp_path: Path, workers: str) -> None:
    """Reads, serves, counts, follows a save, makes smaller pictures, reloads and stops with what the kernel still allows."""
    require_program("systemd-analyze", INSTALL)
    content = write_newsroom(tmp_path / "content")
    theme = {"theme/templates/message.html": "<p>ours"}  # tried in a process with limits
    newsrooms.write(content, {"media/photo.png": newsrooms.picture(1600, 900, "PNG"), **theme})
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
        assert ask(url, "/nothing/").body == b"<p>ours"
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


def test_the_tree_is_kept_in_step_under_its_rules(tmp_path: Path) -> None:
    require_program("systemd-analyze", INSTALL)
    content, tree = write_newsroom(tmp_path / "content"), tmp_path / "tree"
    newsrooms.write(content, {"media/photo.png": newsrooms.picture(1600, 900, "PNG")})
    told = confined.settings(TREE_UNIT.read_text("utf-8"))["ExecStart"][0].replace(
        "/srv/news/feedsvc-tree.conf", str(tmp_path / "f")
    )
    words = [
        *map({"/srv/news/public": str(tree), "/srv/newsroom": str(content)}.get, shlex.split(told)[1:], shlex.split(told)[1:])
    ]
    command = [sys.executable, "-m", "tests.deploy.confined", TREE_UNIT, sys.executable, "-m", "feedsvc", *words]
    state = {"FEEDSVC_STATE": str(tmp_path / "state")}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([*map(str, command)], stdout=log, stderr=log, env={**environment(), **state}, cwd=ROOT)
    try:
        until(lambda: "up to date" in (tmp_path / "log").read_text() or process.poll() is not None)
        assert {(tree / name).exists() for name in ("feed.rss", "feed.rss.gz", "feed.rss.br", "feed.rss.zst")} == {True}
        assert "/articles/echoes" in (tmp_path / "f").read_text()
        write_article(
            content, "gale", "title: A gale\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le\naliases: [blow]"
        )
        until(lambda: "A gale" in (tree / "feed.rss").read_text() and "/articles/blow" in (tmp_path / "f").read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    said = (tmp_path / "log").read_text()
    assert "Traceback" not in said
    assert "Errno" not in said


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
