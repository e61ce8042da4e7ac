"""Test the project's own files: the lock files, and README.md and examples of the documents against the program."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import pytest
import yaml
from click.testing import CliRunner

from feedsvc.cli import main
from feedsvc.pages.stylesheets import Accent, derive_accent
from feedsvc.pages.theme import Theme, builtin_template_names
from tests import ROOT
from tests.helpers import newsrooms
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.programs import killing
from tests.helpers.running_server import command, environment

INSTALLED: Final = {re.sub(r"[._]", "-", one.name.lower()): one.metadata for one in distributions()}
README: Final = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "tests/node/package-lock.json"])
def test_locks_contain_versions_and_hashes_but_no_registry_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert re.search(r"sha(256|512)[:-]", text)
    assert "resolved" not in text
    assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)", text)
    assert not [line for line in text.splitlines() if "://" in line and '"url"' not in line]


def test_production_lock_is_a_subset_of_the_development_lock() -> None:
    production, development = (
        set(re.findall(r"^[a-z0-9-]+==\S+", (ROOT / lock).read_text("utf-8"), re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    )
    assert production <= development


def test_every_dependency_is_locked() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups, extras = settings["dependency-groups"], settings["project"]["optional-dependencies"]
    served = [*settings["project"]["dependencies"], *extras["postgres"], *groups["build"]]
    for lock, lines in (("requirements.lock", served), ("requirements-dev.lock", [*served, *extras["s3"], *groups["dev"]])):
        names = {re.split(r"[<>=\[; ]", line)[0].replace(".", "-").lower() for line in lines}
        locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text("utf-8"), re.MULTILINE))
        assert names <= locked


def test_extras_are_for_those_who_install_the_program() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(project["optional-dependencies"]) == {"postgres", "s3"}


def test_libraries_with_conditions_for_those_who_pass_them_on_are_named_with_their_licenses() -> None:
    page, image = (ROOT / "docs/how-to/license.md").read_text("utf-8"), (ROOT / "docs/deploy/Containerfile").read_text("utf-8")
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    licenses = {name: license_of(name) for name in locked if name in INSTALLED}
    copyleft = {name for name, text in licenses.items() if re.search(r"GPL|MPL|Mozilla", text)}
    assert "pyvips-binary" in copyleft
    assert {name for name in copyleft if f"`{name}`" not in page} == set()
    expressions = {text for text in licenses.values() if re.fullmatch(r"LGPL-[\w.-]+", text)}
    assert {text for text in expressions if text not in page or text not in image} == set()


def license_of(name: str) -> str:
    metadata = INSTALLED[name]
    text = metadata.get("License-Expression") or metadata.get("License") or ""
    return text or " ".join(value for value in metadata.get_all("Classifier") or () if value.startswith("License"))


def test_make_lists_the_targets_of_the_table_for_contributors() -> None:
    documented = set(
        re.findall(r"`make ([a-z-]+)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Rules for code")[0])
    )
    for words in (["make"], ["make", "help"]):
        listed = subprocess.run(words, cwd=ROOT, text=True, check=True, capture_output=True).stdout
        assert set(re.findall(r"^([a-z-]+) +[A-Z]", listed, re.MULTILINE)) == documented


def test_the_readme_is_one_screen() -> None:
    assert README.count("\n") <= 50
    assert README.count("![") == 1


def test_the_demo_of_the_readme_shows_a_page() -> None:
    """The lines before it, an installation, are those of tests/deploy/test_wheel.py."""
    *install, demo = readme_commands()[0]
    assert install == ["python3 -m venv .venv && . .venv/bin/activate", "pip install ."]
    assert b"<!doctype html>" in page_of(demo, ROOT)


def test_the_newsroom_of_the_readme_is_written_checked_and_served(tmp_path: Path) -> None:
    new_folder, init, check, serve = readme_commands()[1]
    assert new_folder == "mkdir ../harbour && cd ../harbour"
    # Without a terminal nothing can be asked.
    written = subprocess.run(
        [*arguments(init), "--yes"], cwd=tmp_path, env=environment(), text=True, check=True, capture_output=True
    )
    assert "with three articles" in written.stderr
    assert subprocess.run(arguments(check), cwd=tmp_path, env=environment(), check=True, capture_output=True).stdout == b""
    assert b"<!doctype html>" in page_of(serve, tmp_path)


def readme_commands() -> list[list[str]]:
    """Return the commands of each block of the README, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [[line.partition("  #")[0].strip() for line in block.splitlines()] for block in blocks]


