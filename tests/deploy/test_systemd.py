"""The shipped systemd units are valid, restrict the service as documented, and let it work under these restrictions."""

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
from feedsvc.cli.settings import variable_of
from tests import ROOT
from tests.audience.waiting import wait_until
from tests.deploy import systemd_sandbox
from tests.helpers import newsrooms
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.programs import require_program
from tests.helpers.running_server import environment
from tests.web.newsroom import write_article, write_newsroom
from tests.web.test_forwarded import READER_HEADERS

UNIT: Final = nginx.DEPLOY_FILES / "feedsvc.service"
TREE_UNIT: Final = nginx.DEPLOY_FILES / "feedsvc-build.service"
COMMANDS: Final = {UNIT: serve, TREE_UNIT: build}
INSTALL: Final = "apt-get install systemd"
MAX_EXPOSURE: Final = 15  # of 100; a web server needs the network and reads the file system


def unit_with_local_program(unit: Path, folder: Path) -> str:
    """Return the text of a unit with the path of a program on this machine."""
    text, program = unit.read_text("utf-8"), folder / "feedsvc"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert text.count("/opt/feedsvc/bin/feedsvc") == 1
    return text.replace("/opt/feedsvc/bin/feedsvc", str(program))


def test_systemd_analyze_verifies_the_units(tmp_path: Path) -> None:
    program = require_program("systemd-analyze", INSTALL)
    require_program("systemctl", INSTALL)
    units = [tmp_path / name for name in (UNIT.name, TREE_UNIT.name, "feedsvc-tree.path", "feedsvc-tree.service")]
    for unit in units[:2]:
        unit.write_text(unit_with_local_program(UNIT.with_name(unit.name), tmp_path))
    for unit in units[2:]:
        unit.write_text((UNIT.with_name(unit.name)).read_text("utf-8"))
    result = subprocess.run([program, "verify", "--man=no", *units], check=False, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("unit", COMMANDS, ids=lambda unit: unit.name)
def test_exposure_of_the_units_is_below_the_limit(unit: Path) -> None:
    program = require_program("systemd-analyze", INSTALL)
    arguments = [program, "security", "--offline=yes", f"--threshold={MAX_EXPOSURE}", "--json=short", unit]
    result = subprocess.run(arguments, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("unit", "command"), COMMANDS.items(), ids=lambda parameter: parameter.name)
def test_variables_and_options_of_the_units_exist(unit: Path, command: click.Command) -> None:
    settings = systemd_sandbox.unit_settings(unit.read_text("utf-8"))
    options = {variable_of(option) for option in command.params}
    names = re.findall(r"(FEEDSVC_[A-Z_]+)=", " ".join(settings["Environment"]))
    assert "FEEDSVC_STATE" in names
    assert set(names) <= options
    [line] = settings["ExecStart"]
    program, name, *arguments = shlex.split(line)
    assert (program, name) == ("/opt/feedsvc/bin/feedsvc", command.name)
    assert command.make_context(name, arguments).params


def test_units_wait_for_the_mount_of_the_newsroom_and_start_without_it() -> None:
    for unit in COMMANDS:
        settings = systemd_sandbox.unit_settings(unit.read_text("utf-8"))
        assert "/srv/newsroom" in settings["RequiresMountsFor"][0].split()
        assert settings["ReadOnlyPaths"] == ["-/srv/newsroom"]


def test_path_unit_watches_the_file_that_the_build_service_writes() -> None:
    """The build may write the folder of that file."""
    settings = systemd_sandbox.unit_settings(TREE_UNIT.read_text("utf-8"))
    arguments = shlex.split(settings["ExecStart"][0])
    nginx_file = arguments[arguments.index("--nginx") + 1]
    watched_files = systemd_sandbox.unit_settings(UNIT.with_name("feedsvc-tree.path").read_text("utf-8"))["PathChanged"]
    assert watched_files == [nginx_file]
    assert {str(Path(nginx_file).parent), str(Path(arguments[2]).parent)} == set(settings["ReadWritePaths"])
    root = re.findall(r"^root (\S+);", (nginx.DEPLOY_FILES / "nginx-site.conf").read_text("utf-8"), re.MULTILINE)
    assert root == [arguments[2]]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_service_works_under_the_rules_of_its_unit(tmp_path: Path, workers: str) -> None:
    """The service reads, serves, counts, follows a save, creates image variants, reloads and stops."""
    require_program("systemd-analyze", INSTALL)
    content = write_newsroom(tmp_path / "content")
    theme = {"theme/templates/message.html": "<p>ours"}  # its check runs in a process with limits
    newsrooms.write(content, {"media/photo.png": newsrooms.picture(1600, 900, "PNG"), **theme})
    arguments = ["serve", content, "--port", "0", "--state", tmp_path / "state", "--workers", workers, "--access-log", "json"]
    command = [sys.executable, "-m", "tests.deploy.systemd_sandbox", UNIT, sys.executable, "-m", "feedsvc", *arguments]
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen([*map(str, command)], stdout=log, stderr=log, env=environment(), cwd=ROOT)

    def log_text() -> str:
        return (tmp_path / "log").read_text()

    try:
        wait_until(lambda: " at http://" in log_text() or process.poll() is not None)
        assert process.poll() is None, log_text()
        url = log_text().rpartition(" at ")[2].split()[0]
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
        [variant_path, *_] = re.findall(r"/sized/[0-9a-f]+-\d+/photo.png", ask(url, "/articles/fish/").body.decode())
        assert ask(url, variant_path).status == 200
        assert ask(url, "/articles/bay/views", READER_HEADERS, "POST").status == 204
        assert json.loads(ask(url, "/status").body)["problems"] == []
        write_article(content, "gale", "title: A gale\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le")
        os.kill(process.pid, signal.SIGHUP)
        wait_until(lambda: b"A gale" in ask(url, "/feed.rss").body)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
        assert "Traceback" not in log_text()
        assert "Errno" not in log_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        log.close()


def test_build_watch_works_under_the_rules_of_its_unit(tmp_path: Path) -> None:
    require_program("systemd-analyze", INSTALL)
    content, tree = write_newsroom(tmp_path / "content"), tmp_path / "tree"
    newsrooms.write(content, {"media/photo.png": newsrooms.picture(1600, 900, "PNG")})
    command_line = systemd_sandbox.unit_settings(TREE_UNIT.read_text("utf-8"))["ExecStart"][0].replace(
        "/srv/news/feedsvc-tree.conf", str(tmp_path / "f")
    )
    arguments = [
        *map(
            {"/srv/news/public": str(tree), "/srv/newsroom": str(content)}.get,
            shlex.split(command_line)[1:],
            shlex.split(command_line)[1:],
        )
    ]
    command = [sys.executable, "-m", "tests.deploy.systemd_sandbox", TREE_UNIT, sys.executable, "-m", "feedsvc", *arguments]
    variables = {"FEEDSVC_STATE": str(tmp_path / "state")}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([*map(str, command)], stdout=log, stderr=log, env={**environment(), **variables}, cwd=ROOT)
    try:
        wait_until(lambda: "up to date" in (tmp_path / "log").read_text() or process.poll() is not None)
        assert {(tree / name).exists() for name in ("feed.rss", "feed.rss.gz", "feed.rss.br", "feed.rss.zst")} == {True}
        assert "/articles/echoes" in (tmp_path / "f").read_text()
        write_article(
            content, "gale", "title: A gale\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le\naliases: [blow]"
        )
        wait_until(lambda: "A gale" in (tree / "feed.rss").read_text() and "/articles/blow" in (tmp_path / "f").read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    log_text = (tmp_path / "log").read_text()
    assert "Traceback" not in log_text
    assert "Errno" not in log_text


FORBIDDEN: Final = {
    "other priorities": "import os; os.nice(1)",
    "other kinds of sockets": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "memory that becomes code": "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    "mounts": "import ctypes, os; n = ctypes.CDLL(None, use_errno=True).mount(b'/', b'/', b'', 4096, None); "
    "raise OSError(ctypes.get_errno(), '') if n else SystemExit",
}


@pytest.mark.parametrize("code", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_forbidden_operation_is_denied(code: str) -> None:
    require_program("systemd-analyze", INSTALL)
    arguments = [sys.executable, "-m", "tests.deploy.systemd_sandbox", UNIT, sys.executable, "-c", code]
    result = subprocess.run([*map(str, arguments)], check=False, capture_output=True, text=True, cwd=ROOT)
    assert "PermissionError" in result.stderr, result
