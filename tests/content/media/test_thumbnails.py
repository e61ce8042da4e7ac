"""Variants of images: pixels, formats, metadata; the store with threads, processes, kills and full disks."""

from __future__ import annotations

import fcntl
import io
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, features

from feedsvc.content.images import read_header
from feedsvc.content.images.decoder_pool import DecoderProcess, ReusedDecoderError
from feedsvc.content.images.decoder_process import DecodeRequest
from feedsvc.content.media.files import MEDIA_TYPES
from feedsvc.content.media.image_facts import VariantError, can_have_variants, digest_of, facts_of
from feedsvc.content.media.image_widths import VARIANT_WIDTHS, variant_widths
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.model import MediaFile
from tests import ROOT

WriteImage = Callable[..., MediaFile]
FORMATS = {"jpg": "JPEG", "jpeg": "MPO", "png": "PNG", "gif": "GIF", "webp": "WEBP", "avif": "AVIF"}
GPS, SECRET = 0x8825, "Secret Lane"
SCRIPT = """
import os, sys
from pathlib import Path
from feedsvc.content.media.image_facts import digest_of
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.model import MediaFile
folder, location, killer = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
media = MediaFile(path="media/a.jpg", location=location, type="image/jpeg", length=1)
if killer:
    def kill(event, args):
        if event == killer and (event == "os.chmod" or ".new-" in str(args[0])):
            os.kill(os.getpid(), 9)
    sys.addaudithook(kill)
print(VariantStore(Path(folder)).get_or_make(media, digest_of(media), 640))
"""


