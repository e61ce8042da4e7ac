"""The Containerfile that ships: parsed, and its own commands run in folders of the test's own, since there may be no engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from bench import nginx
from bench.web import free_port
from feedsvc.cli.build import build
from feedsvc.cli.serve import serve
from tests import ROOT
from tests.audience.waiting import until
from tests.helpers.http_client import SECONDS
from tests.web.newsroom import write_newsroom

# The one that this environment was made by: it has pip.
PYTHON: Final = f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
FILE: Final = nginx.SHIPPED / "Containerfile"
KNOWN: Final = {
    "FROM",
    "WORKDIR",
    "RUN",
    "COPY",
    "USER",
    "ENV",
    "EXPOSE",
    "VOLUME",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}


@dataclass(frozen=True)
class Step:
    """One instruction of the stage that begins with the FROM before it."""

    stage: int
    name: str
    words: str


def steps() -> list[Step]:
    text = re.sub(r"\\\n\s*", "", FILE.read_text("utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found: list[Step] = []
    for line in lines:
        name, _, words = line.partition(" ")
        stage = (found[-1].stage if found else -1) + (name == "FROM")
        found.append(Step(stage, name, words))
    return found


def last(name: str) -> str:
    return [step.words for step in steps() if step.name == name][-1]


def variables() -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(last("ENV")))


def test_it_says_only_what_containerfiles_say() -> None:
    found = steps()
    assert {step.name for step in found} == KNOWN
    assert found[0].name == "FROM"
    assert [step.stage for step in found if step.name == "FROM"] == [0, 1]
    assert "/" not in last("FROM"), "no registry's host"


def test_it_copies_what_there_is_and_nothing_of_the_newsroom() -> None:
    copied = [shlex.split(step.words)[:-1] for step in steps() if step.name == "COPY" and "--from" not in step.words]
    names = {name for words in copied for name in words}
    assert names == {"requirements.lock", "pyproject.toml", "README.md", "LICENSE", "feedsvc"}
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_it_serves_as_nobody_in_particular_from_folders_that_are_named() -> None:
    told = variables()
    known = {option.envvar for command in (serve, build) for option in command.params}
    assert {name for name in told if name.startswith("FEEDSVC_")} <= known
    assert last("USER").split(":")[0].isdigit()
    assert last("USER") != "0"
    assert told["FEEDSVC_STATE"] == last("VOLUME")
    assert told["FEEDSVC_PORT"] == last("EXPOSE")
    assert f":{told['FEEDSVC_PORT']}/readyz" in last("HEALTHCHECK")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build stage leaves: its commands, run with /src and /opt in a folder of the test's own."""
    root = tmp_path_factory.mktemp("image")
    (root / "opt").mkdir()
    source = root / "src"
    source.mkdir()
    for step in (one for one in steps() if one.stage == 0):
        if step.name == "COPY":
            *names, target = shlex.split(step.words)
            for name in names:
                copy(ROOT / name, source / target / name if target == "./" else source / target)
        elif step.name == "RUN":
            words = [word.replace("/opt/", f"{root}/opt/") for word in shlex.split(step.words)]
            assert words[0] == "python"
            done = subprocess.run([PYTHON, *words[1:]], check=False, cwd=source, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    return root


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def test_what_it_builds_serves_and_is_healthy(image: Path, tmp_path: Path) -> None:
    content, state, port = write_newsroom(tmp_path / "newsroom"), tmp_path / "state", free_port()
    told = {
        **variables(),
        "PATH": f"{image}/opt/feedsvc/bin:/usr/bin:/bin",
        "FEEDSVC_HOST": "127.0.0.1",
        "FEEDSVC_PORT": str(port),
        "FEEDSVC_CONTENT": str(content),
        "FEEDSVC_STATE": str(state),
        "FEEDSVC_ANNOUNCE": "no",
    }
    words = [
        shutil.which(word, path=told["PATH"]) or word for word in (*json.loads(last("ENTRYPOINT")), *json.loads(last("CMD")))
    ]
    check = json.loads(re.sub(r"^.*?CMD ", "", last("HEALTHCHECK")))
    check = [shutil.which("python", path=told["PATH"]) or "", *(word.replace(":8000/", f":{port}/") for word in check[1:])]
    assert subprocess.run(check, check=False, env=told, capture_output=True).returncode == 1
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(words, env=told, cwd="/", stdout=log, stderr=log)
    try:
        until(lambda: " at http://" in (tmp_path / "log").read_text() or process.poll() is not None)
        assert subprocess.run(check, check=False, env=told, capture_output=True).returncode == 0
        process.send_signal(signal.Signals[last("STOPSIGNAL")])
        assert process.wait(SECONDS) == 0, (tmp_path / "log").read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert os.listdir(state)
