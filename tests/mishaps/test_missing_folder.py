"""Test a content folder that is missing for a while, as on a network mount."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.audience.waiting import wait_until
from tests.helpers.http_client import ask, ask_until_final
from tests.kills import invariants
from tests.kills.newsroom import AtomicEditors, PublishedDocuments, article
from tests.live.served_content import MonitoredServer, fetch_problems, fetch_status, monitored_server
from tests.mishaps.conftest import ExpectedDocuments
from tests.mishaps.disks import mount, mounted_disk, unmount

HINT = "put it back, or mount it again; the content that was read last is served"


def write_all_files(editors: AtomicEditors) -> None:
    """Write all files of the editors into a folder that may be empty."""
    for path, data in editors.files.items():
        editors.save(path, data)


def find_wrong_responses(server: MonitoredServer, edition: PublishedDocuments) -> list[str]:
    """Return the responses that differ from the edition. While files are missing, media files are not requested."""
    missing_prefixes = (
        ("/media/", "/sized/") if any(HINT in problem["hint"] for problem in fetch_status(server)["problems"]) else ()
    )
    responses = {
        address: ask_until_final(server.url, quote(address)) for address in edition if not address.startswith(missing_prefixes)
    }
    return [
        *invariants.find_response_differences(
            {address: (response.status, response.body) for address, response in responses.items()}, edition
        )
    ]


def request_every_page(server: MonitoredServer, edition: PublishedDocuments) -> None:
    """Request every page, so that the widths of its pictures are known to the server."""
    assert find_wrong_responses(server, edition) == []


def wait_until_missing(server: MonitoredServer, message: str) -> None:
    """Wait until /status and the log report the problem, with a hint."""
    wait_until(
        lambda: [(problem["message"], problem["hint"]) for problem in fetch_status(server)["problems"]] == [(message, HINT)]
    )
    wait_until(lambda: f"feedsvc: {message}; {HINT}\n" in server.lines)


def wait_until_restored(server: MonitoredServer) -> None:
    """Wait until /status and the log report that the problem is solved."""
    wait_until(lambda: fetch_problems(server) == [])
    wait_until(lambda: server.lines[-1] == "feedsvc: the content folder: no problem any more\n")


def test_content_is_served_while_its_folder_is_renamed_away_and_followed_again_later(
    editors: AtomicEditors, tmp_path: Path, expected_documents: ExpectedDocuments
) -> None:
    with monitored_server(editors.root, tmp_path / "state") as server:
        edition = expected_documents(editors)
        request_every_page(server, edition)
        editors.root.rename(tmp_path / "elsewhere")
        wait_until_missing(server, f"the folder {editors.root} is missing")
        assert find_wrong_responses(server, edition) == []
        assert ask(server.url, "/readyz").status == 200
        (tmp_path / "elsewhere").rename(editors.root)
        wait_until_restored(server)
        editors.edit_randomly()
        wait_until(lambda: find_wrong_responses(server, expected_documents(editors)) == [])


def test_pages_first_requested_while_the_folder_is_missing_are_complete_later(
    editors: AtomicEditors, tmp_path: Path, expected_documents: ExpectedDocuments
) -> None:
    """Regression: such pages had no narrower pictures until the next restart."""
    with monitored_server(editors.root, tmp_path / "state") as server:
        editors.root.rename(tmp_path / "elsewhere")
        wait_until_missing(server, f"the folder {editors.root} is missing")
        assert ask(server.url, "/articles/boats/").status == 200
        assert find_wrong_responses(server, expected_documents(editors)) != []
        (tmp_path / "elsewhere").rename(editors.root)
        wait_until_restored(server)
        wait_until(lambda: find_wrong_responses(server, expected_documents(editors)) == [])


def test_content_is_served_while_its_symlink_is_missing_and_followed_at_a_new_target(
    editors: AtomicEditors, tmp_path: Path, expected_documents: ExpectedDocuments
) -> None:
    link = tmp_path / "current"
    link.symlink_to(editors.root)
    with monitored_server(link, tmp_path / "state") as server:
        edition = expected_documents(editors)
        request_every_page(server, edition)
        link.unlink()
        wait_until_missing(server, f"the folder {link} is missing")
        assert find_wrong_responses(server, edition) == []
        shutil.copytree(editors.root, tmp_path / "release")
        link.symlink_to(tmp_path / "release")
        wait_until_restored(server)
        editors.root = tmp_path / "release"
        editors.edit_randomly()
        wait_until(lambda: find_wrong_responses(server, expected_documents(editors)) == [])


@pytest.mark.usefixtures("mount_permission")
@pytest.mark.parametrize("behind_link", [False, True], ids=["mounted folder", "symlink to it"])
def test_content_is_served_while_its_folder_is_unmounted(
    editors: AtomicEditors, tmp_path: Path, expected_documents: ExpectedDocuments, *, behind_link: bool
) -> None:
    with mounted_disk(tmp_path / "disk") as disk_folder:
        shutil.copytree(editors.root, disk_folder / "news", dirs_exist_ok=True)
        root = disk_folder / "news"
        if behind_link:
            root = tmp_path / "current"
            root.symlink_to(disk_folder / "news")
        editors.root = disk_folder / "news"
        with monitored_server(root, tmp_path / "state") as server:
            edition = expected_documents(editors)
            request_every_page(server, edition)
            unmount(disk_folder)
            wait_until_missing(server, f"the folder {root} is missing")
            assert find_wrong_responses(server, edition) == []
            mount(disk_folder)
            (disk_folder / "news").mkdir()  # mounted, but still empty
            wait_until_missing(server, f"site.yaml is missing in {root}")
            assert find_wrong_responses(server, edition) == []
            write_all_files(editors)
            wait_until_restored(server)
            editors.edit_randomly()
            wait_until(lambda: find_wrong_responses(server, expected_documents(editors)) == [])


@pytest.mark.usefixtures("mount_permission")
def test_articles_of_an_unmounted_folder_are_not_deleted(
    editors: AtomicEditors, tmp_path: Path, expected_documents: ExpectedDocuments
) -> None:
    """Regression: every feed was empty, and every article had status 404, until the folder was mounted again."""
    articles = editors.root / "articles"
    shutil.rmtree(articles)
    articles.mkdir()
    with mounted_disk(articles):
        write_all_files(editors)
        with monitored_server(editors.root, tmp_path / "state") as server:
            edition = expected_documents(editors)
            unmount(articles)
            server.process.send_signal(signal.SIGHUP)  # start the scan that otherwise runs once a minute
            problem = "articles:1: the folder that was mounted here is missing"
            wait_until(lambda: fetch_problems(server) == [problem])
            assert find_wrong_responses(server, edition) == []
            server.process.send_signal(signal.SIGHUP)
            editors.change_site_title()
            wait_until(lambda: find_wrong_responses(server, expected_documents(editors)) == [])
            assert fetch_problems(server) == [problem]
            mount(articles)
            write_all_files(editors)
            editors.save("articles/late.yaml", article("late", "late"))
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: find_wrong_responses(server, expected_documents(editors)) == [])
            assert fetch_problems(server) == []
            for path in editors.article_paths:
                editors.delete(path)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: find_wrong_responses(server, expected_documents(editors)) == [])
        assert (
            "articles:1:1: the folder that was mounted here is missing; mount it again; "
            "the content that was read last is served\n"
        ) in server.lines
