"""A live server, and nginx with the static tree of the same newsroom, configured as docs/deploy/ says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bench import nginx
from bench.headers import differences, document_paths
from bench.web import NO_HEADERS, Client
from tests.audience.waiting import wait_until
from tests.helpers import newsrooms
from tests.helpers.http_client import ask_until_final
from tests.helpers.programs import require_program
from tests.helpers.running_server import build_tree, serving

ALL_CODINGS: Final = {"Accept-Encoding": "gzip, deflate, br, zstd"}
CODINGS: Final = (
    "", "identity", "gzip", "GZIP", "gzip, deflate", "br", "zstd", "br, gzip", "zstd,gzip", "deflate", "*", "gzip;q=0", "*;q=0",
    "br;q=0, gzip", "br;q=0.0,zstd ; q=0.5 , gzip;q=0", "*, br;q=0", "gzip;q=1.0, *;q=0", "brotli, gzippy", "zstd;q=0.001",
)  # fmt: skip

_BODY_OF_REDIRECT: Final = re.compile(r": (?:another body|content-(?:length|type): .*)$")


@dataclass(frozen=True)
class ServerPair:
    """A live server, and nginx with the tree of the same newsroom."""

    live: Client
    static: Client
    tree: Path
    port: int

    def differences(
        self, paths: str | Iterable[str], *header_sets: Mapping[str, str], methods: Sequence[str] = ("GET",)
    ) -> list[str]:
        """Return a line for each difference. nginx has its own bodies of redirects."""
        requests = product([paths] if isinstance(paths, str) else paths, header_sets or (NO_HEADERS,), methods)
        return [line for request in requests for line in self._differences(*request)]

    def _differences(self, path: str, headers: Mapping[str, str], method: str) -> list[str]:
        if "/sized/" in path:  # the live server sends the picture itself until its copy is made
            wait_until(lambda: self.live.ask(path).headers.get("cache-control") != "no-store")
        lines = [*differences(self.live, self.static, path, headers, method, is_tree=True)]
        is_redirect = lines and self.static.ask(path, headers, method).status == 301
        return [line for line in lines if not (is_redirect and _BODY_OF_REDIRECT.search(line))]


@contextmanager
def server_pair(home: Path, content: Path, mount_path: str = "") -> Iterator[ServerPair]:
    """Build and serve the tree as docs/deploy/ says, in the folder of base_url's path.

    The live server has no combinations, because a tree is built as a site without them.
    """
    if not nginx.program_path():
        require_program("nginx", nginx.INSTALL)
    tree, configuration_file = home / "tree", home / "feedsvc-tree.conf"
    options = ("--state", home / "built", "--nginx", configuration_file, "--coding", "br", "--coding", "zstd")
    newsrooms.write(tree, {"index.html": "Not of this site"} if mount_path else {})
    build_tree(tree / mount_path, content, *options)
    newsrooms.disable_combinations(content)
    with (
        serving(content, home / "state") as server,
        nginx.serving(home / "nginx", tree, tree_configuration=configuration_file) as nginx_server,
    ):
        port = urlsplit(server.url).port or 0
        for path in (path for path in document_paths(tree) if "/sized/" in path):
            ask_until_final(server.url, path)
        with closing(Client(port)) as live, closing(Client(nginx_server.port)) as static_client:
            yield ServerPair(live, static_client, tree, nginx_server.port)
