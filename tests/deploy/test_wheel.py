"""The wheel: its files, and `feedsvc demo` and `feedsvc init` in an empty environment of every Python on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.helpers.http_client import ask
from tests.helpers.programs import killing

VERSIONS: Final = ("3.11", "3.12", "3.13", "3.14")
MAX_SECONDS: Final = 10.0  # from the command to the page
INSTALL_SECONDS: Final = 600
SAMPLE: Final = "feedsvc/sample/"
MAX_SIZE: Final = 1_500_000  # bytes of the wheel


def run(*words: str | Path, cwd: Path | None = None) -> str:
    result = subprocess.run(words, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS, cwd=cwd)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (file,) = folder.glob("*.whl")
    return file


def committed_files(folder: str) -> set[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    return set(run("git", "ls-files", "-z", folder, cwd=ROOT).split("\0")) - {""}


def test_wheel_has_the_sample_once_and_nothing_that_is_not_committed(wheel: Path) -> None:
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert len(names) == len(set(names))
    sample = {f"content/{name.removeprefix(SAMPLE)}" for name in names if name.startswith(SAMPLE)}
    assert sample == committed_files("content")
    assert {name for name in names if not name.startswith(SAMPLE)} == committed_files("feedsvc")


def test_wheel_stays_small(wheel: Path) -> None:
    assert wheel.stat().st_size < MAX_SIZE


def interpreters() -> Iterator[str]:
    """Yield programs that may be a Python: those of PATH, and those that pyenv has installed."""
    for version in VERSIONS:
        for folder in os.get_exec_path():
            if program := shutil.which(f"python{version}", path=folder):
                yield program
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from (str(path) for path in sorted(pyenv.glob("versions/*/bin/python3")))


@cache
def pythons() -> dict[str, str]:
    """Return a usable interpreter for each of VERSIONS that this machine has; usable means with pip."""
    found: dict[str, str] = {}
    for program in interpreters():
        code = "import pip, sys, venv; print('%d.%d' % sys.version_info[:2])"
        result = subprocess.run([program, "-c", code], check=False, capture_output=True, text=True, cwd="/")
        if result.returncode == 0:
            found.setdefault(result.stdout.strip(), program)
    return found


def test_a_python_for_the_wheel_is_found() -> None:
    assert set(pythons()) & set(VERSIONS)


@pytest.fixture(scope="module")
def constraints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the locked versions, so that releases of today do not change the result of the test."""
    lines = re.findall(r"^[a-z0-9-]+==[^\s\\]+", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    file = tmp_path_factory.mktemp("constraints") / "constraints.txt"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_installed_wheel_shows_a_page_within_ten_seconds(version: str, wheel: Path, constraints: Path, tmp_path: Path) -> None:
    if version not in pythons():
        pytest.skip(f"this machine has no Python {version} with pip")
    python, environment_folder = pythons()[version], tmp_path / "env"
    run(python, "-m", "venv", "--without-pip", environment_folder)
    program = environment_folder / "bin" / "feedsvc"
    install = (python, "-m", "pip", "--python", environment_folder / "bin" / "python", "install", "--quiet")
    run(*install, "--disable-pip-version-check", "--constraint", constraints, wheel, cwd=tmp_path)
    installed = installed_files(environment_folder)
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "TMPDIR": str(tmp_path)}
    started = time.monotonic()
    with killing(
        subprocess.Popen([program, "demo", "--port", "0"], cwd=tmp_path, env=variables, stderr=subprocess.PIPE, text=True)
    ) as process:
        assert process.stderr
        lines = [process.stderr.readline() for _ in range(2)]
        assert " at http://" in lines[1], lines
        url = lines[1].rpartition(" at ")[2].strip()
        page, feed = ask(url, "/"), ask(url, "/feed.rss")
        seconds = time.monotonic() - started
        assert (page.status, feed.status) == (200, 200)
        assert b"Asia In News" in page.body
        assert feed.body.count(b"<item>") == 10
        process.terminate()
        assert process.wait(MAX_SECONDS) == 0
    assert seconds < MAX_SECONDS
    assert installed_files(environment_folder) == installed, "the demo wrote into the installed package"
    subprocess.run([program, "init", "--yes"], check=True, cwd=tmp_path, env=variables, capture_output=True)
    check = subprocess.run([program, "check"], check=True, cwd=tmp_path, env=variables, capture_output=True, text=True)
    assert check.stderr == "feedsvc: 3 articles: 0 errors, 0 warnings\n"


def installed_files(folder: Path) -> dict[str, int]:
    """Return the files of an installation with their times, without the caches of bytecode and compiled templates."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path): path.stat().st_mtime_ns for path in files}
