"""Scanner of the content folder: finds the files below a folder, their signatures, and the changes since the previous scan.

`content.folder` uses it for articles/, pages/, root/ and theme/. This package imports little, because a command starts the
first scan while it still imports the other packages.
"""

from feedsvc.content.scan.folder_files import FolderFiles, files_by_folder
from feedsvc.content.scan.scanner import ARTICLES_FOLDER, BackgroundScan, DirectoryScanner, ScanResult, start_scan

__all__ = [
    "ARTICLES_FOLDER",
    "BackgroundScan",
    "DirectoryScanner",
    "FolderFiles",
    "ScanResult",
    "files_by_folder",
    "start_scan",
]
