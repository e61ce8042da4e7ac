"""A symbolic link in the content folder neither publishes files outside media/ nor reveals files outside the folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from feedsvc import export
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.media.decoder_process import CHANGED, DecodeRequest, DecoderProcess
from feedsvc.content.media.files import MediaFolder
from feedsvc.content.media.image_facts import digest_of, facts_of
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.errors import ContentError, FeedsvcError
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import create_app
from tests.audience.waiting import wait_until
from tests.cli.command_line import run_feedsvc
from tests.helpers.http_client import call
from tests.helpers.newsrooms import load_publication, picture, write
from tests.leaks.links import SECRET, fetcher, files_with_secret, replace_with_link, write_newsroom
from tests.web.conftest import FakeClock

# Kind of link -> its path, its target, and the path that an article refers to.
LEAVING_LINKS: Final = {
    "a file": ("media/x.txt", "../articles/draft.yaml", "media/x.txt"),
    "a file by its absolute path": ("media/x.txt", "{root}/articles/draft.yaml", "media/x.txt"),
    "a file in a folder of another name": ("media/x.txt", "../drafts/notes.txt", "media/x.txt"),
    "a chain": ("media/one.txt", "two.txt", "media/one.txt"),
    "a folder": ("media/sub", "../articles", "media/sub/draft.yaml"),
    "media itself": ("media", "articles", "media/draft.yaml"),
    "the content folder": ("media/all", "..", "media/all/articles/draft.yaml"),
    "site.yaml": ("media/site.yaml", "../site.yaml", "media/site.yaml"),
}


@pytest.mark.parametrize(("link_path", "target", "path"), LEAVING_LINKS.values(), ids=LEAVING_LINKS)
def test_link_that_leaves_media_publishes_no_draft(tmp_path: Path, link_path: str, target: str, path: str) -> None:
    root = write_newsroom(tmp_path / "content", f"enclosures: [{{src: {path}}}]\n")
    if link_path == "media/one.txt":
        replace_with_link(root, "media/two.txt", "../articles/draft.yaml")
    replace_with_link(root, link_path, target.format(root=root))
    assert fetcher(root)(f"/{path}").status == 404
    [problem] = load_content(root).problems
    assert problem.path == "articles/a.yaml"
    assert f"'{path}' lies behind a symbolic link that leaves media/" in problem.message
    assert "put the file itself there" in problem.message
    out = tmp_path / "out"
    result = run_feedsvc("build", out, root, "--state", tmp_path / "state", "--skip-broken")
    assert "symbolic link" in result.stderr
    assert files_with_secret(out) == []
    assert not (out / path).exists()


def test_check_reports_the_link_and_how_to_fix_it(tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content", "enclosures: [{src: media/x.txt}]\n")
    replace_with_link(root, "media/x.txt", "../articles/draft.yaml")
    result = run_feedsvc("check", root)
    assert result.returncode == 1
    assert (
        "articles/a.yaml:4:20: error: enclosures.src: 'media/x.txt' lies behind a symbolic link that leaves media/"
        in result.stdout
    )


MEDIA_REFERENCES: Final = {
    "lead picture": ("image: {src: media/x.png, alt: a}\n", ""),
    "picture in the text": ("body: '![a](media/x.png)'\n", ""),
    "enclosure": ("enclosures: [{src: media/x.png}]\n", ""),
    "avatar": ("author: ann\n", ""),
    "logo": ("", "logo: media/x.png\n"),
    "icon": ("", "icon: media/x.png\n"),
}


@pytest.mark.parametrize("target", ["../drafts/photo.png", "../articles/photo.png"])
@pytest.mark.parametrize(("article", "site"), MEDIA_REFERENCES.values(), ids=MEDIA_REFERENCES)
def test_image_behind_a_link_that_leaves_media_is_not_served(tmp_path: Path, article: str, site: str, target: str) -> None:
    files = {"authors.yaml": "ann: {name: Ann, avatar: media/x.png}\n"} if "ann" in article else {}
    root = write_newsroom(tmp_path / "content", article, site, files)
    replace_with_link(root, "media/x.png", target)
    if site:
        with pytest.raises(ContentError) as error:
            fetcher(root)
        problems = error.value.problems
    else:
        assert fetcher(root)("/media/x.png").status == 404
        problems = load_content(root).problems
    assert any("symbolic link that leaves media/" in problem.message for problem in problems)
    run_feedsvc("build", tmp_path / "out", root, "--state", tmp_path / "state", "--skip-broken")
    assert files_with_secret(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("link_path", "target", "path"),
    [
        ("media/x.txt", "plain.txt", "media/x.txt"),
        ("media/2026/x.txt", "../plain.txt", "media/2026/x.txt"),
        ("media/again", ".", "media/again/plain.txt"),
    ],
)
def test_link_within_media_is_followed(tmp_path: Path, link_path: str, target: str, path: str) -> None:
    root = write_newsroom(tmp_path / "content", f"enclosures: [{{src: {path}}}]\n")
    replace_with_link(root, link_path, target)
    assert load_content(root).problems == ()
    assert fetcher(root)(f"/{path}").body == b"a plain file"
    assert run_feedsvc("build", tmp_path / "out", root, "--state", tmp_path / "state").returncode == 0
    assert (tmp_path / "out" / path).read_bytes() == b"a plain file"


def test_content_folder_may_be_a_symbolic_link(tmp_path: Path) -> None:
    write_newsroom(tmp_path / "releases/1", "enclosures: [{src: media/plain.txt}]\n")
    (tmp_path / "current").symlink_to("releases/1")
    assert fetcher(tmp_path / "current")("/media/plain.txt").body == b"a plain file"
    assert load_content(tmp_path / "current").problems == ()


# --- Links created after the folder was read


@pytest.mark.parametrize(
    ("link_path", "target"), [("media/sub/x.txt", "../../articles/draft.yaml"), ("media/sub", "../elsewhere"), ("media", "other")]
)
def test_media_file_replaced_with_a_link_is_no_longer_served(tmp_path: Path, link_path: str, target: str) -> None:
    path = "media/sub/x.txt"
    files = {path: "first", "elsewhere/x.txt": SECRET, "other/sub/x.txt": SECRET}
    root = write_newsroom(tmp_path / "content", f"enclosures: [{{src: {path}}}]\n", files=files)
    fetch = fetcher(root)
    assert fetch(f"/{path}").body == b"first"
    publication = load_publication(root)
    replace_with_link(root, link_path, target)
    assert fetch(f"/{path}").status == 404
    # A build that read the folder before the change.
    with pytest.raises(FeedsvcError, match=r"cannot be read .*build again"):
        export.build(publication, tmp_path / "out")
    assert files_with_secret(tmp_path / "out") == []


def test_last_valid_version_of_an_article_does_not_serve_a_draft_through_a_link(tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content", "enclosures: [{src: media/x.txt}]\n", files={"media/x.txt": "first"})
    clock, folder = FakeClock(), ContentFolder(root)
    live = Live(folder, LastModifiedStore(None), clock, VariantStore(tmp_path / "pictures"))
    wsgi_app = create_app(live)
    assert call(wsgi_app, "/media/x.txt").body == b"first"
    replace_with_link(root, "media/x.txt", "../articles/draft.yaml")
    live.reload()
    assert call(wsgi_app, "/articles/a/").status == 200
    assert call(wsgi_app, "/media/x.txt").status == 404
    assert any("symbolic link" in problem.message for problem in live.edition.content.problems)


def test_no_image_variant_is_created_through_a_link(tmp_path: Path) -> None:
    image = picture(800, 600, "PNG")
    root = write_newsroom(tmp_path / "content", files={"media/sub/x.png": image, "elsewhere/x.png": image})
    file = MediaFolder(root).file("media/sub/x.png")
    facts = facts_of(file)
    replace_with_link(root, "media/sub", "../elsewhere")
    with pytest.raises(FileNotFoundError):
        VariantStore(tmp_path / "pictures").make(file)
    with DecoderProcess() as decoder:
        request = DecodeRequest(file.location, facts.digest, facts.sizes, str(tmp_path / "pictures"))
        assert decoder.make(request).kind == CHANGED


def test_image_variants_are_served_from_a_state_folder_behind_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are also served from a state folder given by a relative path."""
    root = write_newsroom(
        tmp_path / "content", "image: {src: media/x.png, alt: a}\n", files={"media/x.png": picture(800, 600, "PNG")}
    )
    (tmp_path / "real").mkdir()
    (tmp_path / "state").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    digest = digest_of(MediaFolder(root).file("media/x.png"))
    for state in (tmp_path / "state", Path("real")):
        wsgi_app = create_app(Live(ContentFolder(root), LastModifiedStore(None), FakeClock(), VariantStore(state / "pictures")))
        page = call(wsgi_app, "/articles/a/").body.decode()
        address = f"/sized/{digest}-320/x.png"
        assert address in page
        wait_until(lambda wsgi_app=wsgi_app, address=address: call(wsgi_app, address).status == 200)  # created in the background


