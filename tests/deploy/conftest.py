"""The pair of servers that the tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.nginx_pair import ServerPair, server_pair
from tests.web.newsroom import write_newsroom


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerPair]:
    folder = tmp_path_factory.mktemp("nginx")
    with server_pair(folder, write_newsroom(folder / "content")) as pair:
        yield pair
