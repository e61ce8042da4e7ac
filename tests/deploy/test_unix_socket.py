"""The files for a unix socket work: nginx's upstream, and the settings of the systemd unit."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bench import nginx
from feedsvc.cli.serve import serve
from feedsvc.cli.settings import variable_of
from tests.cli.test_unix_socket import serving_at
from tests.deploy import systemd_sandbox
from tests.deploy.nginx_proxy import nginx_proxy
from tests.helpers.http_client import ask
from tests.web.newsroom import write_newsroom
from tests.web.test_forwarded import READER_HEADERS

DROP_IN = nginx.DEPLOY_FILES / "feedsvc-unix-socket.conf"
UPSTREAM = nginx.DEPLOY_FILES / "nginx-unix-socket.conf"


def test_nginx_reaches_the_service_by_its_socket_and_names_the_clients(tmp_path: Path) -> None:
    content, path = write_newsroom(tmp_path / "content"), tmp_path / "http.sock"
    options = ("--trusted-proxy", "unix", "--unix-socket-mode", "666", "--access-log", "json")
    with (
        serving_at(path, content, tmp_path / "state", *options) as process,
        nginx_proxy(tmp_path / "nginx", f"unix:{path}", name=UPSTREAM.name) as proxy,
    ):
        url = f"http://127.0.0.1:{proxy.port}"
        assert ask(url, "/feed.rss").status == 200
        assert ask(url, "/status").status == 403
        assert ask(url, "/articles/bay/views", {**READER_HEADERS, "X-Forwarded-For": "192.0.2.1"}, "POST").status == 204
        assert process.stdout
        line = next(line for line in map(json.loads, process.stdout) if line["method"] == "POST")
        assert line["client"] == "127.0.0.1"  # as nginx knows it, not as the client says


def test_settings_of_the_unit_are_options_and_name_the_socket_of_the_upstream() -> None:
    settings = systemd_sandbox.unit_settings(DROP_IN.read_text("utf-8"))
    assert settings["Environment"][0] == ""  # removes host and port of the unit
    variables = dict(word.split("=", 1) for word in " ".join(settings["Environment"]).split())
    assert set(variables) <= {variable_of(option) for option in serve.params}
    assert variables["FEEDSVC_UNIX_SOCKET"].startswith(f"/run/{settings['RuntimeDirectory'][0]}/")
    assert re.findall(r"server unix:(\S+);", UPSTREAM.read_text("utf-8")) == [variables["FEEDSVC_UNIX_SOCKET"]]
