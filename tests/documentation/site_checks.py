"""Checks of the site of a User who follows a document: what a reader finds at an address."""

from __future__ import annotations

from typing import Final

from tests.audience.waiting import wait_until
from tests.documentation.document_steps import User
from tests.helpers.http_client import Response

BUSES: Final = "/articles/night-buses-return/"
PIER: Final = "/articles/pier/"


def wait_for_status(user: User, path: str, status: int) -> Response:
    wait_until(lambda: user.get(path).status == status)
    return user.get(path)


def wait_until_contained(user: User, path: str, text: str) -> None:
    wait_until(lambda: text in user.get(path).body.decode())


def wait_until_absent(user: User, path: str, text: str) -> None:
    wait_until(lambda: text not in user.get(path).body.decode())


def article_is_served(user: User) -> None:
    wait_for_status(user, BUSES, 200)
    for path in ("/", "/category/city/", "/author/mina-park/", "/tag/buses/"):
        wait_until_contained(user, path, "Night buses return")
        wait_until_contained(user, f"{path}feed.atom", "2026-01-02T04:00:00Z")


def correction_is_shown(user: User) -> None:
    wait_until_contained(user, BUSES, "An earlier version named line 12; it is line 14.")
    wait_until_contained(user, "/feed.atom", "<updated>2026-01-03T02:30:00Z</updated>")


def article_is_withdrawn(user: User, path: str, title: str) -> None:
    assert "The office says that this was a draft plan." in wait_for_status(user, path, 410).body.decode()
    wait_until_absent(user, "/feed.rss", title)
    wait_until_contained(user, "/feed.atom", "deleted-entry")


def no_change(_: User) -> None:
    """Check nothing, for a section that changes nothing."""
