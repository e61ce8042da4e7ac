"""Program for tests of kills: import posts. Arguments: the folder, the number of posts, the folder of uploads, and a title."""

from __future__ import annotations

import sys
from pathlib import Path

from feedsvc.importing.source import SourceMedium
from feedsvc.importing.writer import FolderMedia
from tests.importing.writer.memory_source import OLD, post, run_import

PICTURES = 20


def import_posts(root: Path, count: int, uploads: Path, title: str = "Title") -> None:
    """Import posts, each with one of a few lead images, and a page for each ten of them, every second one below another."""
    posts = (
        post(number, title=f"{title} {number}", lead_image=SourceMedium(f"{OLD}/wp-content/uploads/{number % PICTURES}.jpg"))
        for number in range(count)
    )
    pages = (
        post(count + number, title=f"{title} {number}", is_page=True, address=f"{OLD}/{'about/' if number % 2 else ''}{number}/")
        for number in range(count // 10)
    )
    run_import(root, *posts, *pages, media=lambda hosts: FolderMedia(uploads, hosts))


if __name__ == "__main__":
    import_posts(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
