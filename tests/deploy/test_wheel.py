"""Source archive and wheel: their files, and the wheel in an empty environment of the oldest and the newest Python here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import feedsvc
from tests import ROOT
from tests.helpers.http_client import ask
from tests.helpers.programs import killing
from tests.helpers.running_server import NO_VARIABLES

VERSIONS: Final = ("3.11", "3.12", "3.13", "3.14")
MAX_SECONDS: Final = 10.0  # from the command to the page
INSTALL_SECONDS: Final = 600
SAMPLE: Final = "feedsvc/sample/"
MAX_SIZE: Final = 2_000_000  # bytes of the wheel
VERSION_FILE: Final = "feedsvc/_version.py"
# Files for git and for CI, which nobody needs who has no checkout.
UNARCHIVED: Final = (".ci/", ".git_archival.txt", ".gitattributes")
# The build would otherwise ask git, which the copy of the checkout lacks.
VERSION_VARIABLES: Final = {"SETUPTOOLS_SCM_PRETEND_VERSION": feedsvc.__version__}


def run(*words: str | Path, cwd: Path | None = None, variables: Mapping[str, str] = NO_VARIABLES) -> str:
    environment = {**os.environ, **variables}
    result = subprocess.run(words, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS, cwd=cwd, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def build(checkout: Path, target: str, variables: Mapping[str, str] = NO_VARIABLES) -> Path:
    """Build the sdist or wheel of a checkout, and return its file."""
    folder = checkout.parent / f"{checkout.name}-{target}"
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder, cwd=checkout, variables=variables)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the committed files as they are now. A build in the checkout itself would write the version for other tests."""
    folder = tmp_path_factory.mktemp("copy") / "checkout"
    for name in committed_files("."):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    return build(checkout, "wheel", VERSION_VARIABLES)


@pytest.fixture(scope="module")
def sdist(checkout: Path) -> Path:
    return build(checkout, "sdist", VERSION_VARIABLES)


def committed_files(folder: str) -> set[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    return set(run("git", "ls-files", "-z", folder, cwd=ROOT).split("\0")) - {""}


def test_sdist_has_what_is_committed_and_nothing_else(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert len(names) == len(set(names))
    expected = {name for name in committed_files(".") if not name.startswith(UNARCHIVED)}
    assert set(names) == expected | {"PKG-INFO", VERSION_FILE}


def test_wheel_of_the_sdist_is_the_wheel_of_the_checkout(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    again = build(folder, "wheel")  # its version is in its metadata
    assert again.name == wheel.name
    files, expected = zipfile.ZipFile(again), zipfile.ZipFile(wheel)
    assert {name: files.read(name) for name in files.namelist()} == {name: expected.read(name) for name in expected.namelist()}


def test_wheel_has_the_sample_once_and_nothing_that_is_not_committed(wheel: Path) -> None:
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert len(names) == len(set(names))
    sample = {f"content/{name.removeprefix(SAMPLE)}" for name in names if name.startswith(SAMPLE)}
    assert sample == committed_files("content")
    assert {name for name in names if not name.startswith(SAMPLE)} == committed_files("feedsvc") | {VERSION_FILE}


def metadata_of(wheel: Path) -> Message:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    return message_from_bytes(archive.read(name))


def test_links_and_picture_of_the_readme_work_on_a_package_index(wheel: Path) -> None:
    metadata, readme = metadata_of(wheel), (ROOT / "README.md").read_text("utf-8")
    description = metadata.get_payload(decode=True)
    assert isinstance(description, bytes)
    assert metadata["Description-Content-Type"] == "text/markdown"
    source = dict(value.split(", ") for value in metadata.get_all("Project-URL") or ())["Source"]
    for is_picture, folder in ((True, f"{source}/raw/main/"), (False, f"{source}/blob/main/")):
        pattern = re.compile(r"!\[[^]]*\]\(([^)]+)\)" if is_picture else r"(?<!!)\[[^]]*\]\(([^)]+)\)")
        assert pattern.findall(description.decode()) == [f"{folder}{target}" for target in pattern.findall(readme)]


def test_metadata_names_the_pages_of_the_project_and_the_pythons(wheel: Path) -> None:
    metadata = metadata_of(wheel)
    assert metadata["Version"] == feedsvc.__version__
    urls = dict(value.split(", ") for value in metadata.get_all("Project-URL") or ())
    assert urls.keys() == {"Documentation", "Source", "Issues", "Changelog"}
    # The same placeholder as in the files for newsrooms, so that one replacement finds all.
    source = re.search(r"^  PACKAGE: git\+(.*)$", (ROOT / "docs/github-workflow.yaml").read_text("utf-8"), re.MULTILINE)
    assert source
    assert all(url == source[1] or url.startswith(f"{source[1]}/") for url in urls.values())
    classifiers = metadata.get_all("Classifier") or ()
    assert {value.rpartition(" ")[2] for value in classifiers if re.search(r":: 3\.\d", value)} == set(VERSIONS)


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


@pytest.mark.slow
@pytest.mark.parametrize("choice", [0, -1], ids=["oldest", "newest"])
def test_installed_wheel_shows_a_page_within_ten_seconds(choice: int, wheel: Path, constraints: Path, tmp_path: Path) -> None:
    version = [one for one in VERSIONS if one in pythons()][choice]
    python, environment_folder = pythons()[version], tmp_path / "env"
    run(python, "-m", "venv", "--without-pip", environment_folder)
    program = environment_folder / "bin" / "feedsvc"
    install = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", environment_folder / "bin" / "python")
    run(*install, "--constraint", constraints, wheel, cwd=tmp_path)
    assert run(program, "--version") == f"feedsvc {feedsvc.__version__}\n"
    installed = installed_files(environment_folder)
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "TMPDIR": str(tmp_path)}
    subprocess.run([program, "init", "--yes"], check=True, cwd=tmp_path, env=variables, capture_output=True)
    check = subprocess.run([program, "check"], check=True, cwd=tmp_path, env=variables, capture_output=True, text=True)
    assert check.stderr == "feedsvc: 3 articles: 0 errors, 0 warnings\n"
    run(environment_folder / "bin" / "python", "-c", "import feedsvc.cli.serve_runner", cwd=tmp_path)
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
        assert feed.body.count(b"<item>") == 11  # ten articles, and the notice of a withdrawn one
        process.terminate()
        assert process.wait(MAX_SECONDS) == 0
    assert seconds < MAX_SECONDS
    assert installed_files(environment_folder) == installed, "a command wrote into the installed package"


def installed_files(folder: Path) -> dict[str, int]:
    """Return the files of an installation with their times, without the caches of bytecode."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path): path.stat().st_mtime_ns for path in files}