def draw_quadrants(size: tuple[int, int] = (1200, 900), mode: str = "RGB") -> Image.Image:
    """Draw red at the upper left, green at the upper right, blue at the lower left, white at the lower right."""
    image = Image.new("RGB", size, "white")
    half = (size[0] // 2, size[1] // 2)
    for colour, corner in (("red", (0, 0)), ("lime", (half[0], 0)), ("blue", (0, half[1]))):
        image.paste(colour, (*corner, corner[0] + half[0], corner[1] + half[1]))
    return image.convert(mode)


@pytest.fixture
def write_image(tmp_path: Path) -> WriteImage:
    """Return a function that writes an image, or bytes, and returns it as a media file."""

    def write(name: str = "a.jpg", content: Image.Image | bytes | None = None, **options: Any) -> MediaFile:
        location, suffix = tmp_path / name, name.rpartition(".")[2]
        content = draw_quadrants() if content is None else content
        if isinstance(content, bytes):
            location.write_bytes(content)
        else:
            content.save(location, FORMATS[suffix], **options)
        return MediaFile(path=f"media/{name}", location=str(location), type=MEDIA_TYPES[f".{suffix}"], length=1)

    return write


@pytest.fixture
def store_folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sized"


def make_variant(store_folder: Path, media: MediaFile, width: int = 320) -> Image.Image:
    """Make a variant and return it as an image."""
    with Image.open(VariantStore(store_folder).get_or_make(media, digest_of(media), width)) as variant:
        variant.load()
        return variant


def files_in_store(store_folder: Path) -> list[str]:
    """Return the variants in the folder and all other files beside them, lock file and failures excluded."""
    names = (
        path.relative_to(store_folder).as_posix() for path in store_folder.rglob("*") if path.is_file() and path.name != ".lock"
    )
    return sorted(name for name in names if not name.startswith("failures/"))


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Return the colours of the corners, clockwise from the upper left, each channel rounded to 0, 1 or 2."""
    rgba, (width, height) = image.convert("RGBA"), image.size
    positions = ((9, 9), (width - 9, 9), (width - 9, height - 9), (9, height - 9))
    pixels = [rgba.getpixel(spot) for spot in positions]
    return [tuple(round(part / 127.5) for part in pixel) for pixel in pixels if isinstance(pixel, tuple)]


def draw_half_transparent(mode: str) -> Image.Image:
    image = draw_quadrants(mode=mode)
    image.putalpha(Image.new("L", (1200, 900), 255))
    image.paste((0,) * len(image.getbands()), (0, 0, 600, 900))
    return image


RED, GREEN, WHITE, BLUE = (2, 0, 0, 2), (0, 2, 0, 2), (2, 2, 2, 2), (0, 0, 2, 2)
WIDTHS = (320, 640, 960)  # widths of the variants of `draw_quadrants()`
QUADRANTS = [RED, GREEN, WHITE, BLUE]


@pytest.mark.parametrize(("width", "expected"), [(320, 0), (336, 0), (337, 1), (1300, 3), (1348, 4), (4000, 5)])
def test_variant_widths_are_narrower_than_the_image(width: int, expected: int) -> None:
    assert variant_widths(width, width) == VARIANT_WIDTHS[:expected]


@pytest.mark.parametrize("width", [320, 640, 960])
@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "avif"])
def test_a_variant_has_the_format_and_the_aspect_ratio_of_its_image(
    write_image: WriteImage, store_folder: Path, suffix: str, width: int
) -> None:
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    media = write_image(f"a.{suffix}", draw_quadrants((1203, 901)))
    variant = make_variant(store_folder, media, width)
    assert (variant.format, variant.width, abs(variant.height - 901 * width / 1203) <= 0.5) == (FORMATS[suffix], width, True)
    assert can_have_variants(media)
    assert corners(variant) == QUADRANTS


def test_a_variant_is_at_least_one_pixel_high(write_image: WriteImage, store_folder: Path) -> None:
    assert make_variant(store_folder, write_image("a.png", draw_quadrants((4000, 2)))).size == (320, 1)


@pytest.mark.parametrize(
    ("suffix", "mode", "expected"),
    [
        *(("jpg", "L", "L"), ("jpg", "CMYK", "RGB"), ("png", "1", "L"), ("png", "L", "L"), ("png", "P", "P"), ("gif", "L", "P")),
        *(("gif", "P", "P"), ("webp", "L", "RGB"), ("png", "I;16", "L")),
    ],
)
def test_a_variant_has_the_brightness_of_its_image_in_each_mode(
    write_image: WriteImage, store_folder: Path, suffix: str, mode: str, expected: str
) -> None:
    source = (
        draw_quadrants(mode="L").convert("I").point(lambda level: level * 257).convert(mode)
        if mode == "I;16"
        else draw_quadrants(mode=mode)
    )
    variant = make_variant(store_folder, write_image(f"a.{suffix}", source))
    if expected == "P" and suffix == "gif":
        assert variant.mode in ("P", "L")
    else:
        assert variant.mode == expected
    bright = variant.convert("L").getpixel((310, 230))
    dark = variant.convert("L").getpixel((9, 230))
    assert isinstance(bright, int)
    assert isinstance(dark, int)
    assert (bright > 250, dark < 60) == (True, True)


@pytest.mark.parametrize(
    ("suffix", "mode"), [("png", "RGB"), ("png", "L"), ("png", "P"), ("webp", "RGB"), ("gif", "RGB"), ("avif", "RGB")]
)
def test_a_variant_keeps_transparency(write_image: WriteImage, store_folder: Path, suffix: str, mode: str) -> None:
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    source = draw_half_transparent("L" if mode == "L" else "RGB")
    source = source.quantize(64, method=Image.Quantize.FASTOCTREE) if mode == "P" else source
    variant = make_variant(store_folder, write_image(f"a.{suffix}", source))
    assert [colour[3] for colour in corners(variant)] == [0, 2, 2, 0]
    assert corners(variant)[2] == WHITE


@pytest.mark.parametrize(("mode", "transparent_colour"), [("RGB", (255, 0, 0)), ("L", 76)])
def test_a_variant_keeps_a_transparent_colour(
    write_image: WriteImage, store_folder: Path, mode: str, transparent_colour: Any
) -> None:
    variant = make_variant(store_folder, write_image("a.png", draw_quadrants(mode=mode), transparency=transparent_colour))
    assert [colour[3] for colour in corners(variant)] == [0, 2, 2, 2]


def test_a_variant_keeps_a_transparent_colour_of_16_bits(write_image: WriteImage, store_folder: Path) -> None:
    image = draw_quadrants(mode="L").convert("I").point(lambda level: level * 257).convert("I;16")
    variant = make_variant(store_folder, write_image("a.png", image, transparency=76 * 257))
    assert [colour[3] for colour in corners(variant)] == [0, 2, 2, 2]


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif"])
@pytest.mark.parametrize("orientation", range(10))
def test_a_variant_is_rotated_as_the_orientation_says(
    write_image: WriteImage, store_folder: Path, suffix: str, orientation: int
) -> None:
    if suffix == "avif" and (not features.check("avif") or orientation not in range(1, 9)):
        pytest.skip("this Pillow cannot write such an AVIF")
    exif = Image.Exif()
    exif[274] = orientation
    rotated = {5: 4, 6: 4, 7: 4, 8: 4}
    media = write_image(f"a.{suffix}", draw_quadrants(), exif=exif)
    variant = make_variant(store_folder, media)
    with open(media.location, "rb") as source:
        assert read_header(source).size == ((900, 1200) if orientation in rotated else (1200, 900))
    assert variant.size == ((320, 427) if orientation in rotated else (320, 240))
    expected = {2: "GRBW", 3: "WBRG", 4: "BWGR", 5: "RBWG", 6: "BRGW", 7: "WGRB", 8: "GWBR"}.get(orientation, "RGWB")
    assert corners(variant) == [dict(zip("RGWB", QUADRANTS, strict=True))[letter] for letter in expected]


BROKEN_EXIF = [
    b"",
    b"II*\0",
    b"nonsense that is no TIFF at all",
    struct.pack("<4sI", b"II*\0", 999),
    struct.pack("<4sIH", b"II*\0", 8, 9),
    struct.pack(">4sIHHHII", b"MM\0*", 8, 1, 274, 2, 1, 6 << 16),
    struct.pack("<4sIHHHI", b"II*\0", 8, 1, 274, 3, 1),
]


@pytest.mark.parametrize("exif", BROKEN_EXIF)
def test_an_unreadable_orientation_is_ignored(write_image: WriteImage, store_folder: Path, exif: bytes) -> None:
    # With a resolution, because Pillow would otherwise read one from EXIF and warn.
    media = write_image("a.jpg", draw_quadrants(), exif=b"Exif\0\0" + exif, dpi=(72, 72))
    assert corners(make_variant(store_folder, media)) == QUADRANTS


@pytest.mark.parametrize("order", "<>")
def test_the_orientation_is_read_in_both_byte_orders(write_image: WriteImage, store_folder: Path, order: str) -> None:
    byte_order_mark = b"II*\0" if order == "<" else b"MM\0*"
    exif = struct.pack(f"{order}4sIHHHIIHHIHH", byte_order_mark, 8, 2, 256, 4, 1, 7, 274, 3, 1, 6, 0)
    assert make_variant(store_folder, write_image("a.jpg", draw_quadrants(), exif=b"Exif\0\0" + exif, dpi=(72, 72))).size == (
        320,
        427,
    )


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "avif"])
def test_a_variant_has_no_metadata(write_image: WriteImage, store_folder: Path, suffix: str) -> None:
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    exif = Image.Exif()
    exif[271] = SECRET
    exif.get_ifd(GPS)[29] = SECRET
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, Any] = {"exif": exif, "xmp": SECRET.encode(), "icc_profile": profile, "comment": SECRET, "dpi": (77, 77)}
    media = write_image(f"a.{suffix}", draw_quadrants(), **({"comment": SECRET} if suffix == "gif" else options))
    assert SECRET.encode() in Path(media.location).read_bytes()
    variant = make_variant(store_folder, media)
    assert not {"exif", "xmp", "icc_profile", "comment", "XML:com.adobe.xmp", "photoshop"} & set(variant.info)
    assert round(variant.info.get("dpi", (72, 72))[0]) == 72
    assert SECRET.encode() not in (store_folder / files_in_store(store_folder)[0]).read_bytes()


def swapped_profile() -> bytes:
    """Return a colour profile with red and green exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return bytes(profile.replace(b"rXYZ", b"?XYZ", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"?XYZ", b"gXYZ", 1))


@pytest.mark.parametrize("alpha", [False, True])
def test_the_colours_of_a_variant_are_converted_to_srgb(write_image: WriteImage, store_folder: Path, alpha: bool) -> None:
    source = draw_half_transparent("RGB") if alpha else draw_quadrants()
    variant = make_variant(store_folder, write_image("a.png", source, icc_profile=swapped_profile()))
    assert corners(variant)[1] == RED
    assert [colour[3] for colour in corners(variant)] == ([0, 2, 2, 0] if alpha else [2] * 4)


@pytest.mark.parametrize("mode", ["L", "LA", "CMYK", "RGB"])
@pytest.mark.parametrize("profile", [swapped_profile(), b"none at all"])
def test_an_unsuitable_colour_profile_is_ignored(write_image: WriteImage, store_folder: Path, mode: str, profile: bytes) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    variant = make_variant(store_folder, write_image(f"a.{suffix}", draw_quadrants(mode=mode), icc_profile=profile))
    assert variant.mode == {"CMYK": "RGB"}.get(mode, mode)
    assert corners(variant)[2] == WHITE


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "avif"])
def test_an_animation_has_no_variants(write_image: WriteImage, store_folder: Path, suffix: str) -> None:
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    media = write_image(f"a.{suffix}", draw_quadrants(), save_all=True, append_images=[draw_quadrants().rotate(90)])
    assert not can_have_variants(media)
    with pytest.raises(VariantError, match="has no copy 320 pixels wide"):
        make_variant(store_folder, media)


