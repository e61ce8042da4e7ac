"""Articles that are not public appear in no response and no file; once they are public, the same search finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.export import MANIFEST_FILE, StaticTree, build
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from feedsvc.web.app import create_app
from tests.helpers.http_client import ask, call, without_date
from tests.helpers.newsrooms import article, load_publication, write
from tests.helpers.running_server import ServerProcess, serving
from tests.leaks.newsroom import (
    EXPIRY_TIME,
    FORMERLY_PUBLIC,
    NEVER_PUBLIC,
    NOW,
    PUBLICATION_TIME,
    SCHEDULED,
    hidden_article,
    write_newsroom,
)
from tests.leaks.search import Fetch, all_paths, find_leaks, find_leaks_in_tree, guessed_paths, other_listing_paths
from tests.web.conftest import FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping

_TICK: Final = timedelta(microseconds=1)


def open_live(root: Path, clock: FakeClock) -> Live:
    return Live(ContentFolder(root), LastModifiedStore(None), clock, VariantStore(root.parent / "pictures"))


def fetcher(live: Live) -> Fetch:
    app = create_app(live)
    return lambda path, headers: call(app, path, headers)


def find_all_leaks(live: Live, kinds: Mapping[str, str]) -> dict[str, set[str]]:
    """Search every path that a client could request from a running newsroom."""
    edition = live.current(live.clock())
    return find_leaks(fetcher(live), [*all_paths(edition), *other_listing_paths(), *guessed_paths(kinds)])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("leaks")
    with serving(write_newsroom(folder / "content", NEVER_PUBLIC, FORMERLY_PUBLIC), folder / "state") as running:
        yield running


def test_server_reveals_nothing_about_drafts_and_scheduled_articles(server: ServerProcess, tmp_path: Path) -> None:
    edition = load_publication(write_newsroom(tmp_path / "content"), wall_clock())
    fetch: Fetch = lambda path, headers: ask(server.url, path, headers)  # noqa: E731
    assert {
        path: words
        for path, words in find_leaks(fetch, [*all_paths(edition), *other_listing_paths()]).items()
        if words - allowed_words(path)
    } == {}
    missing = fetch("/articles/nothing/", {})
    for path in guessed_paths(NEVER_PUBLIC):
        response = fetch(path, {})
        assert response.status == 404, path
        if not path.endswith("/views"):
            assert (response.body, without_date(response.headers)) == (missing.body, without_date(missing.headers)), path


def test_server_reveals_only_the_withdrawal_of_formerly_public_articles(server: ServerProcess) -> None:
    fetch: Fetch = lambda path, headers: ask(server.url, path, headers)  # noqa: E731
    assert {
        path: words for path, words in find_leaks(fetch, guessed_paths(FORMERLY_PUBLIC)).items() if words - allowed_words(path)
    } == {}
    for kind in FORMERLY_PUBLIC:
        status = 410 if kind.startswith("withdrawn") else 404
        assert fetch(f"/articles/zq{kind}slug-%C3%A9/", {}).status == status
        assert fetch(f"/articles/zq{kind}slug-%C3%A9/views", {}).status == 404
        assert fetch(f"/media/zq{kind}image.png", {}).status == 404


_FEED: Final = re.compile(r"/(?:feed\.(?:atom|rss|json)|(?:feed|rss|index|atom)\.xml|(?:rss|feed)(?:/index\.html)?)\Z")


def allowed_words(address: str) -> set[str]:
    """Return the words of formerly public articles at an address: tags, ids and addresses in feeds, notices and titles."""
    path, words = unquote(address), set[str]()
    for marker in (f"zq{kind}" for kind in FORMERLY_PUBLIC):
        is_withdrawn = marker.startswith("zqwithdrawn")
        words |= {f"{marker}tag"} if path.startswith(f"/tag/{marker}tag") else set()
        words |= {f"{marker}id", f"{marker}notice"} if is_withdrawn and _FEED.search(path) else set()
        words |= {f"{marker}slug"} if is_withdrawn and _FEED.search(path) and "atom" not in path else set()
        words |= (
            {f"{marker}slug", f"{marker}alias", f"{marker}notice", f"{marker}title"}
            if is_withdrawn and path.startswith(f"/articles/{marker}")
            else set()
        )
    return words


def test_documents_equal_those_of_a_newsroom_without_drafts_and_scheduled_articles(tmp_path: Path) -> None:
    with_hidden, without_hidden = (
        load_publication(write_newsroom(tmp_path / "a", NEVER_PUBLIC, SCHEDULED), NOW),
        load_publication(write_newsroom(tmp_path / "b"), NOW),
    )
    assert [*with_hidden.paths_with_redirects()] == [*without_hidden.paths_with_redirects()]
    assert {path: content_of(with_hidden, path) for path in with_hidden.paths_with_redirects()} == {
        path: content_of(without_hidden, path) for path in without_hidden.paths_with_redirects()
    }
    assert with_hidden.not_found_page == without_hidden.not_found_page


def content_of(edition: Publication, path: str) -> object:
    resource = edition.resolve(path)
    return getattr(resource, "body", getattr(resource, "length", None))


_NOTICES: Final = ("slug-é/410.html", "slug-é/index.html", "alias/index.html")


def test_static_tree_contains_no_word_and_no_file_of_hidden_articles(tmp_path: Path) -> None:
    live = open_live(write_newsroom(tmp_path / "content", NEVER_PUBLIC, FORMERLY_PUBLIC), FakeClock(NOW))
    build(live.current(NOW), tmp_path / "out")
    leaks = {f"/{name}": words for name, words in find_leaks_in_tree(tmp_path / "out").items() if name != MANIFEST_FILE}
    assert {path: words for path, words in leaks.items() if words - allowed_words(path.removesuffix(".gz"))} == {}
    withdrawn = [kind for kind in FORMERLY_PUBLIC if kind.startswith("withdrawn")]
    words_in_manifest = {f"zq{kind}tag" for kind in FORMERLY_PUBLIC} | {
        f"zq{kind}{key}" for kind in withdrawn for key in ("slug", "alias")
    }
    assert find_leaks_in_tree(tmp_path / "out")[MANIFEST_FILE] == words_in_manifest
    # The notice is at the article's address and at its former addresses.
    pages = {f"/articles/zq{kind}{name}{suffix}" for kind in withdrawn for name in _NOTICES for suffix in ("", ".gz")}
    assert {path for path in leaks if path.startswith(("/articles", "/media", "/sized"))} == pages


def test_scheduled_article_appears_at_its_publication_second_and_disappears_at_its_expiry(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    live = open_live(write_newsroom(tmp_path / "content", SCHEDULED), clock)
    for moment in (NOW, PUBLICATION_TIME - _TICK):
        clock.now = moment
        assert find_all_leaks(live, SCHEDULED) == {}
    for moment in (PUBLICATION_TIME, EXPIRY_TIME - _TICK):
        clock.now = moment
        leaks = find_all_leaks(live, SCHEDULED)
        assert {"/", "/feed.rss", "/feed.atom", "/feed.json", "/sitemap.xml", "/news-sitemap.xml"} <= leaks.keys()
        assert set().union(*leaks.values()) == {f"zqsoon{key}" for key in (*_PUBLIC_KEYS, "sound")}
    clock.now = EXPIRY_TIME
    leaks = find_all_leaks(live, SCHEDULED)
    assert {path for path in leaks if not path.startswith("/tag/zqsoontag/")} == set()
    assert set().union(*leaks.values()) <= {"zqsoontag"}


# The keys of an article that readers see; the name and folder of its file are not among them.
_PUBLIC_KEYS: Final = {
    *("id", "title", "tag", "summary", "image", "alt", "caption", "credit", "crediturl", "talk", "enclosure", "source"),
    *("sourceurl", "correction", "slug", "body", "inneralt", "inner", "link", "linkurl"),
}

_PUBLISHED: Final = "published: 2026-02-20"
# Change of a public article -> its new dates, None if it is deleted; the keys that may remain visible.
CHANGES: Final[Mapping[str, tuple[str | None, tuple[str, ...]]]] = {
    "becomes a draft": (f"{_PUBLISHED}\nstatus: draft", ()),
    "is scheduled for later": ("published: 2026-04-01", ()),
    "expires": (f"{_PUBLISHED}\nexpires: 2026-02-28", ("tag",)),
    "is withdrawn": (
        f"{_PUBLISHED}\nstatus: withdrawn\nwithdrawn: {{date: 2026-02-28, notice: zqoncenotice}}",
        ("tag", "id", "slug", "notice", "title"),
    ),
    "is withdrawn as of later": (
        f"{_PUBLISHED}\nstatus: withdrawn\nwithdrawn: {{date: 2026-04-01, notice: zqoncenotice}}",
        ("tag", "slug", "notice", "title"),
    ),
    "is deleted": (None, ()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_article_that_is_no_longer_public_disappears_from_server_and_tree(tmp_path: Path, change: str) -> None:
    dates, remaining_keys = CHANGES[change]
    root = write(write_newsroom(tmp_path / "content"), hidden_article("once", _PUBLISHED))
    live = open_live(root, FakeClock(NOW))
    before = live.current(NOW)
    with StaticTree(tmp_path / "out") as tree:
        tree.build(before)
        assert "zqoncetitle" in set().union(*find_leaks_in_tree(tmp_path / "out").values())
        if dates is None:
            (root / "articles/zqoncefolder/zqoncestem.yaml").unlink()
        else:
            write(root, hidden_article("once", dates))
        live.reload()
        tree.update(live.current(NOW), live.current(NOW).changed_since(before))
    leaks = find_leaks(
        fetcher(live), [*all_paths(before), *all_paths(live.current(NOW)), *other_listing_paths(), *guessed_paths(["once"])]
    )
    assert set().union(*leaks.values()) == {f"zqonce{key}" for key in remaining_keys}
    assert not {word for path, words in leaks.items() for word in words if word != "zqoncetag" and not _may_contain(path, word)}
    words_by_file = {name: words for name, words in find_leaks_in_tree(tmp_path / "out").items() if name != MANIFEST_FILE}
    former_slugs = {"zqoncealias"} if "slug" in remaining_keys else set()
    assert set().union(*words_by_file.values()) == {f"zqonce{key}" for key in remaining_keys} | former_slugs
    assert not {
        word
        for name, words in words_by_file.items()
        for word in words
        if word != "zqoncetag" and not _may_contain(f"/{name}", word)
    }


def _may_contain(path: str, word: str) -> bool:
    is_in_feed = bool(_FEED.search(path.removesuffix(".gz"))) and word in ("zqonceid", "zqoncenotice", "zqonceslug")
    return is_in_feed or (word != "zqonceid" and unquote(path).startswith("/articles/zqonce"))


def test_draft_stays_hidden_if_the_edit_that_publishes_it_is_broken(tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content", {"draft": NEVER_PUBLIC["draft"]})
    live = open_live(root, FakeClock(NOW))
    for broken in ("published: 2026-01-10\nstatus: published\nsumary: x", "published: 2026-01-10\nexpires: never"):
        write(root, hidden_article("draft", broken))
        live.reload()
        assert live.edition.content.errors
        assert find_all_leaks(live, {"draft": ""}) == {}
    write(root, hidden_article("draft", "published: 2026-01-10"))
    live.reload()
    assert "/articles/zqdraftslug-%C3%A9/" in find_all_leaks(live, {"draft": ""})


def test_spelling_of_a_shared_tag_in_drafts_is_not_revealed(tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content")
    for number in range(6):
        write(root, article(f"draft{number}", "2026-01-02", tags="[HARBOUR]", status="draft"))
    edition = load_publication(root, NOW)
    assert not [path for path in edition.paths() if b"HARBOUR" in getattr(edition.resolve(path), "body", b"")]


def test_media_file_shared_with_a_draft_is_served_only_while_a_public_article_uses_it(tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content")
    draft = article("draft", "2026-01-02", status="draft", image="{src: media/shared.png, alt: zqalt}")
    live = open_live(write(root, draft), FakeClock(NOW))
    assert fetcher(live)("/media/shared.png", {}).status == 200
    for stem in ("one", "two", "three", "four"):
        (root / f"articles/{stem}.yaml").unlink()
    live.reload()
    assert fetcher(live)("/media/shared.png", {}).status == 404
    assert find_all_leaks(live, {}) == {}
