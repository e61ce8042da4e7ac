"""The settings file feedsvc.toml: precedence, places of mistakes, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms

SITE = "title: T\nbase_url: https://t.example\nid_domain: t.example\n"
ARTICLE_WITH_WARNING = "title: A\npublished: 2026-01-01\nbody: Text.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    newsrooms.write(tmp_path, {"newsroom/site.yaml": SITE, "newsroom/articles/a.yaml": ARTICLE_WITH_WARNING})
    return tmp_path


def write(folder: Path, text: str, name: str = "feedsvc.toml") -> None:
    newsrooms.write(folder, {name: text})


def errors(folder: Path, *arguments: str, **variables: str) -> list[str]:
    """Run a command that must stop because of the settings file, and return its messages."""
    result = run_feedsvc(*arguments, cwd=folder, **variables)
    assert (result.returncode, result.stdout) == (2, "")
    return result.stderr.splitlines()


def test_options_of_a_command_and_of_all_commands(folder: Path) -> None:
    write(folder, 'content = "newsroom"\nbase-url = "https://x.example"\n[check]\nstrict = true\nformat = "json"\n')
    result = run_feedsvc("check", cwd=folder)
    assert result.returncode == 1
    assert json.loads(result.stdout)["problems"][0]["path"] == "articles/a.yaml"
    assert "https://x.example/feed.rss" in run_feedsvc("feeds", cwd=folder).stdout
    assert '"title"' in run_feedsvc("schema", "site", cwd=folder).stdout
    assert run_feedsvc("stamp", "--dry-run", cwd=folder).stdout.startswith("articles/a.yaml: id: ")


def test_command_line_over_variable_over_table_over_top_over_default(folder: Path) -> None:
    def address(*options: str, **variables: str) -> str:
        table = run_feedsvc("feeds", "newsroom", *options, cwd=folder, **variables).stdout
        return table.splitlines()[1].split()[0]

    assert address() == "https://t.example/feed.rss"
    write(folder, 'base-url = "https://top.example"\n')
    assert address() == "https://top.example/feed.rss"
    write(folder, 'base-url = "https://top.example"\n[feeds]\nbase-url = "https://table.example"\n')
    assert address() == "https://table.example/feed.rss"
    assert address(FEEDSVC_BASE_URL="https://variable.example") == "https://variable.example/feed.rss"
    options = ("--base-url", "https://option.example")
    assert address(*options, FEEDSVC_BASE_URL="https://variable.example") == "https://option.example/feed.rss"


@pytest.mark.parametrize("value", ["yes", "no"])
def test_a_variable_overrides_a_flag_of_the_file_in_both_directions(folder: Path, value: str) -> None:
    write(folder, f"[check]\nstrict = {'true' if value == 'no' else 'false'}\n")
    assert run_feedsvc("check", "newsroom", cwd=folder, FEEDSVC_STRICT=value).returncode == (1 if value == "yes" else 0)


def test_a_list_sets_an_option_that_may_be_repeated(folder: Path) -> None:
    write(folder, '[build]\ncoding = ["br", "zstd"]\nno-gzip = true\nstate = "state"\n')
    assert run_feedsvc("build", "out", "newsroom", cwd=folder).returncode == 0
    assert {file.suffix for file in folder.glob("out/feed.rss*")} == {".rss", ".br", ".zst"}


def test_another_file_is_named_by_option_or_variable_and_paths_are_relative_to_it(folder: Path) -> None:
    write(folder, 'content = "../newsroom"\n', "settings/news.toml")
    write(folder, "strikt = true\n")
    for result in (
        run_feedsvc("feeds", "--config", "settings/news.toml", cwd=folder),
        run_feedsvc("feeds", cwd=folder, FEEDSVC_CONFIG="settings/news.toml"),
        run_feedsvc("feeds", cwd=folder / "newsroom", FEEDSVC_CONFIG=str(folder / "settings/news.toml")),
    ):
        assert result.returncode == 0, result.stderr
        assert "https://t.example/feed.rss" in result.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1\n", "feedsvc.toml:1: unknown key 'prot'; did you mean 'port'?"),
        ("xyzzy = 1\n", "feedsvc.toml:1: unknown key 'xyzzy'; feedsvc COMMAND --help lists the options"),
        ('config = "x"\n', "feedsvc.toml:1: unknown key 'config'; "),
        (
            "\n[serve]\nport = 1\n[chek]\nstrict = true\n",
            "feedsvc.toml:4: no command has the name of the table 'chek'; did you mean 'check'?",
        ),
        ("\n[serve]\nprot = 1\n", "feedsvc.toml: [serve]: unknown key 'prot'; did you mean 'port'?"),
        ("check = 1\n", "feedsvc.toml:1: unknown key 'check'; "),
        ("[check]\nstrict = [true]\n", "feedsvc.toml: strict: expected a text in quotation marks, a number, or true or false"),
        ("[check]\nformat = 1.5\n", "feedsvc.toml: format: expected a text in quotation marks, a number, or true or false"),
        ('[check]\nformat = ["json"]\n', "feedsvc.toml: format: expected a text"),
        ("check.format.x = 1\n", "feedsvc.toml: format: expected a text"),
        ("a = [\n", "feedsvc.toml: this is not TOML: Invalid value (at end of document); see https://toml.io/"),
        ("[check]\nstrict = yes\n", "feedsvc.toml: this is not TOML: Invalid value (at line 2, column 10); see https://toml.io/"),
    ],
)
def test_a_mistake_is_reported_with_its_place_and_nothing_is_done(folder: Path, text: str, message: str) -> None:
    (folder / "feedsvc.toml").write_text(text, "utf-8")
    (line,) = errors(folder, "check", "newsroom")
    assert line.startswith(f"feedsvc: error: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strict = 7\n", "Invalid value for '--strict' (feedsvc.toml): '7' is not a valid boolean"),
        ('format = "jsn"\n', "Invalid value for '--format' (feedsvc.toml): there is no 'jsn'; did you mean 'json'?"),
    ],
)
def test_a_value_that_an_option_cannot_have_is_reported_with_the_file(folder: Path, text: str, message: str) -> None:
    write(folder, f"[check]\n{text}")
    for command in (["check", "newsroom"], ["config"]):
        assert message in errors(folder, *command)[-1]


def test_all_unknown_names_are_reported_at_once(folder: Path) -> None:
    write(folder, "prot = 1\n[serve]\nthread = 4\n[chekc]\n")
    assert errors(folder, "serve", "newsroom", "--state", "state") == [
        "feedsvc: error: feedsvc.toml:1: unknown key 'prot'; did you mean 'port'?",
        "feedsvc: error: feedsvc.toml: [serve]: unknown key 'thread'; did you mean 'threads'?",
        "feedsvc: error: feedsvc.toml:4: no command has the name of the table 'chekc'; did you mean 'check'?",
    ]
    assert not (folder / "state").exists()


def test_a_file_that_is_only_found_may_not_name_a_program(folder: Path) -> None:
    """The current folder may be a checkout that editors write."""
    write(folder, '[serve]\npurge = "touch hacked"\n')
    reason = "a file that is only found in the current folder may not name a program"
    hint = "name it: --config feedsvc.toml, or FEEDSVC_CONFIG=feedsvc.toml"
    for command in ("check", "serve"):
        assert errors(folder, command, "newsroom") == [f"feedsvc: error: feedsvc.toml: [serve]: purge: {reason}; {hint}"]
    assert run_feedsvc("check", "newsroom", cwd=folder, FEEDSVC_CONFIG="feedsvc.toml").returncode == 0


def test_help_is_printed_whatever_the_file_contains(folder: Path) -> None:
    write(folder, "a = [\n")
    assert run_feedsvc("check", "--help", cwd=folder).returncode == 0
    assert run_feedsvc("--version", cwd=folder).returncode == 0


@pytest.mark.parametrize("file", ["newsroom/feedsvc.toml", "newsroom/theme/feedsvc.toml"])
def test_a_file_that_editors_can_write_is_refused(folder: Path, file: str) -> None:
    write(folder, 'purge = "touch hacked"\n', file)
    for result in (
        run_feedsvc("ping", "newsroom", "--config", file, cwd=folder),
        run_feedsvc("ping", folder / "newsroom", cwd=(folder / file).parent),
    ):
        assert (result.returncode, result.stdout) == (2, "")
        assert "is in the content folder" in result.stderr
        assert "move it out of that folder" in result.stderr


def test_a_file_that_does_not_exist_or_is_no_text_is_reported(folder: Path) -> None:
    result = run_feedsvc("check", "newsroom", "--config", "nowhere.toml", cwd=folder)
    assert (result.returncode, result.stderr) == (
        2,
        (
            "feedsvc: error: the settings file nowhere.toml cannot be read (No such file or directory); "
            "correct --config or FEEDSVC_CONFIG\n"
        ),
    )
    (folder / "feedsvc.toml").write_bytes(b"content = '\xff'\n")
    result = run_feedsvc("check", "newsroom", cwd=folder)
    assert (result.returncode, result.stderr) == (
        2,
        "feedsvc: error: the settings file feedsvc.toml is not UTF-8; save it as UTF-8\n",
    )


def test_config_shows_which_value_comes_from_where(folder: Path) -> None:
    assert "no variable and no settings file sets an option" in run_feedsvc("config", cwd=folder).stderr
    write(folder, 'content = "newsroom"\n[serve]\nport = 8080\nopen-status = ["10.0.0.0/8"]\n')
    result = run_feedsvc("config", cwd=folder, FEEDSVC_PORT="9", FEEDSVC_DATABASE="postgresql://news:secret@db/x")
    rows = [line.split(maxsplit=3) for line in result.stdout.splitlines()]
    assert rows[0] == ["COMMAND", "OPTION", "VALUE", "FROM"]
    assert [row for row in rows if row[0] == "serve"] == [
        ["serve", "content", "newsroom", "feedsvc.toml"],
        ["serve", "port", "9", "FEEDSVC_PORT"],
        ["serve", "open-status", '["10.0.0.0/8"]', "feedsvc.toml"],
        ["serve", "database", "postgresql://...", "FEEDSVC_DATABASE"],
    ]
    assert ["check", "content", "newsroom", "feedsvc.toml"] in rows
    assert "secret" not in result.stdout


def test_json_of_config_has_lists_as_lists_and_no_password(folder: Path) -> None:
    write(folder, '[check]\nignore = ["no-id", "no-alt"]\n')
    result = run_feedsvc("config", "--json", cwd=folder, FEEDSVC_DATABASE="postgresql://news:secret@db/x")
    rows = json.loads(result.stdout)
    assert {"command": "check", "option": "ignore", "value": ["no-id", "no-alt"], "from": "feedsvc.toml"} in rows
    database = {"option": "database", "value": "postgresql://...", "from": "FEEDSVC_DATABASE"}
    assert {"command": "serve", **database} in rows
    (folder / "feedsvc.toml").unlink()
    assert json.loads(run_feedsvc("config", "--json", cwd=folder).stdout) == []


PASSWORDS: Final = {
    "postgresql://news:secret@db/x": "postgresql://...",
    "postgresql+psycopg://news:pa/secret@db/x": "postgresql+psycopg://...",
    "postgresql://db/x?pass%77ord=secret&sslmode=require": "postgresql://...",
    "sqlite:////srv/news.sqlite": "sqlite://...",
    "postgresql:/news:secret@db/x": "...",
    "host=db user=news password=secret": "...",
    "host=db password=secret://x": "...",
}


def test_config_prints_no_password(folder: Path) -> None:
    write(folder, '[check]\nagainst-feed = ["old.rss", "https://news:secret@old.example/rss"]\n')
    for url, printed in PASSWORDS.items():
        output = run_feedsvc("config", cwd=folder, FEEDSVC_DATABASE=url).stdout
        assert [line.split()[2] for line in output.splitlines() if line.startswith("serve")] == [printed]
        assert '["old.rss", "https://..."]' in output
        assert "secret" not in output
    write(folder, f"database = {json.dumps(url)}\n")
    assert "secret" not in run_feedsvc("config", cwd=folder).stdout


def test_the_example_of_the_document_is_valid(folder: Path) -> None:
    document = (ROOT / "docs/reference/command-line.md").read_text("utf-8")
    write(folder, document.partition("```toml\n")[2].partition("```")[0])
    rows = [line.split(maxsplit=3) for line in run_feedsvc("config", cwd=folder).stdout.splitlines()]
    assert ["serve", "port", "8080", "feedsvc.toml"] in rows
    assert ["check", "strict", "true", "feedsvc.toml"] in rows
    assert ["list", "state", "/var/lib/feedsvc", "feedsvc.toml"] in rows


def test_config_checks_the_tables_of_all_commands(folder: Path) -> None:
    write(folder, '[serve]\nport = 8080\n[views]\nsince = "yesterday"\n')
    assert run_feedsvc("check", "newsroom", cwd=folder).returncode == 0
    message = "Invalid value for '--since' (feedsvc.toml): 'yesterday' is not a date; give one such as 2026-01-31"
    assert message in errors(folder, "config")[-1]


def test_a_table_of_token_sets_the_options_of_its_subcommands(folder: Path) -> None:
    feeds = "members: {title: For members, include: {all: true}, access: private}\n"
    newsrooms.write(folder, {"newsroom/feeds.yaml": feeds, "state/README": ""})
    write(folder, 'content = "newsroom"\n[token]\nstate = "state"\nlimit-fetches = "7/hour"\n[list]\njson = true\n')
    assert run_feedsvc("token", "add", "members", "Alice", cwd=folder).returncode == 0
    listed = run_feedsvc("token", "list", cwd=folder)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.startswith("NAME")  # not JSON: the table is that of `feedsvc list`
    assert "7/hour" in listed.stdout


def test_config_shows_the_options_of_subcommands(folder: Path) -> None:
    write(folder, '[token]\nstate = "state"\nlimit-fetches = "7/hour"\n')
    result = run_feedsvc("config", cwd=folder)
    rows = [line.rsplit(maxsplit=3) for line in result.stdout.splitlines()[1:]]
    assert rows == [
        ["token add", "limit-fetches", "7/hour", "feedsvc.toml"],
        ["token add", "state", "state", "feedsvc.toml"],
        ["token list", "state", "state", "feedsvc.toml"],
        ["token revoke", "state", "state", "feedsvc.toml"],
    ]
