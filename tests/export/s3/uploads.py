"""Build a newsroom into a bucket, and read the objects and the requests of the upload."""

from __future__ import annotations

from pathlib import Path

from feedsvc.export import MANIFEST_FILE, BuildResult
from feedsvc.export.s3.upload import Upload
from tests.export.s3.moto import Bucket
from tests.helpers import newsrooms

PREFIX = "daily"


def build(content: Path, bucket: Bucket, *, only: str = "", coding: str = "", processes: int = 1, **sizes: int) -> BuildResult:
    with Upload(f"s3://{bucket.name}/{PREFIX}/", selection=only, coding=coding, processes=processes, **sizes) as upload:
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


def delete_manifest(bucket: Bucket, prefix: str = PREFIX) -> None:
    for key in bucket.all_keys():
        if key.startswith(f"{prefix}/{MANIFEST_FILE}"):
            bucket.remove(key)


def write_tagged_newsroom(folder: Path, tag: str) -> Path:
    keys = {"articles/one.yaml": {"tags": f"[{tag}]"}, "articles/two.yaml": {}}
    for name, more_keys in keys.items():
        newsrooms.write(folder, {**newsrooms.SITE, **newsrooms.article(Path(name).stem, **more_keys)})
    return folder
