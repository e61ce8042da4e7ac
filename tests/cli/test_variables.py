"""Variables in place of options: FEEDSVC_OPTION works for every option, and a misspelled one draws a warning."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from feedsvc.cli import main
from feedsvc.cli.variables import VARIABLE_NAMES, Option
from tests.cli.test_cli import run
from tests.helpers import newsrooms

WITH_WARNING = {"articles/a.yaml": "title: A\npublished: 2026-01-01\nbody: Text.\n"}


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return newsrooms.write(newsrooms.write_sample(tmp_path / "content"), WITH_WARNING)


def _commands() -> dict[str, click.Command]:
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command}


def test_every_option_of_every_command_shows_its_variable_in_the_help() -> None:
    for name in _commands():
        shown = " ".join(run(name, "--help").stdout.split())
        for option in _commands()[name].params:
            if isinstance(option, click.Option) and option.name != "help":
                assert isinstance(option, Option)
                assert f"env var: {option.variable}" in shown, (name, option.name)


def test_the_names_of_all_commands_are_those_that_their_options_have() -> None:
    options = [one for command in _commands().values() for one in command.params if isinstance(one, Option)]
    assert {one.variable for one in options} | {"FEEDSVC_CONTENT"} == VARIABLE_NAMES


def test_a_strict_check_by_variable_fails_for_a_warning(content: Path) -> None:
    assert run("check", content).returncode == 0
    done = run("check", content, FEEDSVC_STRICT="1")
    assert done.returncode == 1
    assert "warning: no option" not in done.stderr


def test_a_build_by_variables_writes_codings_and_skips_broken_files(content: Path, tmp_path: Path) -> None:
    newsrooms.write(content, {"articles/broken.yaml": "title: no\n"})
    done = run("build", tmp_path / "out", content, FEEDSVC_CODING="br zstd", FEEDSVC_SKIP_BROKEN="yes", FEEDSVC_NO_GZIP="1")
    assert done.returncode == 0, done.stderr
    assert {one.suffix for one in tmp_path.glob("out/feed.rss*")} == {".rss", ".br", ".zst"}


@pytest.mark.parametrize(
    ("former", "now"),
    [
        ({"FEEDSVC_CHECK_STRICT": "1"}, "FEEDSVC_STRICT"),
        ({"FEEDSVC_CHECK_STRICT": "1", "FEEDSVC_CHECK_FORM": "json"}, "FEEDSVC_FORMAT"),
    ],
    ids=str,
)
def test_a_variable_by_its_former_name_goes_on_with_a_notice(content: Path, former: dict[str, str], now: str) -> None:
    done = run("check", content, **former)
    assert done.returncode == 1
    assert f"is now {now}; rename it" in done.stderr
    assert done.stdout.startswith("{") == ("FEEDSVC_CHECK_FORM" in former)


def test_a_database_by_its_former_variable_goes_on_with_a_notice(content: Path) -> None:
    done = run("views", content, FEEDSVC_DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert done.returncode == 2
    assert "the environment variable FEEDSVC_DATABASE_URL is now FEEDSVC_DATABASE" in done.stderr


def test_the_present_name_counts_where_a_former_one_is_set_too(content: Path) -> None:
    done = run("check", content, FEEDSVC_STRICT="0", FEEDSVC_CHECK_STRICT="1")
    assert done.returncode == 0
    assert "rename it" not in done.stderr


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("FEEDSVC_STRIKT", "did you mean 'FEEDSVC_STRICT'?"),
        ("FEEDSVC_XYZZY", "feedsvc COMMAND --help lists the variable of each option"),
    ],
)
def test_a_misspelled_variable_is_a_warning_with_the_nearest_name(content: Path, name: str, advice: str) -> None:
    done = run("check", content, **{name: "1"})
    assert done.returncode == 0
    assert f"feedsvc: warning: no option has the environment variable {name}; {advice}" in done.stderr.splitlines()


def test_variables_of_other_commands_and_of_tests_draw_no_warning(content: Path) -> None:
    done = run("check", content, FEEDSVC_PORT="1", FEEDSVC_SERVE_PORT="1", FEEDSVC_TEST_REQUIRE_ALL="1", FEEDSVC_CONTENT="x")
    assert "warning: no option" not in done.stderr
