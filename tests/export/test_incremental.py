"""Successive builds in separate processes: after any change in between, the tree equals the tree of a full build."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.folder.stored_state import Baseline
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.content.store import ContentStore
from feedsvc.export import BuildResult, StaticTree
from feedsvc.export.prefetch import GetTreeState, check_tree
from feedsvc.live.live import Live
from feedsvc.publication.publication import Publication
from tests import ROOT
from tests.helpers.newsrooms import picture
from tests.helpers.seeds import seed_of_run
from tests.helpers.trees import contents
from tests.live.editors import SimulatedEditors

ROUNDS = 30
SAMPLE_CONTENT = ROOT / "content"


class RecordingTree(StaticTree):
    """Records for each build whether it checked only the files that may have changed."""

    was_incremental: list[bool]

    def _possibly_stale_paths(self, publication: Publication, baseline: Baseline, get_state: GetTreeState) -> list[str] | None:
        paths = super()._possibly_stale_paths(publication, baseline, get_state)
        self.was_incremental.append(paths is not None)
        return paths


class Newsroom:
    """A newsroom with a state folder and a tree. `clock_offset` is the difference of its clock to the machine's clock."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.random = home, Random(seed)
        self.editors = SimulatedEditors(home / "content", self.random)
        self.clock_offset = timedelta(0)
        self.was_incremental: list[bool] = []

    def read(self, state: str = "state") -> tuple[ContentFolder, Live]:
        folder = ContentFolder(self.editors.root, store=ContentStore(self.home / state / "articles.sqlite"))
        return folder, Live(folder, None, self.clock, VariantStore(self.home / state / "pictures"))

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.clock_offset

    def build(
        self, *, mark_complete: bool = True, with_prefetch: bool = False, only: str = ""
    ) -> tuple[BuildResult, Publication]:
        out = self.home / "out"
        tree_state = check_tree(out) if with_prefetch and out.exists() else None
        folder, live = self.read()
        with RecordingTree(
            out, processes=1, selection=only, prefetch=nullcontext(lambda: tree_state) if with_prefetch else None
        ) as tree:
            tree.was_incremental = self.was_incremental
            result = tree.build(live.edition.publication, baseline=folder.baseline)
            if mark_complete:
                tree.mark_complete(live.edition.publication, folder.state_name)
        return result, live.edition.publication

    def assert_equals_full_build(self, publication: Publication, number: int) -> None:
        fresh = self.home / f"fresh-{number}"
        with StaticTree(fresh, processes=1) as tree:
            tree.build(publication)
        assert contents(self.home / "out") == contents(fresh)


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path, seed_of_run())


def test_tree_equals_a_full_build_after_random_edits_and_damages(newsroom: Newsroom) -> None:
    random = newsroom.random
    newsroom.build()
    for number in range(5 * ROUNDS):
        if number >= ROUNDS and newsroom.was_incremental.count(True) > ROUNDS / 10:
            break
        for _ in range(random.choice([0, 1, 1, 1, 2, 5])):
            newsroom.editors.act()
        if number >= ROUNDS or random.random() < 0.2:
            newsroom.editors.fix_everything()  # a record does not tell which of two files with the same slug was published
        if random.random() < 0.2:
            newsroom.clock_offset += timedelta(hours=random.choice([1, 30, 30 * 24, -1]))
        if random.random() < 0.1:
            newsroom.read()  # a server or a check that read the folder first
        damage_tree(newsroom.home / "out", random)
        _, publication = newsroom.build(mark_complete=random.random() < 0.9, with_prefetch=random.random() < 0.5)
        newsroom.assert_equals_full_build(publication, number)
    assert newsroom.was_incremental.count(True) > ROUNDS / 10


def test_alternating_builds_of_feeds_and_of_everything_equal_full_builds_after_random_edits(newsroom: Newsroom) -> None:
    build_alternating_selections(newsroom, newsroom.editors.act)


def build_alternating_selections(newsroom: Newsroom, edit: Callable[[], object]) -> None:
    newsroom.build()
    for number, only in enumerate(("", "feeds", "", "", "feeds", "feeds", "")):
        edit()
        _, publication = newsroom.build(only=only, with_prefetch=True)
        fresh = newsroom.home / f"fresh-{number}"
        with StaticTree(fresh, processes=1, selection=only) as tree:
            tree.build(publication)
        assert contents(newsroom.home / "out") == contents(fresh)


def damage_tree(out: Path, random: Random) -> None:
    """Delete or overwrite a file of the tree in 20 % of the calls."""
    if random.random() < 0.2:
        file = out / random.choice(sorted(contents(out)))
        if random.random() < 0.5:
            file.unlink()
        else:
            file.write_bytes(b"somebody else's")


def test_second_build_without_changes_is_incremental_and_writes_nothing(newsroom: Newsroom) -> None:
    newsroom.build()
    before = (newsroom.home / "out" / ".feedsvc-build.journal").read_bytes()
    result, _ = newsroom.build()
    assert (result.written, result.removed, newsroom.was_incremental) == (0, 0, [False, True])
    assert (newsroom.home / "out" / ".feedsvc-build.journal").read_bytes() == before


def test_logo_replaced_during_build_watch_is_updated_on_every_page(newsroom: Newsroom) -> None:
    logo = add_logo(newsroom)
    folder, live = newsroom.read()
    with StaticTree(newsroom.home / "out", processes=1) as tree:
        before = live.edition.publication
        tree.build(before, baseline=folder.baseline)
        tree.mark_complete(before, folder.state_name)
        logo.write_bytes(picture(90, 50, "PNG"))
        live.reload()
        tree.update(live.edition.publication, live.edition.publication.changed_since(before))
        tree.mark_complete(live.edition.publication, folder.state_name)
    newsroom.assert_equals_full_build(live.edition.publication, 0)
    _, publication = newsroom.build()
    newsroom.assert_equals_full_build(publication, 1)


