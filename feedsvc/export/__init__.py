"""Publication -> a static tree: the same documents as files."""

from feedsvc.export.names import FORMER, MANIFEST, SELECTIONS, file_name
from feedsvc.export.tree import Built, Progress, Tree, build

__all__ = ["FORMER", "MANIFEST", "SELECTIONS", "Built", "Progress", "Tree", "build", "file_name"]
