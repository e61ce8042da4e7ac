"""/status and /metrics answer this machine, and whom the operator named; /readyz tells whether there is an edition."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.publication.publication import Publication
from feedsvc.support.client_address import parse_networks
from feedsvc.web.access_control import StatusAccess
from feedsvc.web.app import application
from tests.cli.test_serve import refused
from tests.helpers.http_client import Response, ask, call
from tests.helpers.running_server import serving
from tests.web.conftest import Clock, Office
from tests.web.newsroom import SOON, write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

OUTSIDE = "198.51.100.7"


def ask_from(app: WSGIApplication, peer: str, headers: dict[str, str], path: str = "/status") -> Response:
    return call(lambda environ, start: app({**environ, "REMOTE_ADDR": peer}, start), path, headers)


@pytest.mark.parametrize("path", ["/status", "/metrics"])
@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {"Host": "127.0.0.1:8000"}, 200),
        ("127.0.0.1", {"Host": "localhost"}, 200),
        ("127.0.1.1", {"Host": "newsdesk:8000"}, 200),  # the machine's own name, as a house gives it
        ("::1", {"Host": "[::1]:8000"}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        (OUTSIDE, {"Host": "localhost"}, 403),
        ("", {}, 403),
        ("unix:", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 403),
        ("127.0.0.1", {"Via": "1.1 nginx"}, 403),
        ("127.0.0.1", {"X-Real-IP": OUTSIDE}, 403),
        ("127.0.0.1", {"X-Forwarded-Host": "localhost"}, 403),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}, 403),
        ("127.0.0.1", {"X-Forwarded-For": ""}, 403),
        ("127.0.0.1", {"CF-Connecting-IP": OUTSIDE}, 403),
        # A page in an editor's browser whose own name leads to this machine by now.
        ("127.0.0.1", {"Host": "evil.example"}, 403),
        ("127.0.0.1", {"Host": "127.0.0.1.evil.example:8000"}, 403),
        ("127.0.0.1", {"Host": "[evil"}, 403),
    ],
    ids=str,
)
def test_it_is_told_to_the_machine_itself(
    app: WSGIApplication, path: str, peer: str, headers: dict[str, str], status: int
) -> None:
    got = ask_from(app, peer, headers, path)
    assert got.status == status
    assert got["Access-Control-Allow-Origin"] == ""
    assert (b"--open-status" in got.body) == (status == 403)


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        (OUTSIDE, {}, 200),
        (OUTSIDE, {"Host": "news.example"}, 200),
        ("198.51.101.7", {}, 403),
        ("127.0.0.1", {}, 200),
        ("10.0.0.1", {"X-Forwarded-For": OUTSIDE}, 200),
        ("10.0.0.1", {"X-Forwarded-For": f"{OUTSIDE}, 192.0.2.1"}, 403),
        ("10.0.0.1", {"X-Forwarded-For": OUTSIDE, "Via": "1.1 nginx"}, 200),
        ("192.0.2.1", {"X-Forwarded-For": OUTSIDE}, 403),
        # A proxy that nobody named stands among those who may: whom it speaks for is not known.
        (OUTSIDE, {"X-Forwarded-For": OUTSIDE}, 403),
        ("10.0.0.1", {}, 403),
        ("10.0.0.1", {"Via": "1.1 nginx"}, 403),
        # Whom X-Real-IP names is not looked at: only X-Forwarded-For is read.
        ("10.0.0.1", {"X-Real-IP": OUTSIDE}, 403),
        (OUTSIDE, {"X-Real-IP": OUTSIDE}, 403),
    ],
    ids=str,
)
def test_whom_the_operator_named_is_told_too(office: Office, peer: str, headers: dict[str, str], status: int) -> None:
    live = Live(ContentFolder(office.content), LastModifiedStore(None), office.clock)
    door = StatusAccess(
        allowed_networks=parse_networks(["198.51.100.0/24"], "--open-status"), trusted_proxies=parse_networks(["10.0.0.1"])
    )
    assert ask_from(application(live, status_access=door), peer, headers).status == status


def test_a_stranger_whom_a_proxy_announces_as_x_real_ip_alone_sees_no_status(tmp_path: Path) -> None:
    """nginx before this machine's port as many write it: proxy_set_header X-Real-IP $remote_addr."""
    with serving(write_newsroom(tmp_path / "content"), tmp_path / "state") as server:
        assert ask(server.url, "/status").status == 200
        assert [ask(server.url, path, {"X-Real-IP": OUTSIDE}).status for path in ("/status", "/metrics")] == [403, 403]


def test_a_server_opens_it_by_option_and_by_no_other_way(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    through = {"X-Forwarded-For": OUTSIDE}
    with serving(content, tmp_path / "state", "--trusted-proxy", "127.0.0.1") as server:
        assert ask(server.url, "/metrics", through).status == 403
    with serving(content, tmp_path / "state", "--trusted-proxy", "127.0.0.1", "--open-status", OUTSIDE) as server:
        assert ask(server.url, "/metrics", through).status == 200
        assert ask(server.url, "/metrics", {"X-Forwarded-For": f"{OUTSIDE}, 6.6.6.6"}).status == 403


def test_an_opened_address_that_is_none(tmp_path: Path) -> None:
    said = refused(write_newsroom(tmp_path / "content"), "--open-status", "everybody")
    assert said.startswith("feedsvc: error: --open-status 'everybody' is no IP address and no network; write an address like ")


# --- Alive and ready --------------------------------------------------------------------------------------------


def test_a_folder_that_is_away_makes_nobody_unready(office: Office) -> None:
    live = Live(ContentFolder(office.content), LastModifiedStore(None), office.clock)
    app = application(live)
    office.content.rename(office.content.with_name("away"))
    live.reload()
    assert [call(app, path).status for path in ("/readyz", "/healthz", "/feed.rss")] == [200, 200, 200]
    assert "what was read last is served meanwhile" in ask_from(app, "127.0.0.1", {}).body.decode()


@pytest.mark.parametrize("mount", ["", "/daily"])
def test_where_no_edition_can_be_made_the_process_is_alive_and_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, mount: str
) -> None:
    clock = Clock()
    content = write_newsroom(tmp_path / "content", timed=True, base_url=f"https://news.example{mount}")
    app = application(Live(ContentFolder(content), LastModifiedStore(None), clock))
    assert call(app, f"{mount}/readyz").status == 200
    clock.now = SOON

    def fail(_self: Publication, *_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Publication, "next_edition", fail)
    with caplog.at_level(logging.CRITICAL, "feedsvc"):
        ready, alive = call(app, f"{mount}/readyz"), call(app, f"{mount}/healthz")
    assert (ready.status, ready.body) == (
        503,
        b"No edition can be built from the content folder. The log of the server contains the reason.\n",
    )
    assert (alive.status, alive.body) == (200, b"ok\n")
    with pytest.raises(MemoryError):
        call(app, f"{mount}/feed.rss")
    monkeypatch.undo()
    assert call(app, f"{mount}/readyz").status == 200
