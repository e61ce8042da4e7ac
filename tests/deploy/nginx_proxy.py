"""nginx as a proxy in front of services, with the files of docs/deploy/; only addresses and folders are the test's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bench import nginx
from bench.process import ServerProcess, run_server
from bench.web import free_port
from tests.helpers.programs import require_program

_ADDRESS: Final = re.compile(r"^(\s*server )(?:[0-9.]+:[0-9]+|unix:[^;\s]+)", re.MULTILINE)


def upstream_configuration(name: str, urls: Sequence[str]) -> str:
    """Return a shipped upstream configuration with these servers, in their order. That of a unix socket is unix:PATH."""
    text = (nginx.DEPLOY_FILES / name).read_text("utf-8")
    document_paths = iter(url if url.startswith("unix:") else urlsplit(url).netloc for url in urls)
    filled = _ADDRESS.sub(lambda match: f"{match[1]}{next(document_paths)}", text)
    assert next(document_paths, None) is None
    return filled


@contextmanager
def nginx_proxy(folder: Path, *urls: str, name: str = "nginx-service.conf", default_server: str = "") -> Iterator[ServerProcess]:
    """Start nginx in front of services. `default_server` is the body of another server on the same port, the first one."""
    if not nginx.program_path():
        require_program("nginx", nginx.INSTALL)
    port = free_port()
    template = (nginx.DEPLOY_FILES / "nginx-cache.conf").read_text("utf-8")
    assert template.count("/var/lib/nginx/feedsvc") == 2  # of documents, and of combined feeds
    other_server = f"server {{ listen 127.0.0.1:{port} default_server; {default_server} }}\n" if default_server else ""
    configuration = other_server + template.replace("/var/lib/nginx/feedsvc", f"{folder}/kept")
    arguments = nginx.write_configuration(folder, folder, port=port, configuration=configuration)
    (folder / "feedsvc-upstream.conf").write_text(upstream_configuration(name, urls))
    with run_server(arguments, log=folder / "log", port=port) as nginx_process:
        nginx_process.wait_for_response("/feed.rss")
        yield nginx_process
