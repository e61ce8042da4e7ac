"""Scans of the content folder: which files are where, each with its signature.

In comes a folder; out come names, signatures and what changed since the scan before. `content.folder` follows the folder with
it; a command starts the first scan while it still imports the rest, so this package imports little.
"""

from feedsvc.content.scan.scanner import ARTICLES_FOLDER, BackgroundScan, DirectoryScanner, ScanResult, start_scan

__all__ = ["ARTICLES_FOLDER", "BackgroundScan", "DirectoryScanner", "ScanResult", "start_scan"]
