"""Program of the child process that decodes images: makes variants (narrower copies) with libvips and writes them to files.

    python -I -S -c "…main()"

Standard input has one request (`DecodeRequest`) a line; after each image, a result (`DecodeResult`) is printed. The process has
limits of memory, processor time and open files, and ends when its standard input ends. Only this module imports pyvips.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import pyvips

from feedsvc.content.images import MAX_DECODER_MEMORY, ImageHeader, Rights, read_header, rights_of, to_xmp
from feedsvc.content.media.decoder_process import CHANGED, DONE, UNDECODABLE, UNWRITABLE, DecodeRequest, DecodeResult
from feedsvc.content.media.image_facts import MAX_SOURCE_SIZE, Size, short_digest
from feedsvc.content.media.variant_files import write_variant
from feedsvc.content.safe_open import open_file
from feedsvc.support.posix import resource

CPU_SECONDS: Final = 60  # of processor time for one image; SIGPROF ends the process then
DECODE_TIMEOUT: Final = 900  # seconds for one image; SIGALRM ends the process then
_LIMITS: Final = {  # the address space is larger than the data, because libvips reserves more than it uses
    "RLIMIT_CORE": 0,
    "RLIMIT_NOFILE": 16,
    "RLIMIT_DATA": MAX_DECODER_MEMORY + 100_000_000,
    "RLIMIT_AS": 1536 * 1024 * 1024,
}
_NICE: Final = 5
# libvips has about 40 loaders; these five read the formats listed in SECURITY.md.
_LOADER_NAMES: Final = ("Jpeg", "Png", "Webp", "Nsgif", "Heif")
_JPEG_SHRINK_FACTORS: Final = (8, 4, 2)  # libjpeg's inverse DCT decodes to these fractions at less cost
_JPEG_MIN_RATIO: Final = 2  # minimum of decoded width / width of the widest variant
_WEBP_MIN_RATIO: Final = 1.4  # the same for libwebp, which averages while decoding
_GREY: Final = ("b-w", "grey16")
_SAVERS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "image/avif": ("heifsave_buffer", {"Q": 65, "compression": "av1", "effort": 3, "bitdepth": 8}),
    "image/gif": ("gifsave_buffer", {"effort": 3}),
    "image/jpeg": ("jpegsave_buffer", {"Q": 80, "interlace": True, "optimize_coding": True}),
    "image/png": ("pngsave_buffer", {"compression": 6, "filter": "all"}),
    "image/webp": ("webpsave_buffer", {"Q": 80}),
}
_METADATA_FIELDS: Final = ("exif-data", "iptc-data", "photoshop-data", "icc-profile-data")
_RESOLUTION: Final = 72 / 25.4  # pixels per millimetre (72 dpi), not taken from the source
_PALETTE_OPTIONS: Final = {"palette": True, "compression": 9, "filter": "none"}


def main() -> None:
    """Set the limits, then answer requests until standard input ends."""
    _limit_resources()
    pyvips.operation_block_set("VipsForeignLoad", True)  # noqa: FBT003 - the library's own signature
    for name in _LOADER_NAMES:
        pyvips.operation_block_set(f"VipsForeignLoad{name}", False)  # noqa: FBT003
    pyvips.cache_set_max(0)
    requests: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests,), name="feedsvc-requests", daemon=True).start()
    while True:
        request = DecodeRequest(*json.loads(requests.get()))
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        signal.alarm(DECODE_TIMEOUT)
        sys.stdout.write(f"{json.dumps(_result_of(request))}\n")
        sys.stdout.flush()
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)


def _limit_resources() -> None:
    """Set the limits of this process, lower its priority, and ignore SIGINT. What the platform does not support is skipped."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(_NICE)
    for name, limit in _LIMITS.items():
        with suppress(OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (limit, limit))


def _read_requests(requests: SimpleQueue[str]) -> None:
    """Queue the lines of standard input. At its end, exit the process at once, because the parent has ended."""
    for line in sys.stdin:
        requests.put(line)
    os._exit(1)


