"""Environment variables for options: every option has one, and a misspelled name causes a warning."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from feedsvc.cli import main
from feedsvc.cli.settings import VARIABLE_NAMES, Option, variable_of
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms

ARTICLE_WITH_WARNING = {"articles/a.yaml": "title: A\npublished: 2026-01-01\nbody: Text.\n"}


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return newsrooms.write(newsrooms.write_sample(tmp_path / "content"), ARTICLE_WITH_WARNING)


def commands(group: click.Group = main, start: str = "") -> dict[str, click.Command]:
    """Return all commands by name; those of a group with its name, such as "token add"."""
    context, found = click.Context(group), dict[str, click.Command]()
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            found |= commands(command, f"{start}{name} ")
        elif command:
            found[f"{start}{name}"] = command
    return found


def test_a_variable_that_several_commands_read_has_the_same_kind_of_value_for_each() -> None:
    """A variable of a container is set for all commands: FEEDSVC_LIMIT=10 was for list, and an hourly limit of a new token."""
    kinds: dict[str, set[object]] = {}
    for command in commands().values():
        for option in command.params:
            if isinstance(option, Option):
                kind = option.type.to_info_dict() | {"flag": option.is_flag, "several": option.multiple}
                kinds.setdefault(variable_of(option), set()).add(repr((kind, option.metavar)))
    assert {variable: kind for variable, kind in kinds.items() if len(kind) > 1} == {}


def test_help_of_every_option_names_its_variable() -> None:
    for name in commands():
        help_text = " ".join(run_feedsvc(*name.split(), "--help").stdout.split())
        for option in commands()[name].params:
            if isinstance(option, click.Option) and option.name != "help":
                assert isinstance(option, Option)
                assert f"env var: {variable_of(option)}" in help_text, (name, option.name)


def test_variable_names_are_those_of_all_options() -> None:
    options = [option for command in commands().values() for option in command.params if isinstance(option, Option)]
    assert {variable_of(option) for option in options} | {"FEEDSVC_CONTENT"} == VARIABLE_NAMES


def test_build_reads_its_options_from_variables(content: Path, tmp_path: Path) -> None:
    newsrooms.write(content, {"articles/broken.yaml": "title: no\n"})
    result = run_feedsvc(
        "build", tmp_path / "out", content, FEEDSVC_CODING="br zstd", FEEDSVC_SKIP_BROKEN="yes", FEEDSVC_NO_GZIP="1"
    )
    assert result.returncode == 0, result.stderr
    assert {file.suffix for file in tmp_path.glob("out/feed.rss*")} == {".rss", ".br", ".zst"}


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("FEEDSVC_STRIKT", "did you mean 'FEEDSVC_STRICT'?"),
        ("FEEDSVC_XYZZY", "feedsvc COMMAND --help lists the variable of each option"),
    ],
)
def test_misspelled_variable_causes_a_warning_with_the_nearest_name(content: Path, name: str, advice: str) -> None:
    result = run_feedsvc("check", content, **{name: "1"})
    assert result.returncode == 0
    assert f"feedsvc: warning: no option has the environment variable {name}; {advice}" in result.stderr.splitlines()


def test_variables_of_other_commands_and_of_tests_cause_no_warning(content: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    for command in (("check",), ("token", "list")):
        own = {"FEEDSVC_STATE": str(tmp_path / "state"), "FEEDSVC_PORT": "1", "FEEDSVC_TEST_REQUIRE_ALL": "1"}
        assert "warning: no option" not in run_feedsvc(*command, content, **own, FEEDSVC_CONTENT="x").stderr


@pytest.mark.parametrize("arguments", [["--help"], ["token", "--help"]], ids=" ".join)
def test_summaries_of_commands_are_whole_sentences_on_a_narrow_terminal(arguments: list[str]) -> None:
    listed = run_feedsvc(*arguments, COLUMNS="80").stdout.partition("\nCommands:\n")[2].partition("\n\n")[0]
    summaries = re.split(r"\n  (?=[a-z])", listed)
    assert len(summaries) >= 3
    assert [summary for summary in summaries if "..." in summary or not summary.rstrip().endswith(".")] == []


def test_bad_value_is_reported_with_the_variable_that_has_it(content: Path) -> None:
    for options, variables, message in (
        (("--port", "99999"), {}, "'--port': 99999 is not in the range 0<=x<=65535."),
        ((), {"FEEDSVC_PORT": "abc"}, "'--port' (FEEDSVC_PORT): 'abc' is not a whole number from 0 to 65535"),
    ):
        lines = run_feedsvc("serve", content, *options, **variables).stderr.splitlines()
        assert lines[-1] == f"Error: Invalid value for {message}"


def test_misspelled_status_gets_the_nearest_one(content: Path) -> None:
    result = run_feedsvc("list", content, "--status", "pubished")
    assert (result.returncode, result.stderr.endswith("there is no 'pubished'; did you mean 'published'?\n")) == (2, True), (
        result.stderr
    )
