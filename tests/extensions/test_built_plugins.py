"""Plug-ins under `feedsvc build`, in the public API, and in commands that do not need them."""

from __future__ import annotations

import json
import subprocess
import sys
from ast import literal_eval
from pathlib import Path

import pytest

from feedsvc.api import Format
from tests import ROOT
from tests.cli.command_line import run_feedsvc
from tests.extensions.distribution import FORMATS, NAMESPACES, install, install_acme, variables
from tests.helpers import newsrooms
from tests.helpers.newsrooms import article, write
from tests.helpers.trees import contents


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return newsrooms.write_sample(tmp_path / "content")


def build(content: Path, site: Path, *options: str, **others: str) -> str:
    """Build, and return the line of the numbers of files."""
    state, log = content.parent / "state", str(content.parent / "log")
    arguments = ("build", content.parent / "out", content, "--state", state, *options)
    result = run_feedsvc(*arguments, **variables(site, ACME_LOG=log, **others))
    assert result.returncode == 0, result.stderr
    return next(line for line in result.stderr.splitlines() if "files written" in line)


def test_a_tree_has_the_formats_and_is_rebuilt_when_the_plugin_changes(content: Path, tmp_path: Path) -> None:
    site, feed = install_acme(tmp_path / "site"), tmp_path / "out" / "feed.rss"
    build(content, site, "--processes", "2")
    assert (tmp_path / "out" / "feed.csv").read_bytes().startswith(b"id,published")
    assert (tmp_path / "out" / "category" / "asia" / "feed.csv").is_file()
    assert b"<acme:words>" in feed.read_bytes()
    assert " 0 files written" in build(content, site)
    # The same version with other code, as while a plug-in is written: a tree must not keep the bytes of the former code.
    install_acme(site, replacements={"acme:words": "acme:count"})
    assert " 0 files written" not in build(content, site)
    assert b"<acme:count>" in feed.read_bytes()
    install_acme(site, version="2.0", replacements={'name="CSV"': 'name="Table"'})
    build(content, site)
    assert ">Table<" in (tmp_path / "out" / "subscribe" / "index.html").read_text()
    build(content, tmp_path / "empty")
    assert not (tmp_path / "out" / "feed.csv").exists()
    assert b"acme" not in feed.read_bytes()


def test_a_format_for_one_listing_is_nowhere_else_and_no_page_links_to_it(content: Path, tmp_path: Path) -> None:
    """A partner's format had an address beside every feed, and stood on every page."""
    extra = {'media_type="text/csv",': 'media_type="text/csv", listings=("category:asia",), is_linked=False,'}
    site = install_acme(tmp_path / "site", replacements=extra)
    build(content, site, "--nginx", str(tmp_path / "tree.conf"))
    files = contents(tmp_path / "out")
    folders = {name.rpartition("/feed.csv")[0].partition("/archive/")[0] for name in files if name.endswith(".csv")}
    assert folders == {"category/asia"}
    assert [name for name, text in files.items() if name.endswith(".html") and b"feed.csv" in text] == []
    assert b"category/asia/feed.acme" in files["category/asia/index.html"]
    listed = run_feedsvc("feeds", content, "--json", **variables(site)).stdout
    assert listed.count("feed.csv") == 1


@pytest.mark.parametrize("listings", ['"site"', '("sites",)', "(1,)"])
def test_a_wrong_listing_of_a_format_is_an_error_that_names_the_kinds(tmp_path: Path, listings: str) -> None:
    with pytest.raises(ValueError, match=r"^Format.listings: expected a tuple of site, category, .* or KIND:ID, not "):
        Format(suffix="csv", name="CSV", media_type="text/csv", render=lambda _: b"", listings=literal_eval(listings))


def test_the_hook_is_called_after_a_build_that_wrote_files(content: Path, tmp_path: Path) -> None:
    site, log = install_acme(tmp_path / "site"), tmp_path / "log"
    build(content, site)
    build(content, site)
    write(content, article("late", "2026-02-25"))
    build(content, site)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["by"] for event in events] == ["build", "build"]
    assert [event["feeds"] for event in events] == [[], []]


