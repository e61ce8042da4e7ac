"""Unix socket: stale files are replaced, others are left, and the file is removed at the stop."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.web.sockets import listen_unix
from tests import ROOT


def test_file_has_the_requested_permissions_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        for mode in (0o600, 0o660, 0o666):
            with closing(listen_unix(tmp_path / "http.sock", mode)):
                assert stat.S_IMODE((tmp_path / "http.sock").stat().st_mode) == mode
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)


def test_full_queue_of_a_running_process_does_not_count_as_ended(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(path))
        busy.listen(0)
        waiting.connect(str(path))
        with pytest.raises(FeedsvcError, match="another process serves there"):
            listen_unix(path, 0o660)


def test_socket_that_took_the_place_of_the_file_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    first = listen_unix(path, 0o660)
    path.unlink()
    with closing(listen_unix(path, 0o660)):
        first.close()
        assert path.is_socket()
    assert not path.exists()


def test_other_file_and_a_link_to_a_socket_at_the_path_are_errors_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    for text in ("", "precious"):
        path.write_text(text)
        with pytest.raises(FeedsvcError, match="there is a file that is no socket"):
            listen_unix(path, 0o660)
        assert path.read_text() == text
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(tmp_path / "other.sock"))
    path.unlink()
    path.symlink_to("other.sock")
    with pytest.raises(FeedsvcError, match="no socket"):
        listen_unix(path, 0o660)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/http.sock", "No such file or directory; there is no such folder: create it"),
        ("x" * 120, "its path is longer than 107 bytes; choose a shorter one"),
        ("file/http.sock", "a part of the path is no folder"),
        ("a\0b", "correct --unix-socket"),
    ],
)
def test_unusable_path_is_an_error_that_says_what_to_do(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").write_text("")
    os.chdir(tmp_path)  # a relative path may be used, and is short
    try:
        with pytest.raises(FeedsvcError, match=reason):
            listen_unix(Path(name), 0o660)
    finally:
        os.chdir(ROOT)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write to every folder")
def test_folder_of_another_user_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(FeedsvcError, match="this user may not write to its folder"):
        listen_unix(tmp_path / "closed" / "http.sock", 0o660)
