"""Files of the state folder at whose path something else is, or that two processes write at the same time."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from feedsvc.support.file_lock import folder_lock
from feedsvc.support.state_folder import open_lock_file, replace_file, set_aside


def test_a_folder_at_the_path_of_a_file_is_kept_as_damaged_if_two_processes_replace_it_at_once(tmp_path: Path) -> None:
    """The second process deleted NAME.damaged and renamed the new file of the first one to it."""
    path = tmp_path / "verdict.json"
    path.mkdir()
    (path / "lost.txt").touch()
    with folder_lock(tmp_path):
        second_process = threading.Thread(target=replace_file, args=(path, b"second"))
        second_process.start()
        time.sleep(0.2)  # until it waits for the lock
        set_aside(path)
        path.write_bytes(b"first")
    second_process.join()
    assert path.read_bytes() == b"second"
    assert (tmp_path / "verdict.json.damaged/lost.txt").exists()
    assert {file.name for file in tmp_path.iterdir()} == {"verdict.json", "verdict.json.damaged"}


def test_a_dangling_link_at_the_path_of_a_lock_file_is_renamed(tmp_path: Path) -> None:
    """The service did not start: the file could not be created through the link."""
    path = tmp_path / "service.lock"
    path.symlink_to("missing/service.lock")
    os.close(open_lock_file(path))
    assert not path.is_symlink()
    assert (tmp_path / "service.lock.damaged").is_symlink()
