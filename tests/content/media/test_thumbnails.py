"""Narrower copies: what they look like, and that a folder of them survives threads, processes, kills and full disks."""

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

Picture = Callable[..., MediaFile]
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


def drawn(size: tuple[int, int] = (1200, 900), mode: str = "RGB") -> Image.Image:
    """Red above left, green above right, blue below left, white below right."""
    picture = Image.new("RGB", size, "white")
    half = (size[0] // 2, size[1] // 2)
    for colour, corner in (("red", (0, 0)), ("lime", (half[0], 0)), ("blue", (0, half[1]))):
        picture.paste(colour, (*corner, corner[0] + half[0], corner[1] + half[1]))
    return picture.convert(mode)


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """Writes a picture, or bytes, to be a media file."""

    def write(name: str = "a.jpg", content: Image.Image | bytes | None = None, **options: Any) -> MediaFile:
        location, ending = tmp_path / name, name.rpartition(".")[2]
        content = drawn() if content is None else content
        if isinstance(content, bytes):
            location.write_bytes(content)
        else:
            content.save(location, FORMATS[ending], **options)
        return MediaFile(path=f"media/{name}", location=str(location), type=MEDIA_TYPES[f".{ending}"], length=1)

    return write


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sized"


def made(kept: Path, media: MediaFile, width: int = 320) -> Image.Image:
    with Image.open(VariantStore(kept).get_or_make(media, digest_of(media), width)) as copy:
        copy.load()
        return copy


def files(kept: Path) -> list[str]:
    """The copies, and whatever else lies where copies do."""
    found = (path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file() and path.name != ".lock")
    return sorted(name for name in found if not name.startswith("failures/"))


def corners(copy: Image.Image) -> list[tuple[int, ...]]:
    """Clockwise from above left, each part of a colour rounded to none, half or full."""
    rgba, (width, height) = copy.convert("RGBA"), copy.size
    spots = ((9, 9), (width - 9, 9), (width - 9, height - 9), (9, height - 9))
    pixels = [rgba.getpixel(spot) for spot in spots]
    return [tuple(round(part / 127.5) for part in pixel) for pixel in pixels if isinstance(pixel, tuple)]


def half_clear(mode: str) -> Image.Image:
    picture = drawn(mode=mode)
    picture.putalpha(Image.new("L", (1200, 900), 255))
    picture.paste((0,) * len(picture.getbands()), (0, 0, 600, 900))
    return picture


RED, GREEN, WHITE, BLUE = (2, 0, 0, 2), (0, 2, 0, 2), (2, 2, 2, 2), (0, 0, 2, 2)
COPIES = (320, 640, 960)  # of a picture that is drawn
FOUR = [RED, GREEN, WHITE, BLUE]


@pytest.mark.parametrize(("width", "expected"), [(320, 0), (336, 0), (337, 1), (1300, 3), (1348, 4), (4000, 5)])
def test_only_widths_that_save_something(width: int, expected: int) -> None:
    assert variant_widths(width, width) == VARIANT_WIDTHS[:expected]


@pytest.mark.parametrize("width", [320, 640, 960])
@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "webp", "avif"])
def test_each_format_stays_what_it_is(picture: Picture, kept: Path, ending: str, width: int) -> None:
    if ending == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    media = picture(f"a.{ending}", drawn((1203, 901)))
    copy = made(kept, media, width)
    assert (copy.format, copy.width, abs(copy.height - 901 * width / 1203) <= 0.5) == (FORMATS[ending], width, True)
    assert can_have_variants(media)
    assert corners(copy) == FOUR


def test_a_flat_strip_keeps_a_line(picture: Picture, kept: Path) -> None:
    assert made(kept, picture("a.png", drawn((4000, 2)))).size == (320, 1)


