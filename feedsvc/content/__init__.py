"""The content folder, read into an immutable snapshot.

In come the files of a folder; out comes a `ContentSnapshot` (`content.folder`) with articles, settings, media and problems. The
catalog and every later stage may use the snapshot. The modules in this package itself decode text, open files safely and quote
lines for messages.
"""

from feedsvc.content.file_signature import FileSignature, signature_of, size_of
from feedsvc.content.safe_open import open_descriptor, open_file
from feedsvc.content.safe_read import read_file
from feedsvc.content.source_excerpt import escape_invisible, excerpts
from feedsvc.content.text import FORBIDDEN_CHARACTER, decode, did_you_mean, sanitize_message

__all__ = [
    "FORBIDDEN_CHARACTER",
    "FileSignature",
    "decode",
    "did_you_mean",
    "escape_invisible",
    "excerpts",
    "open_descriptor",
    "open_file",
    "read_file",
    "sanitize_message",
    "signature_of",
    "size_of",
]