@pytest.mark.parametrize(
    ("code", "group", "reason"),
    [
        ("import nothing_of_this_name\n", FORMATS, "cannot be loaded from bad_plugin:X"),
        (
            (
                "from feedsvc.api import Format\n"
                "X = Format(suffix='bad', name='B', media_type='text/plain', render=lambda feed: 'text')\n"
            ),
            FORMATS,
            "gave str; expected bytes: return text.encode()",
        ),
        (
            (
                "from feedsvc.api import Namespace\n"
                "X = Namespace(prefix='bad', uri='https://bad.example/', entry_elements=lambda entry: [entry])\n"
            ),
            NAMESPACES,
            "expected Element, not Entry",
        ),
    ],
)
def test_a_build_with_a_failing_plugin_ends_with_its_name(
    content: Path, tmp_path: Path, code: str, group: str, reason: str
) -> None:
    """A tree is kept for long: feeds without the elements of a partner would be found weeks later."""
    site = install(tmp_path / "site", "bad-plugin", code, {group: {"bad": "bad_plugin:X"}})
    build(content, tmp_path / "empty")
    before = contents(tmp_path / "out")
    arguments = ("build", tmp_path / "out", content, "--state", tmp_path / "state")
    result = run_feedsvc(*arguments, **variables(site))
    assert result.returncode == 2, result.stderr
    assert "the plug-in bad-plugin 1.0" in result.stderr
    assert reason in result.stderr
    assert "pip uninstall bad-plugin" in result.stderr
    assert "Traceback" not in result.stderr
    assert contents(tmp_path / "out")["feed.rss"] == before["feed.rss"]
    arguments = ("build", tmp_path / "new", content, "--state", tmp_path / "state")
    assert run_feedsvc(*arguments, **variables(site)).returncode == 2
    assert not (tmp_path / "new").exists()


def test_the_api_gives_the_bytes_of_the_tree_in_all_formats(content: Path, tmp_path: Path) -> None:
    site = install_acme(tmp_path / "site")
    build(content, site)
    program = (
        "import sys; from pathlib import Path; from urllib.parse import unquote; from feedsvc.api import formats, open_folder\n"
        "listings = open_folder(sys.argv[1]).listings\n"
        "for listing in listings:\n"
        "    for form in formats():\n"
        "        path = unquote(listing.feed_url(form.suffix)).removeprefix(listings[0].url)\n"
        "        assert listing.render(form.suffix) == (Path(sys.argv[2]) / path).read_bytes(), path\n"
        "print(*(form.suffix for form in formats()))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, content, tmp_path / "out"],
        env=variables(site),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "rss atom json acme csv\n", result.stderr


def digests(content: Path, site: Path) -> dict[str, str]:
    program = (
        "import json, sys; from pathlib import Path; from feedsvc.feeds import FeedDigests\n"
        "from tests.helpers.newsrooms import load_catalog\n"
        "print(json.dumps(dict(FeedDigests().compute(load_catalog(Path(sys.argv[1]))))))\n"
    )
    command = [sys.executable, "-c", program, content]
    return dict(json.loads(subprocess.run(command, env=variables(site), capture_output=True, text=True, check=True).stdout))


def test_hubs_are_notified_of_all_feeds_when_a_plugin_changes(content: Path, tmp_path: Path) -> None:
    without = digests(content, tmp_path / "empty")
    site = install_acme(tmp_path / "site")
    first = digests(content, site)
    assert first == digests(content, site)
    assert {"/feed.csv", "/category/asia/feed.csv"} <= first.keys() - without.keys()
    second = digests(content, install_acme(site, version="1.3.0"))
    assert not {*without.items()} & {*first.items()}
    assert not {*first.items()} & {*second.items()}


@pytest.mark.parametrize("arguments", [("--version",), ("check",), ("list",), ("schema", "site")])
def test_commands_that_write_no_feed_import_no_plugin(content: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code = f"open({str(tmp_path / 'imported')!r}, 'w')\n"
    groups = {group: {"bad": "bad_plugin:X"} for group in (FORMATS, NAMESPACES)}
    site = install(tmp_path / "site", "bad-plugin", code, groups)
    template = (ROOT / "feedsvc/pages/templates/message.html").read_text("utf-8")
    write(content, {"theme/templates/message.html": f"{template}<!-- own -->\n"})  # a check renders pages, which name formats
    run_feedsvc(*arguments, cwd=tmp_path, **variables(site))
    assert not (tmp_path / "imported").exists()
