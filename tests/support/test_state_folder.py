"""Files of the state folder that two processes write at the same time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from feedsvc.support.file_lock import folder_lock
from feedsvc.support.state_folder import replace_file, set_aside


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
