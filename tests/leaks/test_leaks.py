"""Nothing of what is not public shows, wherever one looks; once it is public, the same search finds it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.export import MANIFEST_FILE, StaticTree, build
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from feedsvc.web.app import application
from tests.helpers.http_client import ask, call, without_date
from tests.helpers.newsrooms import article, load_publication, write
from tests.helpers.running_server import ServerProcess, serving
from tests.leaks.newsroom import FORMER, LIVE, NEVER, NOW, OVER, SOON, hidden, newsroom
from tests.leaks.search import Ask, elsewhere, found, guesses, in_tree, known
from tests.web.conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

_TICK: Final = timedelta(microseconds=1)


def opened(root: Path, clock: Clock) -> Live:
    return Live(ContentFolder(root), LastModifiedStore(None), clock, VariantStore(root.parent / "pictures"))


def asking(live: Live) -> Ask:
    app = application(live)
    return lambda path, headers: call(app, path, headers)


def looked(live: Live, kinds: Mapping[str, str]) -> dict[str, set[str]]:
    """Everything that can be asked of a running newsroom."""
    edition = live.current(live.clock())
    return found(asking(live), [*known(edition), *elsewhere(), *guesses(kinds)])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("leaks")
    with serving(newsroom(home / "content", NEVER, FORMER), home / "state") as one:
        yield one


def test_a_real_server_tells_nothing_of_drafts_and_scheduled_articles(server: ServerProcess, tmp_path: Path) -> None:
    edition = load_publication(newsroom(tmp_path / "content"), wall_clock())
    get: Ask = lambda path, headers: ask(server.url, path, headers)  # noqa: E731
    assert {path: seen for path, seen in found(get, [*known(edition), *elsewhere()]).items() if seen - former_words(path)} == {}
    nothing = get("/articles/nothing/", {})
    for path in guesses(NEVER):
        got = get(path, {})
        assert got.status == 404, path
        if not path.endswith("/views"):
            assert (got.body, without_date(got.headers)) == (nothing.body, without_date(nothing.headers)), path


def test_a_real_server_tells_of_former_articles_only_that_they_are_withdrawn(server: ServerProcess) -> None:
    get: Ask = lambda path, headers: ask(server.url, path, headers)  # noqa: E731
    assert {path: seen for path, seen in found(get, guesses(FORMER)).items() if seen - former_words(path)} == {}
    for kind in FORMER:
        status = 410 if kind.startswith("withdrawn") else 404
        assert get(f"/articles/zq{kind}slug-%C3%A9/", {}).status == status
        assert get(f"/articles/zq{kind}slug-%C3%A9/views", {}).status == 404
        assert get(f"/media/zq{kind}image.png", {}).status == 404


def former_words(address: str) -> set[str]:
    """What an address may say of articles that have been public: see DESIGN's words on tags, tombstones and notices."""
    path, allowed = unquote(address), set[str]()
    for z in (f"zq{kind}" for kind in FORMER):
        is_withdrawn = z.startswith("zqwithdrawn")
        allowed |= {f"{z}tag"} if path.startswith(f"/tag/{z}tag") else set()
        allowed |= {f"{z}id", f"{z}notice"} if is_withdrawn and path.endswith(("feed.atom", "atom.xml")) else set()
        allowed |= {f"{z}slug", f"{z}alias", f"{z}notice"} if is_withdrawn and path.startswith(f"/articles/{z}") else set()
    return allowed


def test_documents_are_those_of_a_newsroom_that_has_no_drafts_and_nothing_scheduled(tmp_path: Path) -> None:
    one, other = load_publication(newsroom(tmp_path / "a", NEVER, SOON), NOW), load_publication(newsroom(tmp_path / "b"), NOW)
    assert [*one.paths_with_redirects()] == [*other.paths_with_redirects()]
    assert {path: seen(one, path) for path in one.paths_with_redirects()} == {
        path: seen(other, path) for path in other.paths_with_redirects()
    }
    assert one.not_found_page() == other.not_found_page()


def seen(edition: Publication, path: str) -> object:
    answer = edition.resolve(path)
    return getattr(answer, "body", getattr(answer, "length", None))


_NOTICES: Final = ("slug-é/410.html", "slug-é/index.html", "alias/index.html")


def test_a_static_tree_holds_no_word_and_no_file_of_what_is_hidden(tmp_path: Path) -> None:
    live = opened(newsroom(tmp_path / "content", NEVER, FORMER), Clock(NOW))
    build(live.current(NOW), tmp_path / "out")
    leaks = {f"/{name}": seen for name, seen in in_tree(tmp_path / "out").items() if name != MANIFEST_FILE}
    assert {path: seen for path, seen in leaks.items() if seen - former_words(path.removesuffix(".gz"))} == {}
    withdrawn = [kind for kind in FORMER if kind.startswith("withdrawn")]
    listed = {f"zq{kind}tag" for kind in FORMER} | {f"zq{kind}{key}" for kind in withdrawn for key in ("slug", "alias")}
    assert in_tree(tmp_path / "out")[MANIFEST_FILE] == listed
    # The notice is where the article was, and at the addresses that it had before.
    pages = {f"/articles/zq{kind}{name}{end}" for kind in withdrawn for name in _NOTICES for end in ("", ".gz")}
    assert {path for path in leaks if path.startswith(("/articles", "/media", "/sized"))} == pages


