"""feedsvc token: adding, listing and revoking tokens, and errors that say what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest

from feedsvc.access import token_digest
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms

FEEDS: Final = (
    "members: {title: For members, include: {all: true}, access: private, aliases: [friends]}\n"
    "open: {title: Open, include: {all: true}, content: summary}\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    site = "title: T\nbase_url: https://t.example/daily\nid_domain: t.example\ntimezone: Asia/Seoul\n"
    (tmp_path / "state").mkdir()
    return newsrooms.write(tmp_path / "content", {"site.yaml": site, "feeds.yaml": FEEDS})


def token(root: Path, *arguments: str, state: str = "state", **variables: str) -> tuple[int, str, str]:
    """Run a command of `feedsvc token` with the content folder after its arguments; return its exit status and output."""
    count = {"add": 3, "revoke": 2, "list": 1}[arguments[0]]
    options = ("--state", str(root.with_name(state))) if state else ()
    result = run_feedsvc("token", *arguments[:count], root, *arguments[count:], *options, **variables)
    assert "Traceback" not in result.stderr
    return result.returncode, result.stdout, result.stderr


def test_a_token_is_printed_once_and_listed_without_itself(root: Path) -> None:
    status, address, notes = token(root, "add", "friends", "Alice Park", "--expires", "2097-01-01", "--limit-fetches", "12/hour")
    match = re.fullmatch(r"https://t\.example/daily/private/([a-z2-7]{32})/feed\.rss\n", address)
    assert match
    assert status == 0
    assert notes == (
        "feedsvc: the address is for Alice Park only until 2097-01-01 00:00; it is stored nowhere, so keep it now "
        f"(.rss can be .atom or .json); its token is in {root.with_name('state')}/tokens.sqlite\n"
    )
    _, listed, _ = token(root, "list")
    lines = [re.split(r"  +", line) for line in listed.splitlines()]
    assert lines[0] == ["NAME", "FEED", "CREATED", "LAST USED", "FETCHES", "LIMIT", "EXPIRES", "STATE"]
    assert [*lines[1][:2], *lines[1][3:]] == ["Alice Park", "members", "-", "0", "12/hour", "2097-01-01 00:00", "active"]
    _, text, _ = token(root, "list", "--json")
    (facts,) = json.loads(text)
    assert facts["expires"] == "2096-12-31T15:00:00Z"
    assert {key: facts[key] for key in ("name", "feed", "fetches", "limit_per_hour", "last_used", "revoked", "state")} == {
        "name": "Alice Park",
        "feed": "members",
        "fetches": 0,
        "limit_per_hour": 12,
        "last_used": None,
        "revoked": None,
        "state": "active",
    }
    digest = token_digest(match[1])
    assert digest
    state = b"".join(path.read_bytes() for path in root.with_name("state").iterdir())
    assert (match[1].encode() in state, digest in state) == (False, True)
    assert match[1] not in listed + text
    assert digest.hex() not in listed + text


def test_json_of_a_new_token_has_its_addresses_and_what_the_list_says(root: Path) -> None:
    status, text, notes = token(root, "add", "members", "Alice", "--json")
    added = json.loads(text)
    addresses = added.pop("addresses")
    assert (status, notes.startswith("feedsvc: the address is for Alice only")) == (0, True)
    assert [address.rpartition(".")[2] for address in addresses.values()] == [*addresses] == ["rss", "atom", "json"]
    _, listed, _ = token(root, "list", "--json")
    assert json.loads(listed) == [added]


def test_a_revoked_name_can_be_used_again(root: Path) -> None:
    token(root, "add", "members", "alice")
    assert token(root, "revoke", "alice") == (0, "", "feedsvc: the token of alice for the feed members is revoked\n")
    assert token(root, "revoke", "alice")[2] == (
        "feedsvc: error: the token of alice is revoked already; feedsvc token list shows when it was used last\n"
    )
    assert token(root, "add", "members", "alice")[0] == 0
    _, text, _ = token(root, "list", "--json")
    assert [facts["state"] for facts in json.loads(text)] == ["revoked", "active"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", "membres", "bob"), "feeds.yaml has no feed 'membres'; did you mean 'members'?"),
        (("add", "world", "bob"), "feeds.yaml has no feed 'world'; feedsvc feeds lists all feeds"),
        (("add", "open", "bob"), "the feed 'open' is public, so it needs no token; write access: private in"),
        (("add", "members", "alice"), "there is a token named 'alice' already, for the feed 'members'; choose another name"),
        (("add", "members", "a/b"), "the name 'a/b' is not allowed: begin with a letter or digit"),
        (("add", "members", "bob", "--expires", "2020-01-01"), "--expires: 2020-01-01 00:00 is over already; give a later time"),
        (("add", "members", "bob", "--expires", "soon"), "--expires: 'soon' is not a date; write it like 2026-01-02"),
        (("add", "members", "bob", "--expires", "2099-02-30"), "February 2099 has 28 days"),
        (("add", "members", "bob", "--expires", ""), "--expires: '' is not a date"),  # a script whose variable is empty
        (("add", "members", "bob", "--limit-fetches", "0"), "'0' is not a limit; give a number of fetches from 1 to 100,000"),
        (("add", "members", "bob", "--limit-fetches", "5/minute"), "'5/minute' is not a limit"),
        (("add", "members", "bob", "--database", "mysql://h/n"), "nothing can be stored in mysql://h/n; give the URL"),
        (("add", "members", "bob", "--base-url", "x"), "--base-url 'x' is not the address of a site"),
        (("revoke", "alic"), "no token is named 'alic'; did you mean 'alice'?"),
        (("revoke", "zoe"), "no token is named 'zoe'; feedsvc token list shows all names"),
    ],
)
def test_mistakes_are_explained_and_change_nothing(root: Path, arguments: tuple[str, ...], message: str) -> None:
    token(root, "add", "members", "alice")
    status, output, error = token(root, *arguments)
    assert (status, output) == (2, "")
    assert message in error.replace("\n", " ")
    assert [facts["state"] for facts in json.loads(token(root, "list", "--json")[1])] == ["active"]


def test_a_state_folder_that_no_server_uses_is_an_error(root: Path, tmp_path: Path) -> None:
    status, _, error = token(root, "add", "members", "alice", state="", XDG_STATE_HOME=str(tmp_path / "home"))
    assert status == 2
    assert "in which the server and this command find the tokens; start feedsvc serve once, which makes it; if the" in error
    assert not (tmp_path / "home").exists()
    assert "correct it" in token(root, "add", "members", "alice", state="other")[2]
    assert token(root, "add", "members", "alice", state="", FEEDSVC_STATE=str(root.with_name("state")))[0] == 0


def test_an_invalid_feeds_yaml_is_named(root: Path) -> None:
    (root / "feeds.yaml").write_text("members: {titel: X}\n")
    assert "has no feed 'members' (it has errors: feedsvc check shows them)" in token(root, "add", "members", "alice")[2]


def test_tokens_of_feeds_that_are_gone_or_public_are_marked(root: Path) -> None:
    token(root, "add", "members", "alice")
    for feeds, state in ((FEEDS.replace("private", "public"), "public"), ("", "no feed")):
        (root / "feeds.yaml").write_text(feeds or "x: {title: X, include: {all: true}}\n")
        assert [facts["state"] for facts in json.loads(token(root, "list", "--json")[1])] == [state]


def test_feedsvc_feeds_says_who_can_read_a_private_feed_and_build_leaves_it_out(root: Path, tmp_path: Path) -> None:
    lines = run_feedsvc("feeds", root).stdout.splitlines()
    assert re.split(r"  +", lines[-1]) == ["(each token has its own)", "0", "0", "-", "private", "For members"]
    (facts,) = (feed for feed in json.loads(run_feedsvc("feeds", root, "--json").stdout) if feed["id"] == "members")
    assert (facts["access"], facts["addresses"], facts["kind"]) == ("private", {}, "custom")
    result = run_feedsvc("build", tmp_path / "out", root, "--state", tmp_path / "state")
    assert result.returncode == 0, result.stderr
    assert "feedsvc: 1 private feed left out of the tree: only feedsvc serve has tokens\n" in result.stderr
    assert "members" not in result.stderr


def test_a_sqlite_url_in_a_missing_folder_is_explained(root: Path, tmp_path: Path) -> None:
    (tmp_path / "no.sqlite").write_text(
        "This is no database, but it is long enough to have the size of a header of SQLite.\n" * 9
    )
    for file, reason in (("missing/tokens.sqlite", "unable to open database file"), ("no.sqlite", "file is not a database")):
        status, output, error = token(root, "add", "members", "bob", "--database", f"sqlite:///{tmp_path / file}")
        assert (status, output) == (2, "")
        assert f"{tmp_path / file}" in error
        assert reason in error
