"""Debian's nginx over a static tree: as docs/deploy/ has it, or bare."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.running import Running, running
from bench.web import free_port

SHIPPED: Final = Path(__file__).parents[1] / "docs" / "deploy"
INSTALL: Final = "apt-get install nginx"
# Nothing but what speed wants: what the shipped configuration is measured against.
BARE: Final = """
types { text/html html; application/rss+xml rss; }
server { include feedsvc-site.conf; index index.html; gzip_static on; }
"""
_OUTSIDE: Final = """{user}worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr warn;
pcre_jit on;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=1000;
  {temporary}
  include site.conf;
}}
"""
_SITE: Final = "listen 127.0.0.1:{port};\nserver_name news.example;\nroot {tree};\n"
_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def program() -> str:
    """nginx's path, "" where it is not installed; Debian keeps it where users do not look."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or ""


@contextmanager
def serving(
    folder: Path, tree: Path, *, known: Path | None = None, configuration: str = "", cores: Iterable[int] = ()
) -> Iterator[Running]:
    """nginx over `tree` with what ships, or with another `configuration`; `folder` is new and its own.

    `known` is what the build wrote of the tree for nginx.
    """
    port = free_port()
    command = prepared(folder, tree, port=port, known=known, configuration=configuration)
    with running(command, log=folder / "log", port=port, cores=cores) as one:
        one.serves("/")
        yield one


def prepared(folder: Path, tree: Path, *, port: int, known: Path | None = None, configuration: str = "") -> list[str]:
    """The command that starts it, once its files lie in `folder`."""
    folder.mkdir()
    # A worker that root starts would be somebody else, who may not read a temporary folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in _TEMPORARY)
    (folder / "nginx.conf").write_text(_OUTSIDE.format(user=user, temporary=temporary))
    (folder / "site.conf").write_text(configuration or f"include {SHIPPED / 'nginx-static.conf'};\n")
    (folder / "feedsvc-codings.conf").write_text((SHIPPED / "nginx-codings.conf").read_text("utf-8"))
    (folder / "feedsvc-site.conf").write_text(_SITE.format(port=port, tree=tree))
    if known:
        shutil.copyfile(known, folder / "feedsvc-tree.conf")
    return [program(), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