def test_a_scheduled_article_is_everywhere_in_its_second_and_nowhere_when_it_is_over(tmp_path: Path) -> None:
    clock = Clock(NOW)
    live = opened(newsroom(tmp_path / "content", SOON), clock)
    for moment in (NOW, LIVE - _TICK):
        clock.now = moment
        assert looked(live, SOON) == {}
    for moment in (LIVE, OVER - _TICK):
        clock.now = moment
        leaks = looked(live, SOON)
        assert {"/", "/feed.rss", "/feed.atom", "/feed.json", "/sitemap.xml", "/news-sitemap.xml"} <= leaks.keys()
        assert set().union(*leaks.values()) == {f"zqsoon{key}" for key in (*_KEYS, "sound")}
    clock.now = OVER
    leaks = looked(live, SOON)
    assert {path for path in leaks if not path.startswith("/tag/zqsoontag/")} == set()
    assert set().union(*leaks.values()) <= {"zqsoontag"}


# What of an article is for readers; its file's name and folder are not.
_KEYS: Final = {
    *("id", "title", "tag", "summary", "image", "alt", "caption", "credit", "crediturl", "talk", "enclosure", "source"),
    *("sourceurl", "correction", "slug", "body", "inneralt", "inner", "link", "linkurl"),
}

_SHOWN: Final = "published: 2026-02-20"
# What happens to a public article -> its new text, None where it is deleted; what may still be said of it.
ENDS: Final[Mapping[str, tuple[str | None, tuple[str, ...]]]] = {
    "becomes a draft": (f"{_SHOWN}\nstatus: draft", ()),
    "is scheduled for later": ("published: 2026-04-01", ()),
    "expires": (f"{_SHOWN}\nexpires: 2026-02-28", ("tag",)),
    "is withdrawn": (
        f"{_SHOWN}\nstatus: withdrawn\nwithdrawn: {{date: 2026-02-28, notice: zqoncenotice}}",
        ("tag", "id", "slug", "notice"),
    ),
    "is withdrawn as of later": (
        f"{_SHOWN}\nstatus: withdrawn\nwithdrawn: {{date: 2026-04-01, notice: zqoncenotice}}",
        ("tag", "slug", "notice"),
    ),
    "is deleted": (None, ()),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_was_public_and_is_no_more_is_gone_everywhere(tmp_path: Path, end: str) -> None:
    dates, left = ENDS[end]
    root = write(newsroom(tmp_path / "content"), hidden("once", _SHOWN))
    live = opened(root, Clock(NOW))
    before = live.current(NOW)
    with StaticTree(tmp_path / "out") as tree:
        tree.build(before)
        assert "zqoncetitle" in set().union(*in_tree(tmp_path / "out").values())
        if dates is None:
            (root / "articles/zqoncefolder/zqoncestem.yaml").unlink()
        else:
            write(root, hidden("once", dates))
        live.reload()
        tree.update(live.current(NOW), live.current(NOW).changed_since(before))
    leaks = found(asking(live), [*known(before), *known(live.current(NOW)), *elsewhere(), *guesses(["once"])])
    assert set().union(*leaks.values()) == {f"zqonce{key}" for key in left}
    assert not {word for path, seen in leaks.items() for word in seen if word != "zqoncetag" and not _is_its_place(path, word)}
    in_files = {name: seen for name, seen in in_tree(tmp_path / "out").items() if name != MANIFEST_FILE}
    is_named = {"zqoncealias"} if "slug" in left else set()
    assert set().union(*in_files.values()) == {f"zqonce{key}" for key in left} | is_named
    assert not {
        word for name, seen in in_files.items() for word in seen if word != "zqoncetag" and not _is_its_place(f"/{name}", word)
    }


def _is_its_place(path: str, word: str) -> bool:
    in_atom = path.removesuffix(".gz").endswith(("feed.atom", "atom.xml")) and word in ("zqonceid", "zqoncenotice")
    return in_atom or (word != "zqonceid" and unquote(path).startswith("/articles/zqonce"))


def test_a_draft_stays_unseen_when_an_edit_that_publishes_it_is_broken(tmp_path: Path) -> None:
    root = newsroom(tmp_path / "content", {"draft": NEVER["draft"]})
    live = opened(root, Clock(NOW))
    for broken in ("published: 2026-01-10\nstatus: published\nsumary: x", "published: 2026-01-10\nexpires: never"):
        write(root, hidden("draft", broken))
        live.reload()
        assert live.edition.content.errors
        assert looked(live, {"draft": ""}) == {}
    write(root, hidden("draft", "published: 2026-01-10"))
    live.reload()
    assert "/articles/zqdraftslug-%C3%A9/" in looked(live, {"draft": ""})


def test_how_a_draft_spells_a_shared_tag_is_not_seen(tmp_path: Path) -> None:
    root = newsroom(tmp_path / "content")
    for number in range(6):
        write(root, article(f"draft{number}", "2026-01-02", tags="[HARBOUR]", status="draft"))
    edition = load_publication(root, NOW)
    assert not [path for path in edition.paths() if b"HARBOUR" in getattr(edition.resolve(path), "body", b"")]


def test_a_file_that_a_draft_shares_with_a_public_article_is_served_for_the_latter_alone(tmp_path: Path) -> None:
    root = newsroom(tmp_path / "content")
    draft = article("draft", "2026-01-02", status="draft", image="{src: media/shared.png, alt: zqalt}")
    live = opened(write(root, draft), Clock(NOW))
    assert asking(live)("/media/shared.png", {}).status == 200
    for stem in ("one", "two", "three", "four"):
        (root / f"articles/{stem}.yaml").unlink()
    live.reload()
    assert asking(live)("/media/shared.png", {}).status == 404
    assert looked(live, {}) == {}
