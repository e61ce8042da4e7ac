"""Publication -> a static tree: the same documents as files."""

from feedsvc.export.layout import FORMER, MANIFEST, SELECTIONS, TWINS, file_name
from feedsvc.export.nginx import write as write_nginx
from feedsvc.export.progress import Built, Progress
from feedsvc.export.static_tree import Tree, build

__all__ = ["FORMER", "MANIFEST", "SELECTIONS", "TWINS", "Built", "Progress", "Tree", "build", "file_name", "write_nginx"]
