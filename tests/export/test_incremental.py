"""Builds of a newsroom at work, each by a process of its own: whatever happened in between, the tree is as a new one would be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.folder.stored_state import Baseline
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.export import BuildResult, StaticTree
from feedsvc.export.prefetch import check_tree
from feedsvc.live.live import Live
from feedsvc.publication.publication import Publication
from tests import ROOT
from tests.helpers.newsrooms import picture
from tests.helpers.trees import contents
from tests.live.editors import Desk

ROUNDS = 60
SAMPLE = ROOT / "content"


class Noted(StaticTree):
    """Notes for each build whether it looked only into what differed."""

    spared: list[bool]

    def _possibly_stale_paths(self, publication: Publication, origin: Baseline) -> list[str] | None:
        found = super()._possibly_stale_paths(publication, origin)
        self.spared.append(found is not None)
        return found


class Newsroom:
    """`ahead` is how far its clock is before the machine's."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.random = home, Random(seed)
        self.desk = Desk(home / "content", self.random)
        self.ahead = timedelta(0)
        self.spared: list[bool] = []

    def read(self, state: str = "state") -> tuple[ContentFolder, Live]:
        folder = ContentFolder(self.desk.root, cache=ParseCache(self.home / state / "articles.sqlite"))
        return folder, Live(folder, None, self.clock, VariantStore(self.home / state / "pictures"))

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def build(self, *, signed: bool = True, ahead: bool = False, only: str = "") -> tuple[BuildResult, Publication]:
        out = self.home / "out"
        seen = check_tree(out) if ahead and out.exists() else None
        folder, live = self.read()
        with Noted(out, processes=1, selection=only, prefetch=nullcontext(lambda: seen) if ahead else None) as tree:
            tree.spared = self.spared
            built = tree.build(live.edition.publication, baseline=folder.baseline)
            if signed:
                tree.mark_complete(live.edition.publication, folder.state_name)
        return built, live.edition.publication

    def assert_as_new(self, publication: Publication, number: int) -> None:
        fresh = self.home / f"fresh-{number}"
        with StaticTree(fresh, processes=1) as tree:
            tree.build(publication)
        assert contents(self.home / "out") == contents(fresh)


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    seed = Random().randrange(10**9)
    print(f"seed {seed}")  # noqa: T201 - shown with a failure
    return Newsroom(tmp_path, seed)


def test_after_whatever_editors_did_the_tree_is_as_a_new_one(newsroom: Newsroom) -> None:
    random = newsroom.random
    newsroom.build()
    for number in range(ROUNDS):
        for _ in range(random.choice([0, 1, 1, 1, 2, 5])):
            newsroom.desk.act()
        if random.random() < 0.2:
            newsroom.desk.mend_everything()  # of two files that claim the same, a record alone does not say who stood
        if random.random() < 0.2:
            newsroom.ahead += timedelta(hours=random.choice([1, 30, 30 * 24, -1]))
        if random.random() < 0.1:
            newsroom.read()  # a server, or a check, that saw it first
        spoil(newsroom.home / "out", random)
        _, publication = newsroom.build(signed=random.random() < 0.9, ahead=random.random() < 0.5)
        newsroom.assert_as_new(publication, number)
    assert newsroom.spared.count(True) > ROUNDS / 10


def test_builds_of_feeds_alone_and_of_all_follow_one_another_whatever_editors_did(newsroom: Newsroom) -> None:
    follow_one_another(newsroom, newsroom.desk.act)


def test_of_builds_of_feeds_alone_and_of_all_those_that_repeat_the_last_look_into_what_differs(newsroom: Newsroom) -> None:
    follow_one_another(newsroom, newsroom.desk.edit)
    assert newsroom.spared == [False, True, False, False, True, False, True, False]


def follow_one_another(newsroom: Newsroom, doing: Callable[[], object]) -> None:
    newsroom.build()
    for number, only in enumerate(("", "feeds", "", "", "feeds", "feeds", "")):
        doing()
        _, publication = newsroom.build(only=only, ahead=True)
        fresh = newsroom.home / f"fresh-{number}"
        with StaticTree(fresh, processes=1, selection=only) as tree:
            tree.build(publication)
        assert contents(newsroom.home / "out") == contents(fresh)


def spoil(out: Path, random: Random) -> None:
    """Now and then somebody lays hands on the tree."""
    if random.random() < 0.2:
        file = out / random.choice(sorted(contents(out)))
        if random.random() < 0.5:
            file.unlink()
        else:
            file.write_bytes(b"somebody else's")