def _result_of(request: DecodeRequest) -> DecodeResult:
    """Make and write the variants of an image."""
    try:
        with open_file(request.location) as file:
            data = file.read(MAX_SOURCE_SIZE)  # at once, because the file may change during decoding
        header = read_header(io.BytesIO(data))
    except (OSError, ValueError, OverflowError):
        return DecodeResult(CHANGED)  # the parent could read the header
    if short_digest(data) != request.digest:
        return DecodeResult(CHANGED)
    try:
        for width, variant in _make_variants(data, header, [(width, height) for width, height in request.sizes]):
            write_variant(Path(request.folder), request.digest, width, variant)
    except OSError as error:
        return DecodeResult(UNWRITABLE, f"{error.filename or request.folder} cannot be changed ({error.strerror})")
    except (pyvips.Error, MemoryError) as error:
        return DecodeResult(UNDECODABLE, f"cannot be made narrower ({_reason(error)})")
    return DecodeResult(DONE)


def _make_variants(data: bytes, header: ImageHeader, sizes: Sequence[Size]) -> Iterator[tuple[int, bytes]]:
    """Yield width and encoded bytes of each variant, in the image's format. `sizes` are those of the variants, narrowest first.

    They are upright, in sRGB or grey, with the alpha channel, if any. Of the metadata, only the rights stay, as XMP. The image is
    decoded once: the widest variant is made from the decoded rows, the others from the widest.
    """
    packet = to_xmp(_rights(data))
    widest = _widest_variant(data, header, sizes[-1])
    for width, height in sizes:
        copy = widest if (width, height) == sizes[-1] else widest.thumbnail_image(width, height=height, size="force")
        yield width, _encode_variant(copy, header.media_type, packet)


def _widest_variant(data: bytes, header: ImageHeader, size: Size) -> Any:
    """Return the widest variant as pyvips image in memory. Like browsers, ignore a profile for another colour model."""
    # thumbnail_buffer accepts a truncated image, and would use the thumbnail in an AVIF, which may show another picture.
    options = {"access": "sequential", "fail_on": "truncated", **_shrink_options(header, size[0])}
    source = pyvips.Image.new_from_buffer(data, "", **options)
    is_grey, profile = source.interpretation in _GREY, _profile(source)
    if source.interpretation == "cmyk" and profile[16:20] != b"CMYK":  # ICC.1:2022 section 7.2.6
        source = _cmyk_to_srgb(source)
    target = {"export_profile": "srgb"} if profile else {}  # without a profile, it would take five times the time
    image = source.thumbnail_image(size[0], height=size[1], size="force", **target)
    return (image.colourspace("b-w") if is_grey else image).copy_memory()


def _profile(image: Any) -> bytes:
    return bytes(image.get("icc-profile-data")) if image.get_typeof("icc-profile-data") else b""


def _cmyk_to_srgb(image: Any) -> Any:
    """Convert CMYK without a usable profile to sRGB as browsers do: each channel is (1 - its ink) times (1 - black)."""
    light = image.linear(-1, 255)
    channels = [(light[ink] * light[3] / 255).rint().cast("uchar") for ink in range(3)]
    return channels[0].bandjoin(channels[1:]).copy(interpretation="srgb")


def _shrink_options(header: ImageHeader, width: int) -> Mapping[str, float]:
    """Return options of the loader to decode an image smaller, which takes less time and memory; `width` is to be made of it."""
    ratio = header.size[0] / width
    if header.media_type == "image/jpeg":
        return {"shrink": next((factor for factor in _JPEG_SHRINK_FACTORS if ratio >= factor * _JPEG_MIN_RATIO), 1)}
    if header.media_type == "image/webp":
        return {"scale": min(1.0, _WEBP_MIN_RATIO / ratio)}
    return {}


def _rights(data: bytes) -> Rights:
    try:
        return rights_of(io.BytesIO(data))
    except (ValueError, OverflowError, IndexError):
        return Rights()


def _encode_variant(image: Any, media_type: str, packet: bytes) -> bytes:
    """Encode a variant, with `packet` as its only metadata: an XMP packet, b"" for none, ignored if the format has no XMP."""
    name, options = _SAVERS[media_type]
    if media_type == "image/png" and image.get_typeof("palette"):
        options = _PALETTE_OPTIONS
    output = image.copy(xres=_RESOLUTION, yres=_RESOLUTION)
    if packet:
        for field_name in output.get_fields():
            if field_name in _METADATA_FIELDS:
                output.remove(field_name)
        output.set_type(pyvips.GValue.blob_type, "xmp-data", packet)
    data: bytes = getattr(output, name)(keep="xmp" if packet else "none", **options)
    return data


def _reason(error: Exception) -> str:
    """Return the last line of libvips' message; a substitute if there is none."""
    text = str(getattr(error, "detail", "") or error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it takes too much memory"
