"""/status and /metrics answer this machine and the networks of --open-status; /readyz tells if there is an edition."""

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
from feedsvc.web.app import create_app
from tests.cli.command_line import failed_serve_stderr
from tests.helpers.http_client import Response, ask, call
from tests.helpers.running_server import serving
from tests.web.conftest import FakeClock, SiteFixture
from tests.web.newsroom import NEXT_CHANGE, write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

REMOTE_ADDRESS = "198.51.100.7"
FORWARDED = {"For": "127.0.0.1", "Host": "localhost", "Proto": "https", "Prefix": ""}


def request_from(app: WSGIApplication, peer: str, headers: dict[str, str], path: str = "/status") -> Response:
    return call(lambda environ, start: app({**environ, "REMOTE_ADDR": peer}, start), path, headers)


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {"Host": "127.0.0.1:8000"}, 200),
        ("127.0.0.1", {"Host": "localhost"}, 200),
        ("127.0.1.1", {"Host": "newsdesk:8000"}, 200),  # the machine's own name in a local network
        ("::1", {"Host": "[::1]:8000"}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        (REMOTE_ADDRESS, {"Host": "localhost"}, 403),
        ("", {}, 403),
        ("unix:", {}, 403),
        *(("127.0.0.1", {f"X-Forwarded-{name}": text}, 403) for name, text in FORWARDED.items()),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 403),
        ("127.0.0.1", {"Via": "1.1 nginx"}, 403),
        ("127.0.0.1", {"X-Real-IP": REMOTE_ADDRESS}, 403),
        ("127.0.0.1", {"CF-Connecting-IP": REMOTE_ADDRESS}, 403),
        # DNS rebinding: a page in an editor's browser whose host name resolves to this machine.
        *(("127.0.0.1", {"Host": host}, 403) for host in ("evil.example", "127.0.0.1.evil.example:8000", "[evil")),
    ],
    ids=str,
)
def test_status_and_metrics_answer_requests_of_this_machine_only(
    app: WSGIApplication, peer: str, headers: dict[str, str], status: int
) -> None:
    for path in ("/status", "/metrics"):
        response = request_from(app, peer, headers, path)
        assert response.status == status
        assert response["Access-Control-Allow-Origin"] == ""
        assert (b"--open-status" in response.body) == (status == 403)


def test_status_answers_the_networks_of_open_status(site: SiteFixture) -> None:
    live = Live(ContentFolder(site.content), LastModifiedStore(None), site.clock)
    access = StatusAccess(
        allowed_networks=parse_networks(["198.51.100.0/24"], "--open-status"), trusted_proxies=parse_networks(["10.0.0.1"])
    )
    app = create_app(live, status_access=access)
    for peer, headers, status in (
        (REMOTE_ADDRESS, {}, 200),
        (REMOTE_ADDRESS, {"Host": "news.example"}, 200),
        ("198.51.101.7", {}, 403),
        ("127.0.0.1", {}, 200),
        ("10.0.0.1", {"X-Forwarded-For": REMOTE_ADDRESS}, 200),
        ("10.0.0.1", {"X-Forwarded-For": f"{REMOTE_ADDRESS}, 192.0.2.1"}, 403),
        ("10.0.0.1", {"X-Forwarded-For": REMOTE_ADDRESS, "Via": "1.1 nginx"}, 200),
        ("192.0.2.1", {"X-Forwarded-For": REMOTE_ADDRESS}, 403),
        # An unknown proxy within the allowed networks: its client is not known.
        (REMOTE_ADDRESS, {"X-Forwarded-For": REMOTE_ADDRESS}, 403),
        ("10.0.0.1", {}, 403),
        ("10.0.0.1", {"Via": "1.1 nginx"}, 403),
        # The address in X-Real-IP is ignored: only X-Forwarded-For is read.
        ("10.0.0.1", {"X-Real-IP": REMOTE_ADDRESS}, 403),
        (REMOTE_ADDRESS, {"X-Real-IP": REMOTE_ADDRESS}, 403),
    ):
        assert request_from(app, peer, headers).status == status, (peer, headers)


def test_open_status_with_invalid_address_is_refused(tmp_path: Path) -> None:
    stderr = failed_serve_stderr(write_newsroom(tmp_path / "content"), "--open-status", "everybody")
    assert stderr.startswith("feedsvc: --open-status 'everybody' is no IP address and no network; write an address like ")


def test_missing_content_folder_leaves_readyz_at_200(site: SiteFixture) -> None:
    live = Live(ContentFolder(site.content), LastModifiedStore(None), site.clock)
    app = create_app(live)
    site.content.rename(site.content.with_name("away"))
    live.reload()
    assert [call(app, path).status for path in ("/readyz", "/healthz", "/feed.rss")] == [200, 200, 200]
    assert "the content that was read last is served" in request_from(app, "127.0.0.1", {}).body.decode()


@pytest.mark.parametrize("mount", ["", "/daily"])
def test_failed_edition_gives_readyz_503_and_healthz_200(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, mount: str
) -> None:
    clock = FakeClock()
    content = write_newsroom(tmp_path / "content", with_scheduled=True, base_url=f"https://news.example{mount}")
    app = create_app(Live(ContentFolder(content), LastModifiedStore(None), clock))
    assert call(app, f"{mount}/readyz").status == 200
    clock.now = NEXT_CHANGE

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
    assert call(app, f"{mount}/feed.rss").status == 500
    monkeypatch.undo()
    assert call(app, f"{mount}/readyz").status == 200


def test_options_of_serve_open_the_metrics(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    with serving(content, tmp_path / "state", "--trusted-proxy", "127.0.0.1", "--open-status", REMOTE_ADDRESS) as server:
        for client, status in ((REMOTE_ADDRESS, 200), (f"{REMOTE_ADDRESS}, 6.6.6.6", 403)):
            assert ask(server.url, "/metrics", {"X-Forwarded-For": client}).status == status