def arguments(command_line: str) -> list[str]:
    program, *rest = shlex.split(command_line)
    assert program == "feedsvc"
    return command(*rest)


def page_of(command_line: str, folder: Path) -> bytes:
    """Return the front page of a server that this command starts, on a free port."""
    process = subprocess.Popen(
        [*arguments(command_line), "--port", "0"], cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True
    )
    with killing(process):
        assert process.stderr
        line = next(line for line in process.stderr if " at http://" in line)
        page = ask(re.findall(r"http://127[^ ]*", line)[0], "/").body
        process.terminate()
        process.communicate(timeout=SECONDS)
    return page


def test_newsroom_of_the_reference_is_valid(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {}
    for block in re.findall(r"```yaml\n# content/(.*?)```", read_reference("newsroom"), re.DOTALL):
        path, _, text = block.partition("\n")
        files[path] = text
    newsrooms.write(
        tmp_path,
        {
            **files,
            "media/summit.jpg": newsrooms.picture(),
            "media/ritesh.jpg": newsrooms.picture(64, 64),
            "media/briefing.mp3": b"mp3",
        },
    )
    result = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert set(yaml.safe_load(files["articles/2026/second-summit.yaml"])) >= {"id", "title", "published", "aliases", "body"}


def test_problems_in_the_reference_equal_the_output_of_check(tmp_path: Path) -> None:
    expected = re.search(r"\$ feedsvc check content\n(.*?)```", read_reference("check"), re.DOTALL)
    assert expected
    newsrooms.write(
        tmp_path,
        {
            "site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n",
            "authors.yaml": "ritesh-nambiar: {name: Ritesh Nambiar}\n",
            "articles/summit.yaml": "title: no\npublished: 2026-01-02\nauthor: ritesh-nambier\nid: tag:t.example,2026:s\n",
        },
    )
    assert CliRunner().invoke(main, ["check", str(tmp_path)]).stdout == expected[1]


def test_the_files_of_the_guide_to_themes_render_every_page(tmp_path: Path) -> None:
    text = (ROOT / "docs/how-to/themes.md").read_text("utf-8")
    templates = dict(re.findall(r"```jinja\n\{# content/(\S+) #\}\n(.*?)```", text, re.DOTALL))
    stylesheets = dict(re.findall(r"```css\n/\* content/(\S+) \*/\n(.*?)```", text, re.DOTALL))
    assert (len(templates), len(stylesheets)) == (3, 1)
    newsrooms.write(tmp_path, {**newsrooms.SITE, **templates, **stylesheets})
    result = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert (result.exit_code, "theme/" in result.stdout) == (0, False), result.stdout


def test_the_guide_to_themes_names_the_colors_that_are_derived_the_blocks_and_the_custom_properties() -> None:
    text = (ROOT / "docs/how-to/themes.md").read_text("utf-8")
    rows = re.findall(r'^\| `"(#\w+)"` \| `(#\w+)`[^|]* \| `(#\w+)`', text, re.MULTILINE)
    assert [(color, derive_accent(color)) for color, *_ in rows] == [(color, Accent(*shown)) for color, *shown in rows]
    assert len(rows) == 3
    blocks = {name.removeprefix("blocks/") for name in builtin_template_names() if name.startswith("blocks/")}
    assert set(re.findall(r"^\| `(\w+\.html)` \|", text, re.MULTILINE)) == blocks
    properties = set(re.findall(r"^  (--\w+):", Theme({}).static["site.css"].decode(), re.MULTILINE))
    assert set(re.findall(r"`(--\w+)`", text)) == properties


def read_reference(name: str) -> str:
    return (ROOT / f"docs/reference/{name}.md").read_text("utf-8")
