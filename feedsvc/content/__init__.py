"""Content: reads the files of a content folder into an immutable snapshot.

`content.folder` reads a folder into a `ContentSnapshot` with articles, pages, settings, media, theme files and problems, which
the catalog, pages and exports use. The modules directly in this package decode text, open and read files without following
links out of the folder, detect changes of files, and quote source lines for messages.
"""

from feedsvc.content.file_signature import FileSignature, signature_of, size_of
from feedsvc.content.safe_open import open_descriptor, open_file
from feedsvc.content.safe_read import read_file
from feedsvc.content.source_excerpt import display_width, escape_invisible, excerpts
from feedsvc.content.text import (
    FORBIDDEN_CHARACTER,
    decode,
    did_you_mean,
    problem_at,
    remove_forbidden_characters,
    sanitize_message,
)

__all__ = [
    "FORBIDDEN_CHARACTER",
    "FileSignature",
    "decode",
    "did_you_mean",
    "display_width",
    "escape_invisible",
    "excerpts",
    "open_descriptor",
    "open_file",
    "problem_at",
    "read_file",
    "remove_forbidden_characters",
    "sanitize_message",
    "signature_of",
    "size_of",
]
