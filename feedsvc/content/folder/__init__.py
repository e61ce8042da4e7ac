"""The whole content folder, read once and then updated incrementally.

In come the names and signatures of files; out comes a `ContentSnapshot`, and its changes since the previous one. The live
edition, commands and builds use this package.
"""

from feedsvc.content.folder.folder import ContentFolder, load_content, open_content_folder
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.content.folder.stored_state import Baseline

__all__ = [
    "Baseline",
    "ContentFolder",
    "ContentSnapshot",
    "load_content",
    "open_content_folder",
]
