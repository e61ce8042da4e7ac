"""GIF (GIF89a specification): its header, and removal of comments, plain text and application extensions.

The extensions for the loop count and the ICC profile stay. Rights found in XMP are written anew before the trailer, the last
block of the file. In a file without trailer they are lost.
"""

from __future__ import annotations

from typing import BinaryIO, Final

from feedsvc.content.images import rights
from feedsvc.content.images.header import ImageHeader, read_exactly, read_struct
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

MEDIA_TYPE: Final = "image/gif"
SIGNATURES: Final = (b"GIF87a", b"GIF89a")

_BYTES_PER_PIXEL: Final = 4
_MIN_ANIMATION_IMAGES: Final = 2
_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_COLOUR_TABLE_FLAG: Final = 0x80
_LOOP_EXTENSIONS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_LOOP_BLOCK_SIZE: Final = 19  # bytes of an extension with the loop count
_PROFILE: Final = b"ICCRGBG1012"
_XMP: Final = b"XMP DataXMP"
# End of an XMP packet: a reader of sub-blocks finds the terminator from any offset (XMP specification, part 3, 1.1.2).
_XMP_TRAILER: Final = b"\1" + bytes(range(255, -1, -1)) + b"\0"


def read(file: BinaryIO) -> ImageHeader:
    """Read the header, and count images to detect an animation. Raises ValueError if the header is cut off."""
    file.seek(6)
    width, height, packed, _, _ = read_struct("<HHBBB", file)
    read_exactly(file, _table_size(packed))
    return ImageHeader(
        media_type=MEDIA_TYPE,
        width=width,
        height=height,
        decoder_memory=_BYTES_PER_PIXEL * width * height,
        is_still=_count_images(file) < _MIN_ANIMATION_IMAGES,
    )


def _count_images(file: BinaryIO) -> int:
    """Return the number of images from the present offset of `file`, counted up to 2. Damage ends the count."""
    count = 0
    while count < _MIN_ANIMATION_IMAGES and (kind := file.read(1)) and kind[0] in (_IMAGE, _EXTENSION):
        if kind[0] == _IMAGE:
            count += 1
            descriptor = file.read(9)
            file.seek(_table_size(descriptor[8]) if len(descriptor) == 9 else 0, 1)  # noqa: PLR2004 - an image descriptor
        file.seek(_blocks_end(file, file.tell() + 1))  # after the label or the minimum code size
    return count


def clean(file: BinaryIO) -> tuple[Pieces, Rights]:
    """Return the pieces of the image without its metadata, and the rights that it states.

    Raises ValueError if there is no image, or if there are too many pieces. If the file is damaged after the first image, the
    pieces end before the damage.
    """
    pieces, image_rights, has_image = Pieces(), Rights(), False
    file.seek(0)
    head = read_exactly(file, 13)
    offset = 13 + _table_size(head[10])
    pieces.add_range(0, offset)
    size = file.seek(0, 2)
    while offset < size:
        file.seek(offset)
        kind = read_exactly(file, 1)[0]
        if kind == _TRAILER:
            pieces.add_bytes(_encode_xmp(image_rights))
            pieces.add_range(offset, 1)
            break
        if kind == _IMAGE and offset + 11 <= size:
            start = offset + 10 + _table_size(read_exactly(file, 9)[8]) + 1  # + 1 for the minimum code size
            end, has_image = _blocks_end(file, start), True
            pieces.add_range(offset, min(end, size) - offset)
        elif kind == _EXTENSION and offset + 2 < size:
            label = read_exactly(file, 1)[0]
            end = _blocks_end(file, offset + 2)
            is_retained, extension_rights = _read_extension(file, label, offset, end)
            image_rights |= extension_rights
            pieces.add_range(offset, end - offset if is_retained else 0)
        else:
            break
        offset = end
    if not has_image:
        raise ValueError("there is no image")
    return pieces, image_rights


def _table_size(packed: int) -> int:
    """Return the size in bytes of the colour table that the byte `packed` announces; 0 if it announces none."""
    return 3 * 2 ** ((packed & 7) + 1) if packed & _COLOUR_TABLE_FLAG else 0


def _blocks_end(file: BinaryIO, offset: int) -> int:
    """Return the offset of the byte after the sub-blocks that begin at `offset`; the file's length if they are cut off."""
    file.seek(offset)
    while length := file.read(1):
        offset += 1 + length[0]
        if not length[0]:
            return offset
        file.seek(length[0], 1)
    return file.seek(0, 2)


def _read_extension(file: BinaryIO, label: int, start: int, end: int) -> tuple[bool, Rights]:
    """Return whether the extension from `start` to `end` stays in the clean image, and the rights that it states."""
    if label == _CONTROL:
        return end - start == 8, Rights()  # noqa: PLR2004 - the fixed size
    if label != _APPLICATION:
        return False, Rights()
    file.seek(start + 3)
    name = file.read(11)
    if name == _XMP:
        return False, rights.from_xmp(file.read(min(end - start - 14, rights.MAX_XMP_SIZE)).removesuffix(_XMP_TRAILER))
    return name == _PROFILE or (name in _LOOP_EXTENSIONS and end - start == _LOOP_BLOCK_SIZE), Rights()


def _encode_xmp(image_rights: Rights) -> bytes:
    packet = rights.to_xmp(image_rights)
    return bytes((_EXTENSION, _APPLICATION, 11)) + _XMP + packet + _XMP_TRAILER if packet else b""
