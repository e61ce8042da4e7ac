"""Content folder: reads all files of a folder into a `ContentSnapshot`, and afterwards only the files that changed.

Each reading gives a snapshot and the articles that differ from the previous snapshot. The later stages from `catalog` on, the
service and the commands use this package.
"""

from feedsvc.content.folder.first_steps import first_steps_hint
from feedsvc.content.folder.folder import ContentFolder, load_content, open_content_folder, sample_folder
from feedsvc.content.folder.root_files import ROOT_FOLDER
from feedsvc.content.folder.settings import Settings, load_settings
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.content.folder.stored_state import Baseline, content_store_file
from feedsvc.content.folder.theme_files import THEME_FOLDER

__all__ = [
    "ROOT_FOLDER",
    "THEME_FOLDER",
    "Baseline",
    "ContentFolder",
    "ContentSnapshot",
    "Settings",
    "content_store_file",
    "first_steps_hint",
    "load_content",
    "load_settings",
    "open_content_folder",
    "sample_folder",
]
