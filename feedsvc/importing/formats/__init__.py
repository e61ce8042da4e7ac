"""Formats of sources: which of them a file, a folder or an address has.

An operator's argument comes in, an open source goes out. The command `import` calls it; other packages open the format that they
need by themselves.
"""

from feedsvc.importing.formats.detect import open_source

__all__ = ["open_source"]