# --- Themes and articles


@pytest.mark.parametrize(
    ("link_path", "target"),
    [
        ("theme/static/x.css", "../../articles/draft.yaml"),
        ("theme/static/x.css", "../../drafts/notes.txt"),
        ("theme/static", "../drafts"),
        ("theme", "drafts"),
    ],
)
def test_link_that_leaves_the_theme_publishes_no_draft(tmp_path: Path, link_path: str, target: str) -> None:
    root = write_newsroom(tmp_path / "content", files={"drafts/x.css": SECRET, "drafts/static/x.css": SECRET})
    replace_with_link(root, link_path, target)
    fetch = fetcher(root)
    for name in ("x.css", "notes.txt", "draft.yaml"):
        assert SECRET.encode() not in fetch(f"/static/{name}").body
    [problem] = load_content(root).problems
    assert problem.path == link_path
    assert problem.message == "a symbolic link that leaves theme/ is not followed"
    run_feedsvc("build", tmp_path / "out", root, "--state", tmp_path / "state", "--skip-broken")
    assert files_with_secret(tmp_path / "out") == []


def test_link_within_a_theme_is_followed(tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content", files={"theme/static/x.css": "a {}"})
    replace_with_link(root, "theme/static/y.css", "x.css")
    assert load_content(root).problems == ()
    assert fetcher(root)("/static/y.css").body == b"a {}"


def test_check_reports_an_article_that_is_a_link_out_of_the_content_folder(tmp_path: Path) -> None:
    write(tmp_path / "outside", {"x.yaml": f"title: {SECRET}\npublished: 2026-01-01\n"})
    root = write_newsroom(tmp_path / "content")
    replace_with_link(root, "articles/x.yaml", tmp_path / "outside/x.yaml")
    result = run_feedsvc("check", root)
    assert "articles/x.yaml:1:1: error: a symbolic link that leaves the content folder is not followed; " in result.stdout
    assert "put the file itself there" in result.stdout
    assert SECRET not in result.stdout
    assert os.path.islink(root / "articles/x.yaml")
