"""Build a newsroom into a bucket, and read the objects and the requests of the upload."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from feedsvc.export import MANIFEST_FILE, BuildResult
from feedsvc.export.bucket import Bucket as TargetBucket
from tests.export.s3.moto import Bucket
from tests.helpers import newsrooms

PREFIX = "daily"
SMALL_SITE: Final = f"""
    title: The Daily & Co
    base_url: {newsrooms.BASE}
    id_domain: news.example
    logo: media/logo.png
    feed: {{entries: 3, combinations: false}}
    """


def target(content: Path, bucket: Bucket, prefix: str = PREFIX, *, only: str = "", coding: str = "") -> TargetBucket:
    """Return the target of a build of `content`, with a state folder beside that."""
    trees = content.with_name(f"{content.name}-state")
    return TargetBucket(f"s3://{bucket.name}/{prefix}/", trees, selection=only, coding=coding, processes=1)


def build(content: Path, bucket: Bucket, prefix: str = PREFIX, *, only: str = "", coding: str = "") -> BuildResult:
    with target(content, bucket, prefix, only=only, coding=coding) as upload:
        return upload.build(newsrooms.load_publication(content))


def tree_files(out: Path) -> dict[str, bytes]:
    """Return name -> bytes of a tree's files, without .gz files and the files for hosts."""
    excluded = (".feedsvc", "_redirects", "_headers")
    files = (file for file in out.rglob("*") if file.is_file() and not file.name.startswith(excluded) and file.suffix != ".gz")
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


def object_names(bucket: Bucket) -> set[str]:
    all_names = (key.removeprefix(f"{PREFIX}/") for key in bucket.all_keys() if key.startswith(f"{PREFIX}/"))
    return {name for name in all_names if not name.startswith(MANIFEST_FILE)}


def object_bodies(bucket: Bucket) -> dict[str, bytes]:
    return {name: bucket.get(f"{PREFIX}/{name}")["Body"] for name in object_names(bucket)}


def uploaded_names(bucket: Bucket) -> list[str]:
    """Return the names of the objects that were uploaded since `clear_requests`, in order, without the manifest."""
    names = [request.key.removeprefix(f"{PREFIX}/") for request in bucket.requests("PUT")]
    return [name for name in names if not name.startswith(MANIFEST_FILE)]


def save(content: Path, old: str = "December text.", new: str = "Another text.", file: str = "december.yaml") -> None:
    path = content / "articles" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def delete_older_article(content: Path) -> None:
    (content / "articles/older.yaml").unlink()
    save(content, "/articles/older/", "/", "rich.yaml")


def write_small_newsroom(folder: Path) -> Path:
    """Write four articles with names and texts of the sample's, a picture, a sound and archives, but no categories and no tags.

    A build uploads 42 objects. The sample has 192, and each of them takes ten milliseconds of processor time. As many files as
    there, newsrooms.OLDER_FILE_COUNT, go with the article `older`.
    """
    files = {"site.yaml": SMALL_SITE, "media/logo.png": newsrooms.SITE["media/logo.png"]}
    files |= {f"media/{name}": newsrooms.ARTICLES[f"media/{name}"] for name in ("lead.jpg", "talk.mp3")}
    for stem, published_at in {"older": "2026-02-01", "january": "2026-01-15", "december": "2025-12-31"}.items():
        files |= newsrooms.article(stem, published_at, body=f"{stem.title()} text.")
    keys = {"image": "{src: media/lead.jpg, alt: A lab}", "enclosures": "[{src: media/talk.mp3}]"}
    files |= newsrooms.article("rich", "2026-02-20", **keys, body='"[A link](/articles/older/)"')
    return newsrooms.write(folder, files)


def write_tagged_newsroom(folder: Path, tag: str) -> Path:
    keys = {"articles/one.yaml": {"tags": f"[{tag}]"}, "articles/two.yaml": {}}
    for name, more_keys in keys.items():
        newsrooms.write(folder, {**newsrooms.SITE, **newsrooms.article(Path(name).stem, **more_keys)})
    return folder
