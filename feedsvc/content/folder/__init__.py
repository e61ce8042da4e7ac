"""The whole folder, read once and then followed.

In come the names and signatures of files; out comes a `ContentSnapshot`, and what changed since the one before. The live edition,
commands and builds use it.
"""

from feedsvc.content.folder.baseline import Baseline
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.folder.snapshot import ContentSnapshot

__all__ = [
    "Baseline",
    "ContentFolder",
    "ContentSnapshot",
    "load_content",
]
