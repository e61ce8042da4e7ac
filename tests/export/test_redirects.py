"""Old addresses of redirects.yaml in a static tree: redirect pages, copies of feeds, lines of `_redirects`."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.export import StaticTree, hosts
from feedsvc.live.live import Live
from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms
from tests.helpers.trees import contents

MARKUP = b'<meta http-equiv="refresh" content="0; url='
RULES = """\
exact:
  /2014/05/rich/: /articles/rich/
  /2014/05/rich.html: /articles/rich/
  /about: /category/asia/
  /?p=1: /articles/rich/
  /feed.xml: /feed.atom
  /feeds/all.atom.xml: /feed.atom
  /comments/feed/: gone
  /shop/: https://shop.example.org/a%20b?c=d
  /nowhere/: /articles/nowhere/
  /서울/: /articles/rich/
  /articles/rich/: /category/asia/
  /2014/05/rich.html/print/: /articles/rich/
  /feed.rss/comments/: /articles/rich/
  /.feedsvc-build.journal: /articles/rich/
  /_headers: /articles/rich/
  /404.html: /articles/rich/
  /old.gz: /articles/rich/
  /blog/*: /articles/*
  /category/asia/page/*: /category/asia/
  /category/*: /category/asia/
  /far/*: https://far.example/*
  /spam/*: gone
"""


def write_rules(content: Path, text: str = RULES) -> Publication:
    (content / "redirects.yaml").write_text(text)
    return newsrooms.load_publication(content)


def build(publication: Publication, out: Path, host: str = "any", selection: str = "") -> None:
    with StaticTree(out, host=host, selection=selection, processes=1) as tree:
        tree.build(publication)


def test_tree_has_redirect_pages_and_copies_of_feeds(content: Path, out: Path) -> None:
    build(write_rules(content), out)
    for name in ("2014/05/rich/index.html", "2014/05/rich.html", "서울/index.html"):
        assert MARKUP + b'/daily/articles/rich/">' in (out / name).read_bytes(), name
    assert MARKUP + b'/daily/category/asia/">' in (out / "about/index.html").read_bytes()
    shop = (out / "shop/index.html").read_bytes()
    assert MARKUP + b'https://shop.example.org/a%20b?c=d">' in shop
    assert b'<link rel="canonical" href="https://shop.example.org/a%20b?c=d">' in shop
    for name in ("feed.xml", "feeds/all.atom.xml", "atom.xml"):
        assert (out / name).read_bytes() == (out / "feed.atom").read_bytes(), name
    assert (out / "feed.xml.gz").read_bytes() == (out / "feed.atom.gz").read_bytes()


def test_tree_has_no_file_where_it_needs_the_name_or_where_a_rule_leads_nowhere(content: Path, out: Path) -> None:
    build(write_rules(content), out)
    assert MARKUP not in (out / "articles/rich/index.html").read_bytes()
    names = ("_headers", "404.html", ".feedsvc-build.journal")
    assert MARKUP not in b"".join((out / name).read_bytes() for name in names)
    for name in ("comments", "nowhere", "feed.rss/comments", "2014/05/rich.html/print", "old.gz", "?p=1", "blog", "far"):
        assert not (out / name).exists(), name


@pytest.mark.parametrize(
    ("rules", "file", "missing"),
    [
        ("exact: {/a.d: /articles/rich/}", "a.d/x", ""),
        ("exact: {/a/index.html/b/: /articles/rich/, /a/: /articles/rich/}", "a/index.html", "a/index.html/b"),
        ("exact: {/404.html/b/: /articles/rich/}", "404.html", "404.html/b"),
        ("exact: {/feed.rss.gz/b/: /articles/rich/}", "feed.rss.gz", "feed.rss.gz/b"),
    ],
)
def test_old_address_that_would_be_file_and_folder_does_not_stop_a_build(
    content: Path, out: Path, rules: str, file: str, missing: str
) -> None:
    newsrooms.write(content, {"root/a.d/x": "text"})
    publication = write_rules(content, rules)
    build(publication, out)
    assert (out / file).is_file()
    assert not missing or not (out / missing).exists()
    first = contents(out)
    build(publication, out)
    assert contents(out) == first


@pytest.mark.parametrize("addresses", [("/a.html", "/a.html/b/"), ("/a.html/b/", "/a.html")])
def test_old_address_follows_one_whose_file_had_the_name_of_its_folder(
    content: Path, tmp_path: Path, addresses: tuple[str, str]
) -> None:
    """Before the fix, a folder in the place of a file ended every later build, and a file in its place came one build late."""
    for address in addresses:
        publication = write_rules(content, f"exact: {{{address}: /articles/rich/}}")
        build(publication, tmp_path / "out")
    build(publication, tmp_path / "new")
    assert contents(tmp_path / "out") == contents(tmp_path / "new")


@pytest.mark.parametrize("name", ["a.d/x", "a.e"])
def test_file_of_root_takes_the_name_of_an_old_address_while_the_tree_is_kept_up_to_date(
    content: Path, tmp_path: Path, name: str
) -> None:
    (content / "redirects.yaml").write_text("exact: {/a.d: /articles/rich/, /a.e/b/: /articles/rich/}")
    live = Live(ContentFolder(content), None)
    with StaticTree(tmp_path / "out", processes=1) as tree:
        before = live.edition.publication
        tree.build(before)
        newsrooms.write(content, {f"root/{name}": "text"})
        live.reload()
        publication = live.edition.publication
        tree.update(publication, publication.changed_since(before))
    build(publication, tmp_path / "new")
    assert (tmp_path / "out" / name).read_text() == "text"
    assert contents(tmp_path / "out") == contents(tmp_path / "new")


def test_long_old_address_has_a_file_without_compressed_copy(content: Path, out: Path) -> None:
    """Before the fix, the build ended with "File name too long"."""
    name = f"{'a' * 250}.html"
    build(write_rules(content, f"exact: {{/{name}: /articles/rich/}}"), out)
    assert MARKUP in (out / name).read_bytes()


@pytest.mark.parametrize("host", ["any", "netlify", "nginx"])
@pytest.mark.parametrize("selection", ["", "feeds"])
def test_changed_rules_give_the_same_tree_as_a_new_build(content: Path, tmp_path: Path, host: str, selection: str) -> None:
    out = tmp_path / "out"
    live = Live(ContentFolder(content), None)
    with StaticTree(out, host=host, selection=selection, processes=1) as tree:
        tree.build(live.edition.publication)
        versions = (
            RULES,
            RULES.replace("/feed.atom", "/feed.json"),
            "exact: {/2014/05/rich/: gone, /a/: /feed.rss}\n",
            "",
            RULES,
        )
        for number, text in enumerate(versions):
            (content / "redirects.yaml").write_text(text)
            before = live.edition.publication
            live.reload()
            publication = live.edition.publication
            assert publication is not before
            tree.update(publication, publication.changed_since(before))
            new = tmp_path / f"new-{number}"
            build(publication, new, host, selection)
            assert contents(out) == contents(new), number


def test_edited_article_updates_the_copies_and_pages_at_its_old_addresses(content: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    newsrooms.write(content, newsrooms.article("plain", category="asia"))
    (content / "redirects.yaml").write_text(RULES.replace("rich", "plain").replace("  /articles/plain/: /category/asia/\n", ""))
    live = Live(ContentFolder(content), None)
    article = content / "articles/plain.yaml"
    text = article.read_text()
    with StaticTree(out, processes=1) as tree:
        tree.build(live.edition.publication)
        for number, changed in enumerate((text.replace("title: ", "title: Not "), f"{text}status: draft\n", text)):
            article.write_text(changed)
            before = live.edition.publication
            live.reload()
            publication = live.edition.publication
            tree.update(publication, publication.changed_since(before))
            build(publication, tmp_path / f"new-{number}")
            assert contents(out) == contents(tmp_path / f"new-{number}"), number
            assert (out / "2014/05/plain/index.html").exists() == ("draft" not in changed)


def test_later_build_from_stored_state_follows_changed_rules(content: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number, text in enumerate((RULES, "exact: {/2014/05/rich/: /category/asia/, /feed.xml: /feed.json}\n", "")):
        (content / "redirects.yaml").write_text(text)
        run_build(content, out, tmp_path / "state")
        run_build(content, tmp_path / f"new-{number}", tmp_path / f"state-{number}")
        assert contents(out) == contents(tmp_path / f"new-{number}"), number


def run_build(content: Path, out: Path, state: Path) -> None:
    from feedsvc.content.folder import open_content_folder

    state.mkdir(exist_ok=True)
    folder = open_content_folder(content, "", state)
    live = Live(folder, None)
    with StaticTree(out, processes=1) as tree:
        tree.build(live.edition.publication, baseline=folder.baseline)
        tree.mark_complete(live.edition.publication, folder.state_name)


def lines(publication: Publication, host: str) -> list[str]:
    return hosts.render_redirects(publication.catalog, hosts.HOSTS[host]).splitlines()


def test_redirects_file_has_exact_rules_and_those_with_an_asterisk_that_hide_no_document(content: Path) -> None:
    found = lines(write_rules(content), "any")
    for line in (
        "/daily/2014/05/rich/ /daily/articles/rich/ 301",
        "/daily/feed.xml /daily/feed.atom 301",
        "/daily/shop/ https://shop.example.org/a%20b?c=d 301",
        "/daily/%EC%84%9C%EC%9A%B8/ /daily/articles/rich/ 301",
        "/daily/blog/* /daily/articles/:splat 301",
        "/daily/category/asia/page/* /daily/category/asia/ 301",
        "/daily/far/* https://far.example/:splat 301",
    ):
        assert line in found, line
    assert "/daily/feed.xml /daily/feed.rss 301" not in found
    assert not [line for line in found if "comments/feed" in line or "?p" in line or line.startswith("/daily/category/* ")]
    assert not [line for line in found if "nowhere" in line or line.startswith("/daily/articles/rich/ ")]
    assert len(found) == len({line.split(" ")[0] for line in found})


def test_netlify_gets_410_and_rules_with_an_asterisk_after_files(content: Path) -> None:
    found = lines(write_rules(content), "netlify")
    assert "/daily/comments/feed/ /daily/404.html 410!" in found
    assert "/daily/2014/05/rich/ /daily/articles/rich/ 301!" in found
    assert found.index("/daily/category/asia/page/* /daily/category/asia/ 301") < found.index(
        "/daily/category/* /daily/category/asia/ 301"
    )


def test_folder_of_media_with_the_name_of_an_old_address_takes_its_place_in_the_tree(tmp_path: Path) -> None:
    root, out = newsrooms.write(tmp_path / "content", newsrooms.SITE), tmp_path / "out"
    newsrooms.write(root, {"redirects.yaml": "exact:\n  /media/v1.0: /articles/a/\n"} | newsrooms.article("a", "2026-01-02"))
    live = Live(ContentFolder(root), None)
    written = live.edition.publication
    with StaticTree(out) as tree:
        tree.build(written)
        assert (out / "media/v1.0").is_file()
        for has_folder in (True, False):
            enclosures = {"enclosures": "[{src: media/v1.0/notes.txt}]"} if has_folder else {}
            newsrooms.write(root, {"media/v1.0/notes.txt": "text"} | newsrooms.article("a", "2026-01-02", **enclosures))
            live.reload()
            publication = live.edition.publication
            tree.update(publication, publication.changed_since(written))
            written = publication
            with StaticTree(tmp_path / f"new-{has_folder}") as new:
                new.build(publication)
                sentences = [sentence for sentence in new.advice(publication) if "/media/v1.0" in sentence]
            assert contents(out) == contents(tmp_path / f"new-{has_folder}")
            assert ((out / "media/v1.0").is_dir(), len(sentences)) == (has_folder, has_folder)
            assert not has_folder or "because media/v1.0/ is a folder with files" in sentences[0]


@pytest.mark.parametrize("host", ["any", "netlify", "nginx"])
def test_tree_follows_the_full_former_addresses_of_an_article(content: Path, tmp_path: Path, host: str) -> None:
    out = tmp_path / "out"
    newsrooms.write(content, newsrooms.article("plain", category="asia", aliases="[/2019/05/plain/, '/?p=7', /plain.html]"))
    live = Live(ContentFolder(content), None)
    with StaticTree(out, host=host, processes=1) as tree:
        tree.build(live.edition.publication)
        advice = [sentence for sentence in tree.advice(live.edition.publication) if "aliases" in sentence]
        assert [sentence.partition(" aliases")[0] for sentence in advice] == ["the tree has no files for 1"] * (host != "nginx")
        assert (out / "2019/05/plain/index.html").exists() == (out / "plain.html").exists() == (host != "nginx")
        line = "/daily/2019/05/plain/ /daily/articles/plain/ 301"
        assert host == "nginx" or any(one.startswith(line) for one in lines(live.edition.publication, host))
        for number, aliases in enumerate(("[/plain.html, /new/]", "[]", "[/plain.html/b/]")):
            newsrooms.write(content, newsrooms.article("plain", category="asia", aliases=aliases))
            before = live.edition.publication
            live.reload()
            tree.update(live.edition.publication, live.edition.publication.changed_since(before))
            build(live.edition.publication, tmp_path / f"new-{number}", host)
            assert contents(out) == contents(tmp_path / f"new-{number}"), number