def test_a_build_with_nothing_new_after_the_very_first_looks_into_nothing(newsroom: Newsroom) -> None:
    newsroom.build()
    before = (newsroom.home / "out" / ".feedsvc-build.journal").read_bytes()
    built, _ = newsroom.build()
    assert (built.written, built.removed, newsroom.spared) == (0, 0, [False, True])
    assert (newsroom.home / "out" / ".feedsvc-build.journal").read_bytes() == before


def test_a_logo_that_is_replaced_while_a_build_stays_is_on_every_page(newsroom: Newsroom) -> None:
    logo = with_logo(newsroom)
    folder, live = newsroom.read()
    with StaticTree(newsroom.home / "out", processes=1) as tree:
        before = live.edition.publication
        tree.build(before, baseline=folder.baseline)
        tree.mark_complete(before, folder.state_name)
        logo.write_bytes(picture(90, 50, "PNG"))
        live.reload()
        tree.update(live.edition.publication, live.edition.publication.changed_since(before))
        tree.mark_complete(live.edition.publication, folder.state_name)
    newsroom.assert_as_new(live.edition.publication, 0)
    _, publication = newsroom.build()
    newsroom.assert_as_new(publication, 1)


def test_a_logo_that_is_replaced_while_a_tree_is_written_is_seen_by_the_next_build(newsroom: Newsroom) -> None:
    logo = with_logo(newsroom)
    folder, live = newsroom.read()
    with StaticTree(newsroom.home / "out", processes=1) as tree:
        tree.build(live.edition.publication, baseline=folder.baseline)
        logo.write_bytes(picture(90, 50, "PNG"))
        tree.mark_complete(live.edition.publication, folder.state_name)
    _, publication = newsroom.build()
    newsroom.assert_as_new(publication, 0)


def with_logo(newsroom: Newsroom) -> Path:
    logo = newsroom.desk.root / "media/logo.png"
    logo.write_bytes(picture(40, 40, "PNG"))
    site = newsroom.desk.root / "site.yaml"
    site.write_text(f"{site.read_text()}logo: media/logo.png\n")
    return logo


def test_an_article_that_gives_way_to_another_and_returns_is_seen_by_all_its_neighbours(newsroom: Newsroom) -> None:
    root = newsroom.desk.root = newsroom.home / "sample"
    shutil.copytree(SAMPLE, root)
    first, other = root / "articles/2025/pp.yaml", root / "articles/2025/shared.yaml"
    ours = written("pp", "First", "2025-10-07T10:15:00+05:30", category="culture", author="meera-pillai")
    theirs = written("qq", "Other", "2025-10-08T10:15:00+05:30", category="business", author="ritesh-nambiar")
    steps = (
        lambda: first.write_text(ours),
        lambda: first.write_text(ours.replace("2025-10-07", "some day")),
        lambda: other.write_text(theirs),
        other.unlink,
    )
    told = []
    for number, step in enumerate(steps):
        step()
        _, publication = newsroom.build()
        newsroom.assert_as_new(publication, number)
        told.append(publication.catalog.visible["shared"].article.title)
    assert told == ["First", "First", "Other", "First"]


def written(name: str, title: str, published: str, **keys: str) -> str:
    facts = {"id": f"tag:asiainnews.example,2025:{name}", "slug": "shared", "title": title, "published": published, **keys}
    return "".join(f"{key}: {value}\n" for key, value in facts.items()) + f"tags: [{name}]\nbody: Words.\n"


def test_an_author_s_other_portrait_is_seen(newsroom: Newsroom) -> None:
    root = newsroom.desk.root
    portrait = root / "media/mina.png"
    portrait.write_bytes(picture(40, 40, "PNG"))
    (root / "authors.yaml").write_text("mina: {name: Mina Park, avatar: media/mina.png}\ntuan: {name: Lê Tuấn}\n")
    newsroom.build()
    portrait.write_bytes(picture(60, 60, "PNG"))
    _, publication = newsroom.build()
    assert newsroom.spared == [False, False]
    newsroom.assert_as_new(publication, 0)


@pytest.mark.parametrize("name", ["rss.xml", "feed/index.html", "_redirects"])
def test_a_former_address_is_answered_again_once_the_file_that_took_its_place_is_gone(tmp_path: Path, name: str) -> None:
    newsroom = Newsroom(tmp_path, seed=1)
    own = tmp_path / "out" / name
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    newsroom.build()
    assert own.read_text() == "mine"
    own.unlink()
    newsroom.assert_as_new(newsroom.build()[1], 0)