@pytest.mark.parametrize(
    ("ending", "mode", "expected"),
    [
        *(("jpg", "L", "L"), ("jpg", "CMYK", "RGB"), ("png", "1", "L"), ("png", "L", "L"), ("png", "P", "P"), ("gif", "L", "P")),
        *(("gif", "P", "P"), ("webp", "L", "RGB"), ("png", "I;16", "L")),
    ],
)
def test_each_mode_keeps_its_light(picture: Picture, kept: Path, ending: str, mode: str, expected: str) -> None:
    source = drawn(mode="L").convert("I").point(lambda level: level * 257).convert(mode) if mode == "I;16" else drawn(mode=mode)
    copy = made(kept, picture(f"a.{ending}", source))
    if expected == "P" and ending == "gif":
        assert copy.mode in ("P", "L")
    else:
        assert copy.mode == expected
    bright = copy.convert("L").getpixel((310, 230))
    dark = copy.convert("L").getpixel((9, 230))
    assert isinstance(bright, int)
    assert isinstance(dark, int)
    assert (bright > 250, dark < 60) == (True, True)


@pytest.mark.parametrize(
    ("ending", "mode"), [("png", "RGB"), ("png", "L"), ("png", "P"), ("webp", "RGB"), ("gif", "RGB"), ("avif", "RGB")]
)
def test_alpha_is_kept(picture: Picture, kept: Path, ending: str, mode: str) -> None:
    if ending == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    source = half_clear("L" if mode == "L" else "RGB")
    source = source.quantize(64, method=Image.Quantize.FASTOCTREE) if mode == "P" else source
    copy = made(kept, picture(f"a.{ending}", source))
    assert [colour[3] for colour in corners(copy)] == [0, 2, 2, 0]
    assert corners(copy)[2] == WHITE


@pytest.mark.parametrize(("mode", "key"), [("RGB", (255, 0, 0)), ("L", 76)])
def test_a_transparent_colour_is_kept(picture: Picture, kept: Path, mode: str, key: Any) -> None:
    copy = made(kept, picture("a.png", drawn(mode=mode), transparency=key))
    assert [colour[3] for colour in corners(copy)] == [0, 2, 2, 2]


def test_a_transparent_colour_of_16_bits_is_kept(picture: Picture, kept: Path) -> None:
    deep = drawn(mode="L").convert("I").point(lambda level: level * 257).convert("I;16")
    copy = made(kept, picture("a.png", deep, transparency=76 * 257))
    assert [colour[3] for colour in corners(copy)] == [0, 2, 2, 2]


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif"])
@pytest.mark.parametrize("orientation", range(10))
def test_pictures_stand_upright(picture: Picture, kept: Path, ending: str, orientation: int) -> None:
    if ending == "avif" and (not features.check("avif") or orientation not in range(1, 9)):
        pytest.skip("this Pillow cannot write such an AVIF")
    exif = Image.Exif()
    exif[274] = orientation
    lying = {5: 4, 6: 4, 7: 4, 8: 4}
    media = picture(f"a.{ending}", drawn(), exif=exif)
    copy = made(kept, media)
    with open(media.location, "rb") as source:
        assert read_header(source).size == ((900, 1200) if orientation in lying else (1200, 900))
    assert copy.size == ((320, 427) if orientation in lying else (320, 240))
    turned = {2: "GRBW", 3: "WBRG", 4: "BWGR", 5: "RBWG", 6: "BRGW", 7: "WGRB", 8: "GWBR"}.get(orientation, "RGWB")
    assert corners(copy) == [dict(zip("RGWB", FOUR, strict=True))[letter] for letter in turned]


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
def test_an_orientation_that_cannot_be_read_is_none(picture: Picture, kept: Path, exif: bytes) -> None:
    # With a resolution of its own, since Pillow would look for one in EXIF and warn.
    media = picture("a.jpg", drawn(), exif=b"Exif\0\0" + exif, dpi=(72, 72))
    assert corners(made(kept, media)) == FOUR


@pytest.mark.parametrize("order", "<>")
def test_exif_of_both_byte_orders(picture: Picture, kept: Path, order: str) -> None:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    exif = struct.pack(f"{order}4sIHHHIIHHIHH", mark, 8, 2, 256, 4, 1, 7, 274, 3, 1, 6, 0)
    assert made(kept, picture("a.jpg", drawn(), exif=b"Exif\0\0" + exif, dpi=(72, 72))).size == (320, 427)


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "webp", "avif"])
def test_no_metadata_is_left(picture: Picture, kept: Path, ending: str) -> None:
    if ending == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    exif = Image.Exif()
    exif[271] = SECRET
    exif.get_ifd(GPS)[29] = SECRET
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, Any] = {"exif": exif, "xmp": SECRET.encode(), "icc_profile": profile, "comment": SECRET, "dpi": (77, 77)}
    media = picture(f"a.{ending}", drawn(), **({"comment": SECRET} if ending == "gif" else options))
    assert SECRET.encode() in Path(media.location).read_bytes()
    copy = made(kept, media)
    assert not {"exif", "xmp", "icc_profile", "comment", "XML:com.adobe.xmp", "photoshop"} & set(copy.info)
    assert round(copy.info.get("dpi", (72, 72))[0]) == 72
    assert SECRET.encode() not in (kept / files(kept)[0]).read_bytes()


