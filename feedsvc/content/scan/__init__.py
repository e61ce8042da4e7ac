"""Scanner of the content folder: finds the files below a folder, their signatures, and the changes since the previous scan.

`content.folder` uses it for articles/, pages/, root/ and theme/.
"""

from feedsvc.content.scan.folder_files import FolderFiles, files_by_folder
from feedsvc.content.scan.scanner import ARTICLES_FOLDER, DirectoryScanner

__all__ = [
    "ARTICLES_FOLDER",
    "DirectoryScanner",
    "FolderFiles",
    "files_by_folder",
]