def test_a_jpeg_with_previews_has_variants(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image("a.jpeg", draw_quadrants(), save_all=True, append_images=[draw_quadrants().rotate(90)])
    assert can_have_variants(media)
    assert (make_variant(store_folder, media).format, corners(make_variant(store_folder, media))) == ("JPEG", QUADRANTS)


@pytest.mark.parametrize("width", [0, 7, 641, 1280, 1920])
def test_other_and_larger_widths_are_rejected(write_image: WriteImage, store_folder: Path, width: int) -> None:
    with pytest.raises(VariantError, match=f"'media/a.jpg' has no copy {width} pixels wide"):
        make_variant(store_folder, write_image(), width)
    assert files_in_store(store_folder) == []


def test_a_file_that_is_no_raster_image_has_no_variants(write_image: WriteImage) -> None:
    assert not can_have_variants(write_image("a.svg", b"<svg/>"))
    assert not can_have_variants(write_image("a.mp3", b"ID3"))
    assert not can_have_variants(write_image("a.jpg", b"not a picture"))
    assert not can_have_variants(write_image("a.png", draw_quadrants().tobytes()))


def test_a_too_large_file_has_no_variants(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    os.truncate(media.location, 64 * 1024 * 1024 + 1)
    assert not can_have_variants(media)
    with pytest.raises(VariantError, match=r"'media/a.jpg' has no copy 320 pixels wide"):
        make_variant(store_folder, media)


def test_an_image_with_too_many_pixels_has_no_variants(write_image: WriteImage, store_folder: Path) -> None:
    still = io.BytesIO()
    Image.new("P", (1, 1)).save(still, "GIF")
    for side in (b"\x00\x28", b"\xff\xff"):  # for 10,240 squared Pillow only warns
        media = write_image("a.gif", still.getvalue()[:6] + side + side + still.getvalue()[10:])
        assert not can_have_variants(media)
        with pytest.raises(VariantError, match=r"'media/a.gif' has no copy 320 pixels wide"):
            make_variant(store_folder, media)


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp"])
def test_a_truncated_image_has_no_variants(write_image: WriteImage, store_folder: Path, suffix: str) -> None:
    media = write_image(f"a.{suffix}", Image.effect_noise((1200, 900), 90).convert("RGB"))
    os.truncate(media.location, os.stat(media.location).st_size // 2)
    with pytest.raises(VariantError, match=f"'media/a.{suffix}' cannot be made narrower"):
        make_variant(store_folder, media)
    assert files_in_store(store_folder) == []


def test_a_deleted_image_has_no_variants(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    digest = digest_of(media)
    assert VariantStore(store_folder).get_or_make(media, digest, 320).exists()
    os.unlink(media.location)
    assert not can_have_variants(media)
    with pytest.raises(OSError, match="No such file"):
        digest_of(media)
    with pytest.raises(VariantError, match=r"'media/a.jpg' cannot be read \(No such file or directory\)"):
        VariantStore(store_folder).get_or_make(media, digest, 320)


def test_a_symbolic_link_has_no_variants(write_image: WriteImage, tmp_path: Path) -> None:
    media = write_image()
    os.replace(media.location, tmp_path / "b.jpg")
    os.symlink("b.jpg", media.location)
    assert not can_have_variants(media)


def test_a_variant_is_not_made_of_an_image_that_changed_since_its_digest(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    digest = digest_of(media)
    assert (len(digest), digest_of(media), can_have_variants(media)) == (16, digest, True)
    write_image("a.jpg", draw_quadrants((640, 480)))
    assert digest_of(media) != digest
    with pytest.raises(VariantError, match=r"'media/a.jpg' has other bytes by now"):
        VariantStore(store_folder).get_or_make(media, digest, 320)


def test_a_variant_is_made_once(write_image: WriteImage, store_folder: Path) -> None:
    media, store = write_image(), VariantStore(store_folder)
    path = store.get_or_make(media, digest_of(media), 640)
    status = path.stat()
    digest = path.parent.name
    assert store.get_or_make(media, digest, 640) == VariantStore(store_folder).get_or_make(media, digest, 640) == path
    assert (path.stat(), status.st_mode & 0o777) == (status, 0o644)


def test_a_variant_is_not_returned_for_another_image(write_image: WriteImage, store_folder: Path) -> None:
    withdrawn, visible = write_image("a.jpg"), write_image("b.jpg", draw_quadrants((640, 480)))
    digest = digest_of(withdrawn)
    assert VariantStore(store_folder).get_or_make(withdrawn, digest, 320).exists()
    with pytest.raises(VariantError, match=r"'media/b.jpg' has other bytes by now"):
        VariantStore(store_folder).get_or_make(visible, digest, 320)


def test_a_variant_has_the_same_bytes_in_two_stores(write_image: WriteImage, store_folder: Path, tmp_path: Path) -> None:
    for suffix in ("jpg", "png", "gif", "webp", *(["avif"] if features.check("avif") else [])):
        media = write_image(f"a.{suffix}", draw_quadrants())
        first, second = (
            VariantStore(folder).get_or_make(media, digest_of(media), 640) for folder in (store_folder, tmp_path / "other")
        )
        assert (first.name, first.read_bytes()) == (second.name, second.read_bytes())


@pytest.mark.parametrize("damage", [b"", b"half", None])
def test_a_damaged_variant_is_made_again(write_image: WriteImage, store_folder: Path, damage: bytes | None) -> None:
    media, store = write_image(), VariantStore(store_folder)
    path = store.get_or_make(media, digest_of(media), 320)
    original = path.read_bytes()
    for current_store in (store, VariantStore(store_folder)):
        path.unlink() if damage is None else path.write_bytes(damage)
        assert current_store.get_or_make(media, digest_of(media), 320) == path
        assert path.read_bytes() == original


def test_an_image_that_fails_in_a_reused_decoder_process_is_not_marked_as_broken(
    write_image: WriteImage, store_folder: Path
) -> None:
    """Memory used by a large image made the next one fail permanently."""
    broken = write_image("b.png", Image.effect_noise((1200, 900), 90).convert("RGB"))
    os.truncate(broken.location, os.stat(broken.location).st_size // 2)
    small, large = write_image("a.jpg"), write_image("c.avif", draw_quadrants((4900, 4900)), speed=10)
    images = [large, small, broken, small, large]
    with DecoderProcess(str(store_folder / "locks")) as child:
        results = []
        for media in images:
            with open(media.location, "rb") as file:
                request = DecodeRequest(digest_of(media), facts_of(media).sizes)
                try:
                    results.append(len([*child.make_variants(file, request, lambda: True)]))
                except ReusedDecoderError:
                    results.append("reused")
                    assert child.pid is None
        assert results == [5, 3, "reused", 3, 5]


def test_twenty_threads_make_a_variant_once(write_image: WriteImage, store_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media, store, start = write_image(), VariantStore(store_folder), threading.Barrier(20)
    replace_calls, replace = [], os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (replace_calls.append(paths), replace(*paths)))

    def ask(_: int) -> bytes:
        start.wait()
        return store.get_or_make(media, digest_of(media), 640).read_bytes()

    with ThreadPoolExecutor(20) as threads:
        assert len(set(threads.map(ask, range(20)))) == 1
    assert len(replace_calls) == len(files_in_store(store_folder)) == len(WIDTHS)


def start_process(store_folder: Path, media: MediaFile, killer: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(store_folder), media.location, killer]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    return child


def test_two_processes_make_the_same_variant(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    processes = [start_process(store_folder, media) for _ in range(2)]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    assert len({process.communicate(timeout=60)[0] for process in processes}) == 1
    assert len(files_in_store(store_folder)) == len(WIDTHS)
    assert [process.returncode for process in processes] == [0, 0]
    assert make_variant(store_folder, media, 640).size == (640, 480)


@pytest.mark.parametrize("event", ["os.chmod", "os.rename"])
def test_a_process_killed_while_it_writes_leaves_a_temporary_file_that_is_swept(
    write_image: WriteImage, store_folder: Path, event: str
) -> None:
    media = write_image()
    child = start_process(store_folder, media, event)
    child.communicate("\n", timeout=60)
    assert child.returncode == -signal.SIGKILL
    [temporary_file] = files_in_store(store_folder)
    assert ".new-" in temporary_file
    assert make_variant(store_folder, media, 640).size == (640, 480)
    assert VariantStore(store_folder).sweep([digest_of(media)]) == 1
    assert temporary_file not in files_in_store(store_folder)
    assert len(files_in_store(store_folder)) == len(WIDTHS)


def test_sweeping_deletes_variants_of_other_images_and_former_versions(write_image: WriteImage, store_folder: Path) -> None:
    store = VariantStore(store_folder)
    assert store.sweep([]) == 0
    kept_image, deleted_image = write_image("a.jpg"), write_image("b.png")
    for media in (kept_image, deleted_image):
        store.get_or_make(media, digest_of(media), 320)
        store.get_or_make(media, digest_of(media), 640)
    former_variant, foreign_file = store_folder / digest_of(kept_image) / f"320-0-{'0' * 16}", store_folder / "notes" / "mine.txt"
    foreign_file.parent.mkdir()
    for file in (former_variant, foreign_file):
        file.write_bytes(b"x")
    assert store.sweep([digest_of(kept_image)]) == 1 + len(WIDTHS)
    assert (former_variant.exists(), foreign_file.exists(), (store_folder / digest_of(deleted_image)).exists()) == (
        False,
        True,
        False,
    )
    assert len(files_in_store(store_folder)) == 1 + len(WIDTHS)
    assert store.get_or_make(deleted_image, digest_of(deleted_image), 320).exists()


def test_nothing_is_swept_while_another_process_writes(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    make_variant(store_folder, media)
    with open(store_folder / ".lock", "rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_SH)
        assert VariantStore(store_folder).sweep([]) == 0
        assert make_variant(store_folder, media, 640)
    assert VariantStore(store_folder).sweep([]) == len(WIDTHS)


def test_a_full_disk_is_an_error_and_leaves_no_file(write_image: WriteImage, store_folder: Path) -> None:
    media, limits = write_image(), resource.getrlimit(resource.RLIMIT_FSIZE)
    digest = digest_of(media)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(VariantError, match=r"cannot be changed \(File too large\)"):
            VariantStore(store_folder).get_or_make(media, digest, 640)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files_in_store(store_folder) == []


def test_a_store_that_cannot_be_a_folder_is_an_error(write_image: WriteImage, store_folder: Path) -> None:
    store_folder.parent.write_bytes(b"a file")
    for attempt in (lambda: make_variant(store_folder, write_image()), lambda: VariantStore(store_folder).sweep([])):
        with pytest.raises(VariantError, match=r"sized cannot be changed \(Not a directory\)"):
            attempt()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to every folder; run the tests as another user")
def test_a_read_only_store_returns_existing_variants_and_makes_none(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    path = VariantStore(store_folder).get_or_make(media, digest_of(media), 320)
    for folder in (path.parent, store_folder):
        folder.chmod(0o500)
    try:
        assert VariantStore(store_folder).get_or_make(media, digest_of(media), 320) == path
        with pytest.raises(VariantError, match=r"cannot be changed \(Permission denied\)"):
            make_variant(store_folder, media, 640)
        with pytest.raises(VariantError, match=r"cannot be changed \(Permission denied\)"):
            VariantStore(store_folder).sweep([])
    finally:
        for folder in (store_folder, path.parent):
            folder.chmod(0o700)
