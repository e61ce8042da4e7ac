"""A service sees the same environ behind every server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

from feedsvc.service import with_own_environ
from tests.helpers.http_client import environ_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def seen_environ(**variables: Any) -> dict[str, Any]:
    """Return the environ that an application gets if a server has these variables."""
    environs: list[dict[str, Any]] = []

    def application(environ: WSGIEnvironment, _: StartResponse) -> Iterable[bytes]:
        environs.append(environ)
        return []

    with_own_environ(application)({**environ_of("/feed.rss", "GET", {}), **variables}, lambda *_: lambda _: None)
    return environs[0]


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1:4711", "127.0.0.1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "unix"),  # gunicorn
        (None, "unix"),
        ("unix:", "unix"),  # nginx
        ("something", "something"),
    ],
)
def test_address_of_the_peer_has_one_form(peer: str | None, expected: str) -> None:
    assert seen_environ(REMOTE_ADDR=peer)["REMOTE_ADDR"] == expected


def test_path_includes_the_prefix_that_the_server_has_split_off() -> None:
    environ = seen_environ(SCRIPT_NAME="/news")
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", "/news/feed.rss")


def test_file_wrapper_is_not_used() -> None:
    assert "wsgi.file_wrapper" not in seen_environ(**{"wsgi.file_wrapper": iter})
