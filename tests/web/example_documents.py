"""Build documents without a catalog."""

from collections.abc import Iterable
from datetime import datetime

from feedsvc.feed_model import Link
from feedsvc.publication.document import Document


def build_document(
    path: str,
    body: bytes,
    media_type: str,
    *,
    modified: datetime | None = None,
    links: Iterable[Link] = (),
    browser_type: str = "",
    status: int = 200,
) -> Document:
    return Document(
        path=path,
        body=body,
        media_type=media_type,
        last_modified=modified,
        links=tuple(links),
        browser_type=browser_type,
        status=status,
    )
