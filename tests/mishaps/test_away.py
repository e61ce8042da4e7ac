"""A content folder that goes away and comes back, as a network mount does."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.audience.waiting import wait_until
from tests.helpers.http_client import ask
from tests.kills import invariants
from tests.kills.newsroom import AtomicEditors, PublishedDocuments, article
from tests.live.served_content import MonitoredServer, fetch_problems, fetch_status, monitored_server
from tests.mishaps.conftest import Fresh
from tests.mishaps.disks import disk, mount, unmount

MEANWHILE = "bring it back, or mount again what was mounted there; what was read last is served meanwhile"


def lay(desk: AtomicEditors) -> None:
    """All of the editors' files, where there may be none."""
    for path, data in desk.files.items():
        desk.save(path, data)


def wrong(server: MonitoredServer, edition: PublishedDocuments) -> list[str]:
    """What is not answered as it should be; of files that are away themselves nothing can be sent."""
    gone = ("/media/", "/sized/") if any(MEANWHILE in one["hint"] for one in fetch_status(server)["problems"]) else ()
    got = {address: ask(server.url, quote(address)) for address in edition if not address.startswith(gone)}
    return [*invariants.find_response_differences({address: (one.status, one.body) for address, one in got.items()}, edition)]


def opened(server: MonitoredServer, edition: PublishedDocuments) -> None:
    """Every page has been asked for, so that it is known how wide its pictures are."""
    assert wrong(server, edition) == []


def away(server: MonitoredServer, message: str) -> None:
    """Told on /status and in the log, with what to do."""
    wait_until(lambda: [(one["message"], one["hint"]) for one in fetch_status(server)["problems"]] == [(message, MEANWHILE)])
    wait_until(lambda: f".:1:1: error: {message}; {MEANWHILE}\n" in server.lines)


def back(server: MonitoredServer) -> None:
    wait_until(lambda: fetch_problems(server) == [])
    wait_until(lambda: server.lines[-1] == ".: no problem any more\n")


def test_a_folder_that_is_renamed_away_and_back_is_served_throughout_and_followed_again(
    desk: AtomicEditors, tmp_path: Path, fresh: Fresh
) -> None:
    with monitored_server(desk.root, tmp_path / "state") as server:
        edition = fresh(desk)
        opened(server, edition)
        desk.root.rename(tmp_path / "elsewhere")
        away(server, f"the folder {desk.root} is away")
        assert wrong(server, edition) == []
        assert ask(server.url, "/readyz").status == 200
        (tmp_path / "elsewhere").rename(desk.root)
        back(server)
        desk.act()
        wait_until(lambda: wrong(server, fresh(desk)) == [])


def test_pages_that_are_first_asked_for_while_the_folder_is_away_are_whole_once_it_is_back(
    desk: AtomicEditors, tmp_path: Path, fresh: Fresh
) -> None:
    """They lacked the narrower pictures until the next restart."""
    with monitored_server(desk.root, tmp_path / "state") as server:
        desk.root.rename(tmp_path / "elsewhere")
        away(server, f"the folder {desk.root} is away")
        assert ask(server.url, "/articles/boats/").status == 200
        assert wrong(server, fresh(desk)) != []
        (tmp_path / "elsewhere").rename(desk.root)
        back(server)
        wait_until(lambda: wrong(server, fresh(desk)) == [])


def test_a_link_to_the_folder_that_is_gone_for_a_while_and_then_leads_elsewhere(
    desk: AtomicEditors, tmp_path: Path, fresh: Fresh
) -> None:
    link = tmp_path / "current"
    link.symlink_to(desk.root)
    with monitored_server(link, tmp_path / "state") as server:
        edition = fresh(desk)
        opened(server, edition)
        link.unlink()
        away(server, f"the folder {link} is away")
        assert wrong(server, edition) == []
        shutil.copytree(desk.root, tmp_path / "release")
        link.symlink_to(tmp_path / "release")
        back(server)
        desk.root = tmp_path / "release"
        desk.act()
        wait_until(lambda: wrong(server, fresh(desk)) == [])


@pytest.mark.usefixtures("mounting")
@pytest.mark.parametrize("linked", [False, True], ids=["itself", "behind a link"])
def test_a_folder_that_is_unmounted_and_mounted_again(desk: AtomicEditors, tmp_path: Path, fresh: Fresh, *, linked: bool) -> None:
    with disk(tmp_path / "disk") as place:
        shutil.copytree(desk.root, place / "news", dirs_exist_ok=True)
        root = place / "news"
        if linked:
            root = tmp_path / "current"
            root.symlink_to(place / "news")
        desk.root = place / "news"
        with monitored_server(root, tmp_path / "state") as server:
            edition = fresh(desk)
            opened(server, edition)
            unmount(place)
            away(server, f"the folder {root} is away")
            assert wrong(server, edition) == []
            mount(place)
            (place / "news").mkdir()  # mounted, and nothing in it yet
            away(server, f"site.yaml is away from {root}")
            assert wrong(server, edition) == []
            lay(desk)
            back(server)
            desk.act()
            wait_until(lambda: wrong(server, fresh(desk)) == [])


@pytest.mark.usefixtures("mounting")
def test_articles_whose_mount_is_away_are_not_taken_for_deleted(desk: AtomicEditors, tmp_path: Path, fresh: Fresh) -> None:
    """Every feed was empty, and every article's address answered 404, until they were mounted again."""
    articles = desk.root / "articles"
    shutil.rmtree(articles)
    articles.mkdir()
    with disk(articles):
        lay(desk)
        with monitored_server(desk.root, tmp_path / "state") as server:
            edition = fresh(desk)
            unmount(articles)
            server.process.send_signal(signal.SIGHUP)  # what is done once a minute anyway
            told = "articles:1: what was mounted here is away"
            wait_until(lambda: fetch_problems(server) == [told])
            assert wrong(server, edition) == []
            server.process.send_signal(signal.SIGHUP)
            desk.retitle()
            wait_until(lambda: wrong(server, fresh(desk)) == [])
            assert fetch_problems(server) == [told]
            mount(articles)
            lay(desk)
            desk.save("articles/late.yaml", article("late", "late"))
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: wrong(server, fresh(desk)) == [])
            assert fetch_problems(server) == []
            for path in desk.articles:
                desk.delete(path)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: wrong(server, fresh(desk)) == [])
        assert (
            "articles:1:1: error: what was mounted here is away; mount it again; what was read last is served meanwhile\n"
            in server.lines
        )
