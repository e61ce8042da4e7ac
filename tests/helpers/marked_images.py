"""Images with a marker in every place for private metadata, and with the names of rights holders."""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from PIL import Image, ImageCms, PngImagePlugin

MARKER: Final = b"Kx7SecretPlaceQz"
OWNER, AUTHOR, AGENCY = "© 2026 Günther & Co", "Ana Löwe", "Agency <Credit>"
_TEXT: Final = MARKER.decode()
_XMP: Final = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="{_TEXT}"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="{_TEXT}" photoshop:Credit="Agency &lt;Credit>">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{_TEXT}</rdf:li></rdf:Alt></dc:description>
<dc:creator><rdf:Seq><rdf:li>{AUTHOR}</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© 2026 Günther &amp; Co</rdf:li></rdf:Alt></dc:rights>
</rdf:Description></rdf:RDF></x:xmpmeta>{" " * 400}<?xpacket end="w"?>""".encode()


def draw_gradient(size: tuple[int, int] = (64, 40), mode: str = "RGB") -> Image.Image:
    """Return a grey gradient."""
    return Image.linear_gradient("L").resize(size).convert(mode)


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation: int = 6) -> bytes:
    data = Image.Exif()
    data[0x0112], data[0x010E], data[0x010F] = orientation, _TEXT, _TEXT
    data[0x013B], data[0x8298] = AUTHOR, OWNER
    data.get_ifd(0x8769)[0x927C] = MARKER * 3  # MakerNote, which often contains thumbnails
    data.get_ifd(0x8825)[1], data.get_ifd(0x8825)[29] = "N", _TEXT
    return data.tobytes()


def encode(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2) + data


def iptc() -> bytes:
    values = {120: _TEXT, 80: AUTHOR, 110: AGENCY, 116: OWNER}
    record = b"".join(bytes((0x1C, 2, name)) + len(value.encode()).to_bytes(2) + value.encode() for name, value in values.items())
    resource = b"8BIM\x04\x04\0\0" + len(record).to_bytes(4) + record + b"\0" * (len(record) % 2)
    return b"Photoshop 3.0\0" + resource + b"8BIM\x04\x0c\0\0" + len(MARKER).to_bytes(4) + MARKER


def draw_noise(size: tuple[int, int]) -> Image.Image:
    """Return an image of random pixels, which compresses badly."""
    return Image.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3))


def jpeg(
    size: tuple[int, int] = (64, 40), *, progressive: bool = False, draw: Callable[..., Image.Image] = draw_gradient
) -> bytes:
    data = encode(
        draw(size), "JPEG", exif=exif(), comment=MARKER, icc_profile=profile(), progressive=progressive, xmp=_XMP, quality=90
    )
    segments = (
        segment(0xED, iptc()) + segment(0xE2, b"MPF\0" + MARKER) + segment(0xEB, MARKER) + segment(0xE0, b"JFXX\0" + MARKER)
    )
    position = data.index(b"\xff\xdb")
    data = data[:position] + segments + data[position:-2]
    if progressive:  # between the first and the second scan
        position = data.index(b"\xff\xc4", data.index(b"\xff\xda"))
        data = data[:position] + segment(0xFE, MARKER) + data[position:]
    return data + b"\xff\xd9" + MARKER + encode(draw_gradient(), "JPEG", exif=exif())


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def png(size: tuple[int, int] = (64, 40)) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", _TEXT)
    texts.add_text("Description", _TEXT, zip=False)
    texts.add_itxt("Location", _TEXT)
    texts.add_itxt("XML:com.adobe.xmp", _XMP.decode(), zip=True)
    data = encode(draw_gradient(size), "PNG", pnginfo=texts, exif=exif(), icc_profile=profile())
    position = data.index(b"IDAT") - 4
    return (
        data[:position] + chunk(b"prVt", MARKER) + data[position:-12] + chunk(b"tEXt", b"Late\0" + MARKER) + data[-12:] + MARKER
    )


def gif(size: tuple[int, int] = (64, 40)) -> bytes:
    frames = [draw_gradient(size, "P"), draw_gradient(size).rotate(180).convert("P")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0, comment=MARKER)
    blocks = b"\x21\xff\x0bPRIVATE 1.0" + bytes((len(MARKER),)) + MARKER + b"\0"
    blocks += b"\x21\xff\x0bXMP DataXMP" + _XMP + b"\1" + bytes(range(255, -1, -1)) + b"\0"
    return data[:-1] + blocks + b"\x3b" + MARKER


def webp(size: tuple[int, int] = (64, 40), **options: Any) -> bytes:
    data = encode(draw_gradient(size), "WEBP", exif=exif(), xmp=_XMP, icc_profile=profile(), **options)
    private_chunk = b"PRIV" + len(MARKER).to_bytes(4, "little") + MARKER
    return b"RIFF" + (len(data) + len(private_chunk) - 8).to_bytes(4, "little") + data[8:] + private_chunk + MARKER


def animated_webp(size: tuple[int, int] = (64, 40)) -> bytes:
    return webp(size, save_all=True, append_images=[draw_gradient(size).rotate(180)], duration=100, lossless=True)


def avif(size: tuple[int, int] = (64, 40), **options: Any) -> bytes:
    """Return an AVIF without metadata, unless `options` of Pillow add some."""
    return encode(draw_gradient(size), "AVIF", icc_profile=profile(), **options)


def avif_with_metadata(size: tuple[int, int] = (64, 40)) -> bytes:
    return avif(size, exif=exif(), xmp=_XMP)


# File name -> function that returns the bytes of the file.
ENCODERS: Final[Mapping[str, Callable[..., bytes]]] = {
    "photo.jpg": jpeg,
    "progressive.jpg": lambda *size: jpeg(*size, progressive=True),
    "inks.jpg": lambda size=(64, 40): jpeg(size, draw=partial(draw_gradient, mode="CMYK")),
    "photo.png": png,
    "moving.gif": gif,
    "photo.webp": webp,
    "lossless.webp": lambda *size: webp(*size, lossless=True),
    "moving.webp": animated_webp,
}
