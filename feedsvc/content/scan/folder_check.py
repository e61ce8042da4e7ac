"""Folder check: compares a scanned folder with the disk in slices, so that its caller can read notified changes between them."""

from __future__ import annotations

import time
from typing import Final

from feedsvc.content.scan.scanner import DirectoryScanner

_RECHECK_DELAY: Final = 1.0  # seconds until a change that makes a folder differ has certainly been notified, unless that was lost


class FolderCheck:
    """Check whether a scan of all folders of a scanner would find a change. It changes nothing that the scanner knows.

    Each folder is compared with what the scanner knows at that moment, so the scanner may scan changed paths between two slices.
    What it has scanned since `began_at`, in seconds of `time.monotonic()`, need not be checked.
    """

    def __init__(self, scanner: DirectoryScanner) -> None:
        self._scanner = scanner
        self._pending = [scanner.top]
        self._suspect, self._continue_at = "", 0.0  # the folder that differed last, and the time when it is compared again
        self.began_at = time.monotonic()

    @property
    def is_complete(self) -> bool:
        """True if all folders are checked and none differs."""
        return not self._pending

    def advance(self, seconds: float) -> bool:
        """Compare at least one folder, and more until about `seconds` have passed. Return False if a complete scan is needed.

        It is needed if there are symbolic links, or if a folder still differs _RECHECK_DELAY later. Until then calls compare
        nothing, and the caller must scan the changes of which it is notified: the difference may be one of them. The smallest
        step is one folder, so a folder of 100,000 files takes much longer than a short slice.
        """
        if self._scanner.has_links():
            return False
        now = time.monotonic()
        end = now + seconds
        while self._pending and now >= self._continue_at:
            path = self._pending[-1]
            if not self._scanner.is_unchanged(path):
                is_second_time, self._suspect = path == self._suspect, path
                self._continue_at = time.monotonic() + _RECHECK_DELAY
                return not is_second_time
            self._pending.pop()
            self._pending += self._scanner.subfolders(path)
            if time.monotonic() >= end:
                break
        return True
