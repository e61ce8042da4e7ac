"""A second import: only what changed at the source changes, and nothing that an editor changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.importing.source import PostState, SourcePost, SourceTerm, TermKind
from feedsvc.importing.writer import format_text
from tests.importing.writer.memory_source import NOW, OLD, SITE, articles, files, former_addresses, load, post, run_import, what

FILE = "articles/2020/01/title-1.md"


def edit(root: Path, old: str, new: str) -> None:
    file = root / FILE
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def read(root: Path) -> str:
    return (root / FILE).read_text("utf-8")


@pytest.mark.parametrize(
    "posts",
    [
        [post(number) for number in range(5)],
        [post(n, is_page=True, address=f"{OLD}/{path}") for n, path in enumerate(("about/", "about/team/", "tags/", ""))],
        [post(1, state=PostState.DRAFT, published=None, updated=None, address=f"{OLD}/?p=1")],
        [post(1, id="not a URI A", address="", title="A"), post(2, id="not a URI B", address="", title="B")],
    ],
    ids=["articles", "pages", "draft without a date", "no ids"],
)
def test_nothing_changes_if_the_source_did_not(tmp_path: Path, posts: list[SourcePost]) -> None:
    run_import(tmp_path, *posts)
    before = files(tmp_path)
    report = run_import(tmp_path, *posts, now=NOW.replace(year=2027))
    assert files(tmp_path) == before
    assert (report.created, report.changed, report.unchanged, report.kept) == ([], [], len(posts), [])


def test_folder_is_the_same_for_posts_in_another_order(tmp_path: Path) -> None:
    posts = [post(number) for number in range(5)]
    run_import(tmp_path / "one", *posts)
    run_import(tmp_path / "two", *reversed(posts))
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"title": "New title"}, 'title: "New title"\n'),
        ({"summary": ""}, ""),
        ({"updated": datetime(2021, 1, 1, tzinfo=UTC)}, "updated: 2021-01-01T00:00:00+00:00\n"),
        ({"categories": ("city", "ferries")}, "categories: [city, ferries]\n"),
        ({"state": PostState.DRAFT}, "status: draft\n"),
        ({"body": "<p>New body.</p>"}, "---\n\nNew body.\n"),
    ],
)
def test_changed_value_of_the_source_is_written(tmp_path: Path, facts: dict[str, object], expected: str) -> None:
    run_import(tmp_path, post(1))
    report = run_import(tmp_path, post(1, **facts))
    assert report.changed == [FILE]
    assert expected in read(tmp_path)
    other = tmp_path.with_name(f"{tmp_path.name}-fresh")
    run_import(other, post(1, **facts))
    assert articles(tmp_path) == articles(other)


def test_file_that_an_editor_changed_stays_and_is_listed_as_long_as_the_source_changed_too(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    edit(tmp_path, 'title: "Title 1"\n', "# checked by Vy\ntitle: Better title   # shorter\n")
    mine = read(tmp_path)
    assert run_import(tmp_path, post(1)).kept == []
    for _ in range(2):
        report = run_import(tmp_path, post(1, summary="New summary."))
        assert (report.changed, report.kept, read(tmp_path)) == ([], [FILE], mine)
        assert (
            "Changed here and at the source, so they stay; merge them with git (1):\n  articles/2020/01/title-1.md"
            in format_text(report)
        )
    assert run_import(tmp_path, post(1)).kept == []


def test_file_that_git_restored_as_the_import_wrote_it_is_written_anew(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    imported = read(tmp_path)
    edit(tmp_path, '"Title 1"', '"Mine"')
    run_import(tmp_path, post(1, title="Theirs"))
    (tmp_path / FILE).write_text(imported, "utf-8")
    report = run_import(tmp_path, post(1, title="Theirs"))
    assert (report.changed, report.kept) == ([FILE], [])
    assert "title: Theirs\n" in read(tmp_path)


def test_file_that_an_editor_made_equal_to_the_source_is_unchanged_and_follows_the_source_again(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    edit(tmp_path, '"Title 1"', "Theirs")
    assert run_import(tmp_path, post(1, title="Theirs")).unchanged == 1
    assert run_import(tmp_path, post(1, title="Newest")).changed == [FILE]


def test_article_that_an_editor_deleted_stays_deleted(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), post(2))
    (tmp_path / FILE).unlink()
    report = run_import(tmp_path, post(1, title="Changed"), post(2))
    assert report.deleted == [FILE]
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("name", ["other-name.md", "other-name.markdown", "other-name.MD"])
def test_moved_and_renamed_article_is_found_by_its_id(tmp_path: Path, name: str) -> None:
    run_import(tmp_path, post(1))
    (tmp_path / "articles/best").mkdir()
    (tmp_path / FILE).rename(tmp_path / "articles/best" / name)
    report = run_import(tmp_path, post(1, title="Changed"), post(2))
    assert report.changed == [f"articles/best/{name}"]
    assert {article.title for article in articles(tmp_path).values()} == {"Changed", "Title 2"}


def test_post_that_is_gone_at_the_source_is_reported_only(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), post(2))
    before = files(tmp_path)
    assert run_import(tmp_path, post(2)).gone == [FILE]
    assert files(tmp_path) == before
    assert run_import(tmp_path, post(2), since=datetime(2019, 1, 1, tzinfo=UTC)).gone == []


def test_post_of_another_source_is_not_gone(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    other = replace(SITE, address="https://second.example")
    assert run_import(tmp_path, post(2, address="https://second.example/x/"), site=other).gone == []


def test_broken_file_stays_as_it_is_and_is_reported(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    (tmp_path / FILE).write_text("---\ntitle: [\n", "utf-8")
    report = run_import(tmp_path, post(1, title="Changed"))
    assert (report.kept, what(report)) == ([FILE], [])
    assert read(tmp_path) == "---\ntitle: [\n"


def test_existing_newsroom_keeps_its_files_and_comments(newsroom: Callable[..., Path]) -> None:
    own = {
        "categories.yaml": "# our sections\ncity:\n  title: Town   # not City\n",
        "authors.yaml": "ritesh-nambiar:\n  name: Ritesh Nambiar\n",
        "articles/title-1.yaml": "id: tag:a,2020:own\ntitle: Own\npublished: 2019-01-01\ncategory: city\n",
    }
    root = newsroom(own)
    site = (root / "site.yaml").read_text("utf-8")
    report = run_import(root, post(1))
    assert (root / "site.yaml").read_text("utf-8").startswith(site)
    assert (root / "categories.yaml").read_text("utf-8").startswith(own["categories.yaml"] + "ferries:\n")
    assert (root / "authors.yaml").read_text("utf-8").startswith(own["authors.yaml"] + "mina:\n")
    assert {article.slug for article in articles(root).values()} == {"title-1", "title-1-2"}
    assert f"base_url: {OLD}" in what(report)


def test_entry_that_an_editor_changed_or_deleted_stays_so(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    file = tmp_path / "categories.yaml"
    file.write_text('# sections\nferries:\n  title: "Boats"\n', "utf-8")
    terms = (*SITE.terms, SourceTerm(TermKind.CATEGORY, "ferries", "Ships"), SourceTerm(TermKind.CATEGORY, "new", "New"))
    run_import(tmp_path, post(1), post(2), site=replace(SITE, terms=terms))
    assert file.read_text("utf-8") == '# sections\nferries:\n  title: "Boats"\nnew:\n  title: New\n'


def test_settings_file_in_an_unusual_form_is_left_alone(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    file = tmp_path / "categories.yaml"
    file.write_text("{ferries: {title: Ferries}}\n", "utf-8")
    terms = (*SITE.terms, SourceTerm(TermKind.CATEGORY, "new", "New"))
    report = run_import(tmp_path, post(1), site=replace(SITE, terms=terms))
    assert file.read_text("utf-8") == "{ferries: {title: Ferries}}\n"
    assert "new entries" in what(report)


def test_damaged_base_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    file = tmp_path / ".feedsvc/import/wordpress-old.example.json"
    file.write_text("<<<<<<< HEAD\n", "utf-8")
    with pytest.raises(FeedsvcError, match="restore it from git"):
        run_import(tmp_path, post(1))


def test_without_the_base_equal_articles_are_known_again_and_others_stay(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), post(2))
    shutil.rmtree(tmp_path / ".feedsvc/import")
    report = run_import(tmp_path, post(1), post(2, title="Changed"))
    assert (report.unchanged, report.kept) == (1, ["articles/2020/01/title-2.md"])
    assert run_import(tmp_path, post(1, title="Changed")).changed == [FILE]


def test_base_url_of_an_existing_newsroom_is_used_for_a_source_without(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    run_import(tmp_path, post(2), site=replace(SITE, address=""))
    assert load(tmp_path).site.base_url == OLD


def test_id_that_an_editor_changed_is_not_reported_as_kept(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), post(2))
    edit(tmp_path, post(1).id, f"{post(1).id}0")
    for source in (post(1), post(1, title="Changed")):
        report = run_import(tmp_path, source, post(2))
        assert (report.created, report.changed, report.ids.kept, report.ids.total) == ([], [], 1, 2)
        assert f"the file has {post(1).id}0 now" in format_text(report)


def test_guid_that_an_editor_deleted_is_not_reported_as_kept(tmp_path: Path) -> None:
    source = post(1, id="no URI")
    assert run_import(tmp_path, source).ids.kept == 1
    assert run_import(tmp_path, source).ids.kept == 1
    edit(tmp_path, 'guid: "no URI"\n', "")
    report = run_import(tmp_path, source)
    assert (report.ids.kept, report.ids.total) == (0, 1)


def test_renamed_article_that_is_gone_at_the_source_is_reported(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), post(2))
    (tmp_path / FILE).rename(tmp_path / "articles/other-name.md")
    assert run_import(tmp_path, post(2)).gone == ["articles/other-name.md"]
    (tmp_path / "articles/other-name.md").unlink()
    assert run_import(tmp_path, post(2)).gone == []


def test_since_in_site_yaml_is_the_first_day_of_the_source_though_an_import_was_of_the_newest_only(tmp_path: Path) -> None:
    run_import(tmp_path / "newest", post(1), post(300), since=datetime(2020, 6, 1, tzinfo=UTC))
    run_import(tmp_path / "newest", post(1), post(300))
    run_import(tmp_path / "all", post(1), post(300))
    assert load(tmp_path / "newest").site.since == load(tmp_path / "all").site.since


def test_language_that_an_editor_changes_in_site_yaml_changes_no_article(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), post(2, language="pt"))
    before = files(tmp_path / "articles")
    site = tmp_path / "site.yaml"
    site.write_text(site.read_text("utf-8").replace("language: en-US", "language: en-GB"), "utf-8")
    for _ in range(2):
        report = run_import(tmp_path, post(1), post(2, language="pt"))
        assert (report.changed, report.unchanged) == ([], 2)
    assert files(tmp_path / "articles") == before


def test_second_source_in_the_language_of_the_site_states_none(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    site = tmp_path / "site.yaml"
    site.write_text(site.read_text("utf-8").replace("language: en-US", "language: de"), "utf-8")
    other = replace(SITE, address="https://second.example", language="de")
    run_import(tmp_path, post(2, id="tag:second.example,2020:2", address="https://second.example/x/"), site=other)
    assert "language" not in (tmp_path / "articles/2020/01/x.md").read_text("utf-8")


def test_renamed_article_is_found_though_another_one_has_its_former_name(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    (tmp_path / FILE).rename(tmp_path / "articles/z.md")
    (tmp_path / FILE).write_text("---\nid: tag:old.example,2026:new\ntitle: New\npublished: 2026-01-01\n---\n\nNew.\n", "utf-8")
    report = run_import(tmp_path, post(1, title="Changed"))
    assert report.changed == ["articles/z.md"]
    assert {article.title for article in articles(tmp_path).values()} == {"Changed", "New"}


def test_links_and_rules_lead_to_the_new_name_of_an_article_or_page(tmp_path: Path) -> None:
    about = post(3, address=f"{OLD}/about/", is_page=True)
    body = f'<p><a href="{post(1).address}">one</a> <a href="{OLD}/about/">about</a></p>'
    posts = (post(1), post(2, body=body), replace(about, other_addresses=("/us-old/",)))
    run_import(tmp_path, *posts)
    for former, name in ((FILE, "articles/2020/01/new.md"), ("pages/about.md", "pages/us.md")):
        text = (tmp_path / former).read_text("utf-8")
        (tmp_path / former).unlink()
        alias = Path(former).stem
        changes = ("aliases: [", f"aliases: [{alias}, ") if "aliases" in text else ("---\n", f"---\naliases: [{alias}]\n")
        (tmp_path / name).write_text(text.replace(*changes, 1), "utf-8")
    report = run_import(tmp_path, *posts)
    assert (report.changed, report.kept) == (["articles/2020/01/title-2.md"], [])
    assert "[one](/articles/new/) [about](/us/)" in (tmp_path / "articles/2020/01/title-2.md").read_text("utf-8")
    assert former_addresses(tmp_path)["/us-old/"] == "/us/"
    before = files(tmp_path)
    report = run_import(tmp_path, *posts)
    assert (report.changed, report.redirects, files(tmp_path)) == ([], {}, before)
