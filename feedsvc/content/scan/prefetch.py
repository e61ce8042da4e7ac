"""Prefetch: first scan of the articles in a forked process, while this process does other work."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from feedsvc.content.scan import scanner
from feedsvc.content.scan.scanner import ScanResult
from feedsvc.support.process_pool import BackgroundTask

BackgroundScan = BackgroundTask[ScanResult]


def start_scan(root: Path) -> BackgroundScan:
    """Start a scan of articles/ in a forked process.

    Get the result within the task's `with` block and soon, because it describes the present state.
    """
    return BackgroundTask(partial(scanner.scan_folder, root, scanner.ARTICLES_FOLDER))
