"""Image files: reads headers, and finds the pieces of an image without its metadata, in Python, without decoding pixels.

All functions take an open file. `content.media`, `content.lint`, `publication` and `importing` use this package.
"""

from feedsvc.content.images.formats import IMAGE_TYPES, check_removable_metadata, find_clean_pieces, read_header, rights_of
from feedsvc.content.images.header import MAX_DECODER_MEMORY, MAX_PIXELS, ImageHeader, MetadataError
from feedsvc.content.images.pieces import Piece
from feedsvc.content.images.rights import Rights, to_xmp

__all__ = [
    "IMAGE_TYPES",
    "MAX_DECODER_MEMORY",
    "MAX_PIXELS",
    "ImageHeader",
    "MetadataError",
    "Piece",
    "Rights",
    "check_removable_metadata",
    "find_clean_pieces",
    "read_header",
    "rights_of",
    "to_xmp",
]