def swapped() -> bytes:
    """A profile that means green where its picture says red."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return bytes(profile.replace(b"rXYZ", b"?XYZ", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"?XYZ", b"gXYZ", 1))


@pytest.mark.parametrize("alpha", [False, True])
def test_colours_become_srgb(picture: Picture, kept: Path, alpha: bool) -> None:
    source = half_clear("RGB") if alpha else drawn()
    copy = made(kept, picture("a.png", source, icc_profile=swapped()))
    assert corners(copy)[1] == RED
    assert [colour[3] for colour in corners(copy)] == ([0, 2, 2, 0] if alpha else [2] * 4)


@pytest.mark.parametrize("mode", ["L", "LA", "CMYK", "RGB"])
@pytest.mark.parametrize("profile", [swapped(), b"none at all"])
def test_a_profile_that_does_not_fit_is_ignored(picture: Picture, kept: Path, mode: str, profile: bytes) -> None:
    ending = "jpg" if mode == "CMYK" else "png"
    copy = made(kept, picture(f"a.{ending}", drawn(mode=mode), icc_profile=profile))
    assert copy.mode == {"CMYK": "RGB"}.get(mode, mode)
    assert corners(copy)[2] == WHITE


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "avif"])
def test_what_moves_has_no_copies(picture: Picture, kept: Path, ending: str) -> None:
    if ending == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    media = picture(f"a.{ending}", drawn(), save_all=True, append_images=[drawn().rotate(90)])
    assert not can_have_variants(media)
    with pytest.raises(VariantError, match="has no copy 320 pixels wide"):
        made(kept, media)


def test_a_jpeg_with_previews_is_a_still(picture: Picture, kept: Path) -> None:
    media = picture("a.jpeg", drawn(), save_all=True, append_images=[drawn().rotate(90)])
    assert can_have_variants(media)
    assert (made(kept, media).format, corners(made(kept, media))) == ("JPEG", FOUR)


@pytest.mark.parametrize("width", [0, 7, 641, 1280, 1920])
def test_no_other_width_and_none_wider(picture: Picture, kept: Path, width: int) -> None:
    with pytest.raises(VariantError, match=f"'media/a.jpg' has no copy {width} pixels wide"):
        made(kept, picture(), width)
    assert files(kept) == []


def test_what_is_no_picture(picture: Picture) -> None:
    assert not can_have_variants(picture("a.svg", b"<svg/>"))
    assert not can_have_variants(picture("a.mp3", b"ID3"))
    assert not can_have_variants(picture("a.jpg", b"not a picture"))
    assert not can_have_variants(picture("a.png", drawn().tobytes()))


def test_too_large_a_file(picture: Picture, kept: Path) -> None:
    media = picture()
    os.truncate(media.location, 64 * 1024 * 1024 + 1)
    assert not can_have_variants(media)
    with pytest.raises(VariantError, match=r"'media/a.jpg' has no copy 320 pixels wide"):
        made(kept, media)


def test_a_picture_of_too_many_pixels(picture: Picture, kept: Path) -> None:
    still = io.BytesIO()
    Image.new("P", (1, 1)).save(still, "GIF")
    for side in (b"\x00\x28", b"\xff\xff"):  # 10,240 squared only warns
        media = picture("a.gif", still.getvalue()[:6] + side + side + still.getvalue()[10:])
        assert not can_have_variants(media)
        with pytest.raises(VariantError, match=r"'media/a.gif' has no copy 320 pixels wide"):
            made(kept, media)


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "webp"])
def test_a_picture_that_ends_too_early(picture: Picture, kept: Path, ending: str) -> None:
    media = picture(f"a.{ending}", Image.effect_noise((1200, 900), 90).convert("RGB"))
    os.truncate(media.location, os.stat(media.location).st_size // 2)
    with pytest.raises(VariantError, match=f"'media/a.{ending}' cannot be made narrower"):
        made(kept, media)
    assert files(kept) == []


def test_a_source_that_went(picture: Picture, kept: Path) -> None:
    media = picture()
    tag = digest_of(media)
    assert VariantStore(kept).get_or_make(media, tag, 320).exists()
    os.unlink(media.location)
    assert not can_have_variants(media)
    with pytest.raises(OSError, match="No such file"):
        digest_of(media)
    with pytest.raises(VariantError, match=r"'media/a.jpg' cannot be read \(No such file or directory\)"):
        VariantStore(kept).get_or_make(media, tag, 320)


def test_a_source_that_became_a_link(picture: Picture, tmp_path: Path) -> None:
    media = picture()
    os.replace(media.location, tmp_path / "b.jpg")
    os.symlink("b.jpg", media.location)
    assert not can_have_variants(media)


def test_a_source_with_other_bytes(picture: Picture, kept: Path) -> None:
    media = picture()
    tag = digest_of(media)
    assert (len(tag), digest_of(media), can_have_variants(media)) == (16, tag, True)
    picture("a.jpg", drawn((640, 480)))
    assert digest_of(media) != tag
    with pytest.raises(VariantError, match=r"'media/a.jpg' has other bytes by now"):
        VariantStore(kept).get_or_make(media, tag, 320)


def test_a_copy_is_made_once(picture: Picture, kept: Path) -> None:
    media, renditions = picture(), VariantStore(kept)
    path = renditions.get_or_make(media, digest_of(media), 640)
    status = path.stat()
    tag = path.parent.name
    assert renditions.get_or_make(media, tag, 640) == VariantStore(kept).get_or_make(media, tag, 640) == path
    assert (path.stat(), status.st_mode & 0o777) == (status, 0o644)


def test_no_copy_under_another_name(picture: Picture, kept: Path) -> None:
    withdrawn, visible = picture("a.jpg"), picture("b.jpg", drawn((640, 480)))
    tag = digest_of(withdrawn)
    assert VariantStore(kept).get_or_make(withdrawn, tag, 320).exists()
    with pytest.raises(VariantError, match=r"'media/b.jpg' has other bytes by now"):
        VariantStore(kept).get_or_make(visible, tag, 320)


def test_the_same_bytes_twice(picture: Picture, kept: Path, tmp_path: Path) -> None:
    for ending in ("jpg", "png", "gif", "webp", *(["avif"] if features.check("avif") else [])):
        media = picture(f"a.{ending}", drawn())
        one, two = (VariantStore(folder).get_or_make(media, digest_of(media), 640) for folder in (kept, tmp_path / "other"))
        assert (one.name, one.read_bytes()) == (two.name, two.read_bytes())


@pytest.mark.parametrize("damage", [b"", b"half", None])
def test_a_damaged_copy_is_made_anew(picture: Picture, kept: Path, damage: bytes | None) -> None:
    media, renditions = picture(), VariantStore(kept)
    path = renditions.get_or_make(media, digest_of(media), 320)
    whole = path.read_bytes()
    for one in (renditions, VariantStore(kept)):
        path.unlink() if damage is None else path.write_bytes(damage)
        assert one.get_or_make(media, digest_of(media), 320) == path
        assert path.read_bytes() == whole


def test_a_picture_is_not_blamed_for_what_its_child_decoded_before(picture: Picture, kept: Path) -> None:
    """Memory that a large picture left behind failed the next one for ever."""
    broken = picture("b.png", Image.effect_noise((1200, 900), 90).convert("RGB"))
    os.truncate(broken.location, os.stat(broken.location).st_size // 2)
    light, heavy = picture("a.jpg"), picture("c.avif", drawn((4900, 4900)), speed=10)
    pictures = [heavy, light, broken, light, heavy]
    with DecoderProcess(str(kept / "locks")) as child:
        ends = []
        for media in pictures:
            with open(media.location, "rb") as file:
                request = DecodeRequest(digest_of(media), facts_of(media).sizes)
                try:
                    ends.append(len([*child.make_variants(file, request, lambda: True)]))
                except ReusedDecoderError:
                    ends.append("used")
                    assert child.pid is None
        assert ends == [5, 3, "used", 3, 5]


def test_twenty_threads_at_once(picture: Picture, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media, renditions, start = picture(), VariantStore(kept), threading.Barrier(20)
    replaced, replace = [], os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (replaced.append(paths), replace(*paths)))

    def ask(_: int) -> bytes:
        start.wait()
        return renditions.get_or_make(media, digest_of(media), 640).read_bytes()

    with ThreadPoolExecutor(20) as threads:
        assert len(set(threads.map(ask, range(20)))) == 1
    assert len(replaced) == len(files(kept)) == len(COPIES)


def process(kept: Path, media: MediaFile, killer: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(kept), media.location, killer]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert started.stdout
    assert started.stdout.readline() == "ready\n"
    return started


def test_two_processes_at_once(picture: Picture, kept: Path) -> None:
    media = picture()
    both = [process(kept, media) for _ in range(2)]
    for one in both:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()
    assert len({one.communicate(timeout=60)[0] for one in both}) == 1
    assert len(files(kept)) == len(COPIES)
    assert [one.returncode for one in both] == [0, 0]
    assert made(kept, media, 640).size == (640, 480)


@pytest.mark.parametrize("event", ["os.chmod", "os.rename"])
def test_killed_while_writing(picture: Picture, kept: Path, event: str) -> None:
    media = picture()
    killed = process(kept, media, event)
    killed.communicate("\n", timeout=60)
    assert killed.returncode == -signal.SIGKILL
    [left] = files(kept)
    assert ".new-" in left
    assert made(kept, media, 640).size == (640, 480)
    assert VariantStore(kept).sweep([digest_of(media)]) == 1
    assert left not in files(kept)
    assert len(files(kept)) == len(COPIES)


def test_sweeping(picture: Picture, kept: Path) -> None:
    renditions = VariantStore(kept)
    assert renditions.sweep([]) == 0
    one, two = picture("a.jpg"), picture("b.png")
    for media in (one, two):
        renditions.get_or_make(media, digest_of(media), 320)
        renditions.get_or_make(media, digest_of(media), 640)
    former, foreign = kept / digest_of(one) / f"320-0-{'0' * 16}", kept / "notes" / "mine.txt"
    foreign.parent.mkdir()
    for other in (former, foreign):
        other.write_bytes(b"x")
    assert renditions.sweep([digest_of(one)]) == 1 + len(COPIES)
    assert (former.exists(), foreign.exists(), (kept / digest_of(two)).exists()) == (False, True, False)
    assert len(files(kept)) == 1 + len(COPIES)
    assert renditions.get_or_make(two, digest_of(two), 320).exists()


def test_nothing_is_swept_while_somebody_writes(picture: Picture, kept: Path) -> None:
    media = picture()
    made(kept, media)
    with open(kept / ".lock", "rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_SH)
        assert VariantStore(kept).sweep([]) == 0
        assert made(kept, media, 640)
    assert VariantStore(kept).sweep([]) == len(COPIES)


def test_a_full_disk(picture: Picture, kept: Path) -> None:
    media, limits = picture(), resource.getrlimit(resource.RLIMIT_FSIZE)
    tag = digest_of(media)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(VariantError, match=r"cannot be changed \(File too large\)"):
            VariantStore(kept).get_or_make(media, tag, 640)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files(kept) == []


def test_no_folder_to_write_in(picture: Picture, kept: Path) -> None:
    kept.parent.write_bytes(b"a file")
    for attempt in (lambda: made(kept, picture()), lambda: VariantStore(kept).sweep([])):
        with pytest.raises(VariantError, match=r"sized cannot be changed \(Not a directory\)"):
            attempt()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; run the tests as another user")
def test_a_folder_nobody_may_write_in(picture: Picture, kept: Path) -> None:
    media = picture()
    path = VariantStore(kept).get_or_make(media, digest_of(media), 320)
    for folder in (path.parent, kept):
        folder.chmod(0o500)
    try:
        assert VariantStore(kept).get_or_make(media, digest_of(media), 320) == path
        with pytest.raises(VariantError, match=r"cannot be changed \(Permission denied\)"):
            made(kept, media, 640)
        with pytest.raises(VariantError, match=r"cannot be changed \(Permission denied\)"):
            VariantStore(kept).sweep([])
    finally:
        for folder in (kept, path.parent):
            folder.chmod(0o700)
