"""Static trees: the documents of a publication as files in a folder. Only `cli` calls this package.

`build` and `StaticTree` write the documents and remove the files of documents that the publication does not have any more.
"""

from feedsvc.export.hosts import HOSTING_ANY, HOSTING_NGINX
from feedsvc.export.layout import COMPRESSED_SUFFIXES, MANIFEST_FILE, SELECTIONS, file_name
from feedsvc.export.nginx import write_configuration as write_nginx
from feedsvc.export.prefetch import Prefetch, start_prefetch
from feedsvc.export.progress import BuildResult, Progress
from feedsvc.export.static_tree import StaticTree, build

__all__ = [
    "COMPRESSED_SUFFIXES",
    "HOSTING_ANY",
    "HOSTING_NGINX",
    "MANIFEST_FILE",
    "SELECTIONS",
    "BuildResult",
    "Prefetch",
    "Progress",
    "StaticTree",
    "build",
    "file_name",
    "start_prefetch",
    "write_nginx",
]
