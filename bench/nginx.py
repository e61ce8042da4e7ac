"""Run Debian's nginx over a static tree, with the configuration of docs/deploy/ or a minimal one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.process import ServerProcess, run_server
from bench.web import free_port

DEPLOY_FILES: Final = Path(__file__).parents[1] / "docs" / "deploy"
INSTALL: Final = "apt-get install nginx"
# The fastest configuration, with which the one in docs/deploy/ is compared.
BARE: Final = """
types { text/html html; application/rss+xml rss; }
server { include feedsvc-site.conf; index index.html; gzip_static on; }
"""
_MAIN_CONFIGURATION: Final = """{user}worker_processes 1;
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
  {temporary_paths}
  include site.conf;
}}
"""
_SERVER_DIRECTIVES: Final = "listen 127.0.0.1:{port};\nserver_name news.example;\nroot {tree};\n"
_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def program_path() -> str:
    """Return nginx's path; "" if it is not installed. Debian installs it in a folder that is not in the PATH of users."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or ""


@contextmanager
def serving(
    folder: Path, tree: Path, *, tree_configuration: Path | None = None, configuration: str = "", cores: Iterable[int] = ()
) -> Iterator[ServerProcess]:
    """Run nginx over `tree` until the block ends, with the configuration of docs/deploy/ or with `configuration`.

    `folder` must not exist yet. `tree_configuration` is the file that `feedsvc build --nginx` wrote.
    """
    port = free_port()
    command = write_configuration(folder, tree, port=port, tree_configuration=tree_configuration, configuration=configuration)
    with run_server(command, log=folder / "log", port=port, cores=cores) as process:
        process.wait_for_response("/")
        yield process


def write_configuration(
    folder: Path, tree: Path, *, port: int, tree_configuration: Path | None = None, configuration: str = ""
) -> list[str]:
    """Write nginx's files into `folder`, and return the command that starts it."""
    folder.mkdir()
    # Workers of an nginx started by root run as another user by default, who cannot read temporary folders.
    user = "user root;\n" if os.geteuid() == 0 else ""
    temporary_paths = " ".join(f"{name}_temp_path {folder}/{name};" for name in _TEMPORARY)
    (folder / "nginx.conf").write_text(_MAIN_CONFIGURATION.format(user=user, temporary_paths=temporary_paths))
    (folder / "site.conf").write_text(configuration or f"include {DEPLOY_FILES / 'nginx-static.conf'};\n")
    (folder / "feedsvc-codings.conf").write_text((DEPLOY_FILES / "nginx-codings.conf").read_text("utf-8"))
    (folder / "feedsvc-site.conf").write_text(_SERVER_DIRECTIVES.format(port=port, tree=tree))
    if tree_configuration:
        shutil.copyfile(tree_configuration, folder / "feedsvc-tree.conf")
    return [program_path(), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
