"""The shipped Containerfile is parsed, and its commands run in temporary folders, because a container engine may be missing."""

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
from feedsvc.cli.settings import variable_of
from tests import ROOT
from tests.audience.waiting import wait_until
from tests.helpers.http_client import SECONDS
from tests.web.newsroom import write_newsroom

# The interpreter that created this environment, because it has pip.
PYTHON: Final = f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
FILE: Final = nginx.DEPLOY_FILES / "Containerfile"


@dataclass(frozen=True)
class Step:
    """One instruction, in the stage of the last FROM before it."""

    stage: int
    name: str
    arguments: str


def steps() -> list[Step]:
    text = re.sub(r"\\\n\s*", "", FILE.read_text("utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    steps: list[Step] = []
    for line in lines:
        name, _, arguments = line.partition(" ")
        stage = (steps[-1].stage if steps else -1) + (name == "FROM")
        steps.append(Step(stage, name, arguments))
    return steps


def last(name: str) -> str:
    return [step.arguments for step in steps() if step.name == name][-1]


def variables() -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(last("ENV")))


def test_containerfile_copies_only_existing_files_of_the_program() -> None:
    copied = [shlex.split(step.arguments)[:-1] for step in steps() if step.name == "COPY" and "--from" not in step.arguments]
    names = {name for arguments in copied for name in arguments}
    assert names == {"requirements.lock", "pyproject.toml", "README.md", "LICENSE", "feedsvc", "content"}
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_container_serves_as_unprivileged_user_with_known_variables() -> None:
    environment = variables()
    known = {variable_of(option) for command in (serve, build) for option in command.params}
    assert {name for name in environment if name.startswith("FEEDSVC_")} <= known
    assert last("USER").split(":")[0].isdigit()
    assert last("USER") != "0"
    assert environment["FEEDSVC_STATE"] == last("VOLUME")
    assert environment["FEEDSVC_PORT"] == last("EXPOSE")
    assert f":{environment['FEEDSVC_PORT']}/readyz" in last("HEALTHCHECK")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the commands of the build stage with /src and /opt in a temporary folder; return that folder."""
    root = tmp_path_factory.mktemp("image")
    (root / "opt").mkdir()
    source = root / "src"
    source.mkdir()
    for step in (step for step in steps() if step.stage == 0):
        if step.name == "COPY":
            *names, target = shlex.split(step.arguments)
            for name in names:
                copy(ROOT / name, source / target / name if target == "./" else source / target)
        elif step.name == "RUN":
            arguments = [word.replace("/opt/", f"{root}/opt/") for word in shlex.split(step.arguments)]
            assert arguments[0] == "python"
            line = [PYTHON, *arguments[1:]]
            if arguments[1:4] == ["-m", "pip", "--python"]:  # uv installs the same in a fraction of the time
                line = [sys.executable, "-m", "uv", "pip", "install", "--python", arguments[4], *arguments[6:]]
            result = subprocess.run(line, check=False, cwd=source, capture_output=True, text=True)
            assert result.returncode == 0, result.stderr
    return root


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def test_installed_program_serves_and_passes_the_health_check(image: Path, tmp_path: Path) -> None:
    content, state, port = write_newsroom(tmp_path / "newsroom"), tmp_path / "state", free_port()
    environment = {
        **variables(),
        "PATH": f"{image}/opt/feedsvc/bin:/usr/bin:/bin",
        "FEEDSVC_HOST": "127.0.0.1",
        "FEEDSVC_PORT": str(port),
        "FEEDSVC_CONTENT": str(content),
        "FEEDSVC_STATE": str(state),
        "FEEDSVC_ANNOUNCE": "no",
    }
    arguments = [
        shutil.which(argument, path=environment["PATH"]) or argument
        for argument in (*json.loads(last("ENTRYPOINT")), *json.loads(last("CMD")))
    ]
    health_check = json.loads(re.sub(r"^.*?CMD ", "", last("HEALTHCHECK")))
    health_check = [
        shutil.which("python", path=environment["PATH"]) or "",
        *(argument.replace(":8000/", f":{port}/") for argument in health_check[1:]),
    ]
    assert subprocess.run(health_check, check=False, env=environment, capture_output=True).returncode == 1
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(arguments, env=environment, cwd="/", stdout=log, stderr=log)
    try:
        wait_until(lambda: " at http://" in (tmp_path / "log").read_text() or process.poll() is not None)
        assert subprocess.run(health_check, check=False, env=environment, capture_output=True).returncode == 0
        process.send_signal(signal.Signals[last("STOPSIGNAL")])
        assert process.wait(SECONDS) == 0, (tmp_path / "log").read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert os.listdir(state)
