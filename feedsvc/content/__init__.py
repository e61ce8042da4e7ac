"""Content: reads the files of a content folder into an immutable snapshot.

`content.folder` reads a folder into a `ContentSnapshot` with articles, pages, settings, media, theme files and problems, which
the catalog, pages and exports use. The modules directly in this package decode text, open and read files without following
links out of the folder, detect changes of files, and quote source lines for messages.
"""

__all__ = ["file_signature", "safe_open", "safe_read", "source_excerpt", "text"]
