"""Folder check: compares a scanned folder with the disk in slices, so that its caller can read notified changes between them."""

from __future__ import annotations

import time

from feedsvc.content.scan.scanner import DirectoryScanner


class FolderCheck:
    """Check whether a scan of all folders of a scanner would find a change. It changes nothing that the scanner knows.

    Each folder is compared with what the scanner knows at that moment, so the scanner may scan changed paths between two slices.
    What it has scanned since `began_at`, in seconds of `time.monotonic()`, need not be checked.
    """

    def __init__(self, scanner: DirectoryScanner) -> None:
        self._scanner = scanner
        self._pending = [scanner.top]
        self._suspect = ""  # the folder that differed at the end of the last slice
        self.began_at = time.monotonic()

    @property
    def is_complete(self) -> bool:
        """True if all folders are checked and none differs."""
        return not self._pending

    def advance(self, seconds: float) -> bool:
        """Compare at least one folder, and more until about `seconds` have passed. Return False if a complete scan is needed.

        It is needed if there are symbolic links, or if one folder differs in two slices. After the first of them, the caller must
        scan the changes of which it is notified: the difference may be one of them. The folders are compared one at a time: one
        of 100,000 files takes much longer than a short slice.
        """
        if self._scanner.has_links():
            return False
        end = time.monotonic() + seconds
        while self._pending:
            path = self._pending[-1]
            if not self._scanner.is_unchanged(path):
                is_second_time, self._suspect = path == self._suspect, path
                return not is_second_time
            self._pending.pop()
            self._pending += self._scanner.subfolders(path)
            if time.monotonic() >= end:
                break
        return True
