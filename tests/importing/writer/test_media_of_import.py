"""Files of a source: fetched or copied into media/, the same bytes once, and what happens to those that are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from feedsvc.importing.source import SourceMedium, SourceSystem
from feedsvc.importing.writer import FolderMedia, ImportReport, MediaOrigin, WebMedia
from feedsvc.support.digest import sha256
from feedsvc.support.http import HostAccess
from tests.helpers.document_server import Document, DocumentServer, document_server
from tests.helpers.marked_images import avif_with_metadata
from tests.helpers.newsrooms import picture
from tests.importing.writer.memory_source import OLD, SITE, articles, files, load, post, run_import, what

JPEG = picture(64, 48)
COPY = "http://www.old.example/wp-content/uploads/2020/01/copy%20of%20a.jpg"
UPLOADS = f"{OLD}/wp-content/uploads/2020/01"


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    for path, data in {"2020/01/a.jpg": JPEG, "2020/01/copy of a.jpg": JPEG, "2020/01/b.png": picture(8, 8, "PNG")}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


def from_folder(folder: Path) -> Callable[[frozenset[str]], MediaOrigin]:
    return lambda hosts: FolderMedia(folder, hosts)


def body_of(root: Path, number: int) -> str:
    return (root / f"articles/2020/01/title-{number}.md").read_text("utf-8").partition("\n---\n")[2]


def test_pictures_of_a_folder_are_copied_and_named_in_articles(tmp_path: Path, uploads: Path) -> None:
    root = tmp_path / "newsroom"
    image = SourceMedium(f"{UPLOADS}/a.jpg", alt="A pier", caption="The pier, <em>today</em>", credit="Reuters")
    body = (
        f'<figure><a href="{UPLOADS}/b.png"><img src="{COPY}" alt="x" '
        f'srcset="{UPLOADS}/a-300x200.jpg 300w"></a><figcaption>c</figcaption></figure>'
    )
    report = run_import(root, post(1, lead_image=image, body=body), media=from_folder(uploads))
    article = articles(root)[post(1).id]
    assert article.image is not None
    assert (article.image.url, article.image.alt, article.image.credit) == (f"{OLD}/media/2020/01/a.jpg", "A pier", "Reuters")
    assert article.image.caption == "The pier, today"
    assert sorted(path for path in files(root) if path.startswith("media/")) == ["media/2020/01/a.jpg", "media/2020/01/b.png"]
    assert "old.example" not in body_of(root, 1)
    assert (report.pictures.kept, report.pictures.total) == (2, 2)
    assert (report.files.kept, report.files.total) == (3, 3)
    assert report.omissions == []


def test_files_below_media_of_the_site_itself_that_are_missing_leave_the_rest_of_the_text_as_it_is(tmp_path: Path) -> None:
    """The text became Markdown that readers saw letter by letter, such as **bold**."""
    body = (
        f'<figure><a href="{OLD}/media/big.jpg"><img src="/media/a.jpg" alt="A &lt; B"></a><figcaption>c</figcaption></figure>'
        f'<p>Some <b>bold</b> <a href="https://other.example/">link</a>, <a href="{OLD}/media/b.pdf">a PDF</a>.</p>'
        f'<video src="https://other.example/v.mp4" poster="{OLD}/media/p.jpg" controls></video>'
        f'<audio controls><source src="{OLD}/media/s.mp3"></audio>'
    )
    report = run_import(tmp_path, post(1, body=body))
    text = body_of(tmp_path, 1)
    assert "Some **bold** [link](https://other.example/), a PDF." in text
    assert "A &lt; B" in text
    assert "v.mp4" in text
    assert "/media/" not in text
    load(tmp_path)
    assert [line for line in what(report) if "/media/" in line] == [
        *(f"picture {OLD}/media/{name}" for name in ("a.jpg", "p.jpg", "s.mp3")),
        *(f"link to {OLD}/media/{name}" for name in ("big.jpg", "b.pdf")),
    ]
    assert (report.pictures.kept, report.pictures.total) == (0, 4)


def test_picture_that_an_editor_puts_below_media_later_is_in_the_text_after_the_next_import(tmp_path: Path) -> None:
    item = post(1, body=f'<p><img src="{OLD}/media/a.jpg" alt="A pier"></p>')
    run_import(tmp_path, item)
    assert "a.jpg" not in body_of(tmp_path, 1)
    (tmp_path / "media").mkdir(exist_ok=True)
    (tmp_path / "media/a.jpg").write_bytes(JPEG)
    run_import(tmp_path, item)
    assert "![A pier](/media/a.jpg)" in body_of(tmp_path, 1).replace(OLD, "")


@pytest.mark.parametrize("start", ["<figure>{}<figcaption>At six. <small>Mina</small></figcaption></figure>", "<p>{}</p>", "{}"])
def test_lead_image_of_a_feed_that_its_text_begins_with_is_shown_once(tmp_path: Path, uploads: Path, start: str) -> None:
    site = replace(SITE, system=SourceSystem.FEED, feeds=(f"{OLD}/feed/",))
    address = f"{UPLOADS}/a.jpg"
    body = f'{start.format(f"""<img src="{address}" alt="A pier">""")}\n<p>Text.</p><p><img src="{address}"></p>'
    report = run_import(
        tmp_path / "n", post(1, body=body, lead_image=SourceMedium(address)), site=site, media=from_folder(uploads)
    )
    image = articles(tmp_path / "n")[post(1).id].image
    assert image is not None
    is_figure = start.startswith("<figure>")
    assert (image.alt, image.caption, image.credit) == ("A pier", "At six." if is_figure else "", "Mina" if is_figure else "")
    text = body_of(tmp_path / "n", 1).strip()
    assert text.startswith("Text.")
    assert text.count("media/2020/01/a.jpg") == 1
    assert report.omissions == []


@pytest.mark.parametrize("body", ["<p>Text. {}</p>", "<p>Text.</p>{}", "<figure>{}{}</figure><p>Text.</p>"])
def test_lead_image_elsewhere_in_the_text_of_a_feed_stays_there(tmp_path: Path, uploads: Path, body: str) -> None:
    site, address = replace(SITE, system=SourceSystem.FEED, feeds=(f"{OLD}/feed/",)), f"{UPLOADS}/a.jpg"
    text = body.replace("{}", f'<img src="{address}">')
    run_import(tmp_path / "n", post(1, body=text, lead_image=SourceMedium(address)), site=site, media=from_folder(uploads))
    assert "a.jpg" in body_of(tmp_path / "n", 1)


def test_missing_picture_stays_at_its_address_and_is_listed(tmp_path: Path, uploads: Path) -> None:
    root = tmp_path / "newsroom"
    body = '<p><img src="/wp-content/uploads/2020/01/none.jpg" alt=""></p>'
    report = run_import(root, post(1, lead_image=SourceMedium(f"{UPLOADS}/none.jpg"), body=body), media=from_folder(uploads))
    assert f"{UPLOADS}/none.jpg" in body_of(root, 1)
    assert articles(root)[post(1).id].image is None
    assert {omission.place for omission in report.omissions} == {f"{UPLOADS}/none.jpg", post(1).place}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("camera.avif", avif_with_metadata()),
        ("broken.jpg", b"\xff\xd8\xff no picture"),
        ("page.html", b"<script>alert(1)</script>"),
        ("a.svg", b"<svg><script/></svg>"),
        ("x.html.en", b"A page"),
        ("g.shtml.txt", b"A page"),
        ("z.php.foo", b"A script"),
        ("photo.php.jpg", JPEG),
    ],
)
def test_file_that_no_article_can_show_is_left_out(tmp_path: Path, uploads: Path, name: str, data: bytes) -> None:
    (uploads / "2020/01" / name).write_bytes(data)
    root = tmp_path / "newsroom"
    report = run_import(root, post(1, body=f'<p><img src="{UPLOADS}/{name}" alt="x"></p>'), media=from_folder(uploads))
    assert articles(root)
    assert not any(path.startswith("media/") for path in files(root))
    assert [omission.place for omission in report.omissions] == [f"{UPLOADS}/{name}"]


def test_picture_with_a_wrong_suffix_gets_the_right_one(tmp_path: Path, uploads: Path) -> None:
    (uploads / "2020/01/really.png").write_bytes(JPEG + b"\0")
    root = tmp_path / "newsroom"
    run_import(root, post(1, lead_image=SourceMedium(f"{UPLOADS}/really.png")), media=from_folder(uploads))
    image = articles(root)[post(1).id].image
    assert image is not None
    assert (image.url, image.type) == (f"{OLD}/media/2020/01/really.jpg", "image/jpeg")


def test_folder_is_never_left(tmp_path: Path, uploads: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    (uploads / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    root = tmp_path / "newsroom"
    body = "".join(f'<p><img src="{OLD}/{path}" alt=""></p>' for path in ("../secret.jpg", "link.jpg", "%2e%2e/secret.jpg"))
    run_import(root, post(1, body=body), media=from_folder(uploads))
    assert not any(path.startswith("media/") for path in files(root))


def test_file_is_found_by_its_name_though_a_folder_of_its_address_is_too_long(tmp_path: Path, uploads: Path) -> None:
    root = tmp_path / "newsroom"
    body = f'<p><img src="{OLD}/{"x" * 300}/2020/01/a.jpg" alt="x"></p>'
    report = run_import(root, post(1, body=body), media=from_folder(uploads))
    assert (report.files.kept, report.files.total) == (1, 1)


@pytest.fixture
def server() -> Iterator[DocumentServer]:
    with document_server() as running:
        yield running


def from_web(server: DocumentServer, **options: float) -> Callable[[frozenset[str]], MediaOrigin]:
    access = HostAccess(internal_hosts=frozenset({"127.0.0.1"}), only_hosts=frozenset({"127.0.0.1"}))
    return lambda _: WebMedia(access, pause=0.01, **options)  # type: ignore[arg-type]


def test_pictures_are_fetched_once(tmp_path: Path, server: DocumentServer) -> None:
    server.documents["/a.jpg"] = Document(body=JPEG, headers={"Content-Type": "image/jpeg"})
    medium = SourceMedium(f"{server.url}/a.jpg")
    posts = [post(number, lead_image=medium) for number in (1, 2)]
    run_import(tmp_path, *posts, media=from_web(server))
    assert [article.image.url for article in articles(tmp_path).values() if article.image] == [f"{OLD}/media/a.jpg"] * 2
    requests = len(server.requests)
    run_import(tmp_path, *posts, media=from_web(server))
    assert len(server.requests) == requests == 1


def test_picture_that_failed_is_fetched_by_the_next_import(tmp_path: Path, server: DocumentServer) -> None:
    body = f'<p><img src="{server.url}/a.jpg" alt="x"></p>'
    report = run_import(tmp_path, post(1, body=body), media=from_web(server))
    assert [omission.place for omission in report.omissions] == [f"{server.url}/a.jpg"]
    server.documents["/a.jpg"] = Document(body=JPEG, headers={"Content-Type": "image/jpeg"})
    report = run_import(tmp_path, post(1, body=body), media=from_web(server))
    assert report.omissions == []
    assert "![x](media/a.jpg)" in body_of(tmp_path, 1)


def test_a_recording_that_a_killed_import_had_fetched_gets_the_suffix_of_its_media_type(
    tmp_path: Path, server: DocumentServer
) -> None:
    server.documents["/audio/123"] = Document(body=b"ID3" * 99, headers={"Content-Type": "audio/mpeg"})
    address = f"{server.url}/audio/123"
    part = tmp_path / ".feedsvc/import/parts" / sha256(address).hex()[:32]
    part.parent.mkdir(parents=True)
    part.write_bytes(b"ID3" * 99)
    run_import(tmp_path, post(1, enclosures=(SourceMedium(address),)), media=from_web(server))
    assert [path for path in files(tmp_path) if path.startswith("media/")] == ["media/audio/123.mp3"]


def test_too_large_file_is_left_out(tmp_path: Path, server: DocumentServer) -> None:
    server.documents["/a.jpg"] = Document(body=JPEG, headers={"Content-Type": "image/jpeg"})
    report = run_import(tmp_path, post(1, lead_image=SourceMedium(f"{server.url}/a.jpg")), media=from_web(server, max_bytes=100))
    assert f"{server.url}/a.jpg" in [omission.place for omission in report.omissions]


def test_file_with_the_suffix_of_a_script_is_not_written(tmp_path: Path, server: DocumentServer) -> None:
    server.documents["/z.php.jpg"] = Document(body=JPEG, headers={"Content-Type": "image/jpeg"})
    report = run_import(tmp_path, post(1, body=f'<p><img src="{server.url}/z.php.jpg"></p>'), media=from_web(server))
    assert [omission.place for omission in report.omissions] == [f"{server.url}/z.php.jpg"]
    assert not any(path.startswith("media/") for path in files(tmp_path))


def test_other_hosts_are_not_asked(tmp_path: Path, server: DocumentServer) -> None:
    access = HostAccess(internal_hosts=frozenset(), only_hosts=frozenset({"old.example"}))
    body = f'<p><img src="{server.url}/a.jpg" alt=""></p>'
    report = run_import(tmp_path, post(1, body=body), media=lambda _: WebMedia(access))
    assert server.requests == []
    assert what(report) == ["1 file at other hosts"]


def test_sound_of_a_kind_that_stays_remote_is_not_fetched(tmp_path: Path, uploads: Path) -> None:
    """Fetched pictures need no space worth mentioning; the recordings of a podcast do, and stay where they are."""
    for name in ("a.mp3", "b"):
        (uploads / name).write_bytes(b"ID3")
    sounds = (SourceMedium(f"{OLD}/a.mp3", length=3), SourceMedium(f"{OLD}/b", media_type="audio/mpeg", length=3))
    body = f'<p><img src="{UPLOADS}/b.png" alt="x"> <a href="/a.mp3">Listen</a></p>'
    root, kinds = tmp_path / "newsroom", frozenset({"audio", "video"})
    report = run_import(root, post(1, enclosures=sounds, body=body), media=from_folder(uploads), remote_kinds=kinds)
    assert [found.url for found in articles(root)[post(1).id].enclosures] == [sound.address for sound in sounds]
    assert [path for path in files(root) if path.startswith("media/")] == ["media/2020/01/b.png"]
    assert f"[Listen]({OLD}/a.mp3)" in body_of(root, 1)
    assert [(one.what, one.reason) for one in report.omissions] == [
        ("2 files", "they stay at their addresses, because of --keep-remote")
    ]


def test_host_without_response_is_given_up(tmp_path: Path) -> None:
    access = HostAccess(internal_hosts=frozenset({"127.0.0.1"}), only_hosts=None)
    body = "".join(f'<p><img src="http://127.0.0.1:9/{number}.jpg" alt=""></p>' for number in range(60))
    report = run_import(tmp_path, post(1, body=body), media=lambda _: WebMedia(access, pause=0))
    assert len(report.omissions) == 60
    assert "was not asked any more" in report.omissions[-1].reason


def numbers(report: ImportReport) -> tuple[object, ...]:
    return (
        *(report.created, report.changed, report.unchanged, report.redirects, report.pictures, report.files),
        *sorted(what(report)),
    )


def test_dry_run_reports_what_the_import_does_with_pictures(tmp_path: Path, uploads: Path) -> None:
    root, media = tmp_path / "newsroom", from_folder(uploads)
    (uploads / "2020/01/broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    names = ("a.jpg", "b.png", "copy%20of%20a.jpg", "none.jpg", "broken.jpg")
    body = "".join(f'<p><img src="{UPLOADS}/{name}" alt="x"></p>' for name in names)
    image = SourceMedium(f"{UPLOADS}/a.jpg", alt="A pier")
    steps = (
        (post(1, lead_image=image, body=body), None),
        (post(1, lead_image=image, body=body), media),
        (post(1, lead_image=image, body=body), media),
        (post(1, lead_image=SourceMedium(f"{UPLOADS}/b.png"), body=body), media),
        (post(1, lead_image=None, body=body), media),
    )
    for item, origin in steps:
        before = files(root)
        dry = run_import(root, item, media=origin, is_dry_run=True)
        assert files(root) == before
        assert numbers(dry) == numbers(run_import(root, item, media=origin))


def test_dry_run_names_the_articles_that_files_to_be_fetched_change(tmp_path: Path, server: DocumentServer) -> None:
    server.documents["/a.jpg"] = Document(body=JPEG, headers={"Content-Type": "image/jpeg"})
    item = post(1, lead_image=SourceMedium(f"{server.url}/a.jpg"))
    run_import(tmp_path, item)
    dry = run_import(tmp_path, item, media=from_web(server), is_dry_run=True)
    assert (dry.changed, dry.files.kept, dry.files.total) == (["articles/2020/01/title-1.md"], 0, 1)
    assert server.requests == []
    assert run_import(tmp_path, item, media=from_web(server)).changed == dry.changed
