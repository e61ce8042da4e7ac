"""Pictures just below the limit on pixels: their copies arrive, within bounds on memory, and no poll notices."""

from __future__ import annotations

import io
import re
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from PIL import Image, features

from feedsvc.content.media.clean_file import open_clean
from tests.attacks.attacked_server import Reader
from tests.helpers.http_client import Response, ask
from tests.helpers.large_images import ENCODERS, PeakMemory, draw_quadrants, encode
from tests.helpers.newsrooms import write
from tests.helpers.running_server import ServerProcess

pytestmark = pytest.mark.alone

MOST_MEMORY: Final = 600_000_000  # bytes, of the service and its children
PATIENCE: Final = 240.0  # seconds; 60 on a machine with nothing else to do
POLL: Final = 5.0  # the same for 0.5


def newsroom(folder: Path, names: list[str]) -> Path:
    files: dict[str, str | bytes] = {"site.yaml": "title: A\nbase_url: https://a.example\nid_domain: a.example\n"}
    for number, name in enumerate(names, 1):
        stem = name.replace(".", "-")
        files[f"media/{name}"] = ENCODERS[name.partition("+")[2] or name]()
        files[f"articles/{stem}.yaml"] = (
            f"id: tag:a.example,2026:{stem}\ntitle: {stem}\npublished: 2026-01-{number:02}\n"
            f"image: {{src: media/{name}, alt: a}}\nbody: text\n"
        )
    return write(folder, files)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [name for name in ENCODERS if not name.endswith(".avif") or features.check("avif")]
    return newsroom(tmp_path_factory.mktemp("large") / "content", names)


@pytest.fixture
def server(content: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    one = ServerProcess(content, tmp_path / "state")
    yield one
    one.terminate()
    assert one.wait() == 0
    assert "Traceback" not in one.stderr


def offered(server: ServerProcess) -> list[str]:
    """The copies that pages offer."""
    found: set[str] = set()
    for slug in set(re.findall(r"/articles/([a-z0-9-]+)/", ask(server.url, "/").body.decode())):
        found |= set(re.findall(r"/sized/[0-9a-f]+-\d+/[^ \"]+", ask(server.url, f"/articles/{slug}/").body.decode()))
    return sorted(found)


def fetched(server: ServerProcess, path: str) -> Response:
    """The answer to a reader who asks again when told to."""
    deadline = time.monotonic() + PATIENCE
    while True:
        got = ask(server.url, path)
        if got.status != 503 or time.monotonic() > deadline:
            return got
        assert (got["Cache-Control"], int(got["Retry-After"]) > 0) == ("no-store", True)
        time.sleep(0.5)


def _interlaced() -> bytes:
    """Seven passes over 16 bits in four channels."""
    data = bytearray(ENCODERS["plain.png"]())
    data[24:29] = bytes([16, 6, 0, 0, 1])
    return bytes(data[:29] + zlib.crc32(data[12:29]).to_bytes(4) + data[33:])


def _held() -> bytes:
    return encode("JPEG", draw_quadrants(), progressive=True, subsampling=0)


def _wide() -> bytes:
    return encode("AVIF", draw_quadrants(6000), speed=10)


def assert_right(path: str, got: Response) -> None:
    assert got.status == 200, path
    with Image.open(io.BytesIO(got.body)) as copy:
        assert copy.width == int(path.split("-")[1].partition("/")[0]), path
        if path.endswith("deep.png"):
            return
        spots = [(9, 9), (copy.width - 9, 9), (9, copy.height - 9), (copy.width - 9, copy.height - 9)]
        seen = [tuple(round(part / 127.5) for part in copy.convert("RGB").getpixel(spot)) for spot in spots]  # type: ignore[union-attr, arg-type]
    assert seen == [(2, 0, 0), (0, 2, 0), (0, 0, 2), (2, 2, 2)], (path, seen)


def test_every_copy_of_a_large_picture_arrives_within_the_memory_and_no_poll_waits(server: ServerProcess) -> None:
    """Five copies of one picture took 2.3 GB, and polls waited for 19 s."""
    paths = offered(server)
    assert len(paths) == 5 * len([name for name in ENCODERS if not name.endswith(".avif") or features.check("avif")])
    with PeakMemory(server.process.pid) as peak, Reader(server.url) as reader, ThreadPoolExecutor(len(paths)) as readers:
        for path, got in zip(paths, readers.map(lambda path: fetched(server, path), paths), strict=True):
            assert_right(path, got)
    assert peak.max_bytes < MOST_MEMORY, f"{peak.max_bytes:,} bytes"
    assert reader.failed == []
    assert set(reader.statuses) <= {200, 304}
    assert reader.slowest < POLL, reader.slowest
    print(f"{peak.max_bytes:,} bytes, the slowest of {len(reader.statuses)} polls took {reader.slowest:.2f} s")  # noqa: T201 - -rP
    assert ask(server.url, "/status").body.count(b'"problems": []') == 1


def test_three_large_pictures_at_once_take_no_more_memory_than_one(tmp_path: Path) -> None:
    """Three took 6.8 GB. Two workers and a second service wait for one another, too."""
    content = newsroom(tmp_path / "content", ["a+plain.png", "b+plain.png", "c+plain.png"])
    for number, name in enumerate("abc"):  # each its own bytes
        with open(content / "media" / f"{name}+plain.png", "ab") as file:
            file.write(bytes([number]))
    servers = [ServerProcess(content, tmp_path / "one", "--workers", "2"), ServerProcess(content, tmp_path / "two")]
    try:
        with PeakMemory(*(server.process.pid for server in servers)) as peak, ThreadPoolExecutor(30) as readers:
            jobs = [(server, path) for server in servers for path in offered(server)]
            assert len(jobs) == 30
            for (_, path), got in zip(jobs, readers.map(lambda job: fetched(*job), jobs), strict=True):
                assert_right(path, got)
        print(f"{peak.max_bytes:,} bytes")  # noqa: T201 - -rP
        assert peak.max_bytes < MOST_MEMORY, f"{peak.max_bytes:,} bytes"
    finally:
        for server in servers:
            server.terminate()
            server.wait()


@pytest.mark.parametrize("name", ["interlaced.png", "held.jpg", *(["wide.avif"] if features.check("avif") else [])])
def test_no_page_offers_copies_that_would_take_too_much_memory(tmp_path: Path, name: str) -> None:
    """The picture itself is accepted, and served."""
    content = newsroom(tmp_path / "content", ["plain.png"])
    (content / "articles" / "plain-png.yaml").write_text(
        f"title: A\nslug: a\nid: tag:a.example,2026:a\npublished: 2026-01-01\nimage: {{src: media/{name}, alt: a}}\n"
    )
    data = {"interlaced.png": _interlaced, "held.jpg": _held, "wide.avif": _wide}[name]()
    (content / "media" / name).write_bytes(data)
    server = ServerProcess(content, tmp_path / "state")
    try:
        page = ask(server.url, "/articles/a/").body
        assert name.encode() in page
        assert b"/sized/" not in page
        with open_clean(str(content / "media" / name)) as file:
            sent = file.read()
        assert ask(server.url, f"/media/{name}").body == sent
        assert len(sent) == len(data)
        assert b'"problems": []' in ask(server.url, "/status").body
    finally:
        server.terminate()
        assert server.wait() == 0
