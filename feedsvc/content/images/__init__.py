"""Image files: reads headers, finds the pieces of an image without its metadata, and makes variants (narrower copies).

All three take an open file. Headers and pieces are found in Python. libvips decodes pixels in a child process with limits
(`decoder_process`, `copying`), which `decoder_pool` starts and talks to. `content.media`, `content.lint`, `publication` and
`importing` use this package.
"""

from feedsvc.content.images.decoder_pool import (
    DecoderLostError,
    DecoderProcess,
    ImageChangedError,
    ReusedDecoderError,
    UndecodableError,
)
from feedsvc.content.images.decoder_process import DIGEST_LENGTH, DecodeRequest
from feedsvc.content.images.formats import IMAGE_TYPES, check_removable_metadata, find_clean_pieces, read_header
from feedsvc.content.images.header import MAX_DECODER_MEMORY, MAX_PIXELS, ImageHeader, MetadataError
from feedsvc.content.images.pieces import Piece

__all__ = [
    "DIGEST_LENGTH",
    "IMAGE_TYPES",
    "MAX_DECODER_MEMORY",
    "MAX_PIXELS",
    "DecodeRequest",
    "DecoderLostError",
    "DecoderProcess",
    "ImageChangedError",
    "ImageHeader",
    "MetadataError",
    "Piece",
    "ReusedDecoderError",
    "UndecodableError",
    "check_removable_metadata",
    "find_clean_pieces",
    "read_header",
]
