"""Readers of other systems' exports and feeds, and the writer that makes a content folder of them.

A file, a folder or an address comes in; each format's module reads it into the neutral records of `source.py`, of which the
writer makes files that an editor could have written. The command line calls this package, and editing reads former feeds with
it.
"""

from feedsvc.importing.addresses import split_address, with_named_host
from feedsvc.importing.errors import ImportSourceError

__all__ = [
    "ImportSourceError",
    "split_address",
    "with_named_host",
]