def test_logo_replaced_while_a_tree_is_written_is_updated_by_the_next_build(newsroom: Newsroom) -> None:
    logo = add_logo(newsroom)
    folder, live = newsroom.read()
    with StaticTree(newsroom.home / "out", processes=1) as tree:
        tree.build(live.edition.publication, baseline=folder.baseline)
        logo.write_bytes(picture(90, 50, "PNG"))
        tree.mark_complete(live.edition.publication, folder.state_name)
    _, publication = newsroom.build()
    newsroom.assert_equals_full_build(publication, 0)


def add_logo(newsroom: Newsroom) -> Path:
    logo = newsroom.editors.root / "media/logo.png"
    logo.write_bytes(picture(40, 40, "PNG"))
    site = newsroom.editors.root / "site.yaml"
    site.write_text(f"{site.read_text()}logo: media/logo.png\n")
    return logo


def test_pages_follow_a_slug_that_changes_between_two_articles(newsroom: Newsroom) -> None:
    root = newsroom.editors.root = newsroom.home / "sample"
    shutil.copytree(SAMPLE_CONTENT, root)
    first_file, second_file = root / "articles/2025/pp.yaml", root / "articles/2025/shared.yaml"
    first_text = article_with_shared_slug("pp", "First", "2025-10-07T10:15:00+05:30", category="culture", author="meera-pillai")
    second_text = article_with_shared_slug(
        "qq", "Other", "2025-10-08T10:15:00+05:30", category="business", author="ritesh-nambiar"
    )
    steps = (
        lambda: first_file.write_text(first_text),
        lambda: first_file.write_text(first_text.replace("2025-10-07", "some day")),
        lambda: second_file.write_text(second_text),
        second_file.unlink,
    )
    titles = []
    for number, step in enumerate(steps):
        step()
        _, publication = newsroom.build()
        newsroom.assert_equals_full_build(publication, number)
        titles.append(publication.catalog.visible["shared"].article.title)
    assert titles == ["First", "First", "Other", "First"]


def article_with_shared_slug(name: str, title: str, published: str, **keys: str) -> str:
    facts = {"id": f"tag:asiainnews.example,2025:{name}", "slug": "shared", "title": title, "published": published, **keys}
    return "".join(f"{key}: {value}\n" for key, value in facts.items()) + f"tags: [{name}]\nbody: Words.\n"


def test_replaced_author_portrait_is_updated_in_the_tree(newsroom: Newsroom) -> None:
    root = newsroom.editors.root
    portrait = root / "media/mina.png"
    portrait.write_bytes(picture(40, 40, "PNG"))
    (root / "authors.yaml").write_text("mina: {name: Mina Park, avatar: media/mina.png}\ntuan: {name: Lê Tuấn}\n")
    newsroom.build()
    portrait.write_bytes(picture(60, 60, "PNG"))
    _, publication = newsroom.build()
    assert newsroom.was_incremental == [False, False]
    newsroom.assert_equals_full_build(publication, 0)


@pytest.mark.parametrize("name", ["rss.xml", "feed/index.html", "_redirects"])
def test_file_at_a_former_address_is_written_after_the_operator_file_is_deleted(tmp_path: Path, name: str) -> None:
    newsroom = Newsroom(tmp_path, seed=1)
    file = tmp_path / "out" / name
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    newsroom.build()
    assert file.read_text() == "mine"
    file.unlink()
    newsroom.assert_equals_full_build(newsroom.build()[1], 0)


@pytest.mark.parametrize("name", ["feed/index.html", "old/index.html", "tag/index.html", "index.html", "about/index.html"])
def test_deleted_page_is_written_again_by_an_incremental_build(newsroom: Newsroom, name: str) -> None:
    page = newsroom.editors.root / "pages/about.md"
    page.parent.mkdir()
    page.write_text("---\ntitle: About\n---\nUs.\n")
    (newsroom.editors.root / "redirects.yaml").write_text("exact: {/old/: /tags/, /tag/: /tags/}\n")
    newsroom.build()
    (newsroom.home / "out" / name).unlink()
    _, publication = newsroom.build()
    assert newsroom.was_incremental == [False, True]
    newsroom.assert_equals_full_build(publication, 0)


def test_build_without_its_baseline_says_why_it_renders_everything(newsroom: Newsroom) -> None:
    results = [newsroom.build(mark_complete=mark)[0] for mark in (True, False, True)]
    assert [result.reason for result in results] == ["", "", ""]
    shutil.rmtree(newsroom.home / "state")
    result, publication = newsroom.build()
    assert (result.written, result.reason) == (0, "the state folder does not know the content that the last build had")
    site = newsroom.editors.root / "site.yaml"
    site.write_text(site.read_text().replace("title: ", "title: Another "))
    result, publication = newsroom.build()
    assert result.reason == "settings, theme, options or the version of feedsvc changed"
    newsroom.assert_equals_full_build(publication, 0)
    journal = newsroom.home / "out" / ".feedsvc-build.journal"
    journal.write_bytes(journal.read_bytes() + b"+ articles/x/index.html\n")  # of a build that was killed
    result, publication = newsroom.build()
    assert result.reason == "the last build was not completed"
    newsroom.assert_equals_full_build(publication, 1)
    assert newsroom.build()[0].reason == ""


def test_build_without_its_baseline_names_files_of_other_origin_that_it_leaves_alone(newsroom: Newsroom) -> None:
    mine = newsroom.home / "out" / "404.html"
    mine.parent.mkdir()
    mine.write_text("mine")
    result, _ = newsroom.build()
    assert (result.foreign, mine.read_text()) == (("404.html",), "mine")
