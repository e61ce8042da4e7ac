"""Articles as exports contain them: the article, its HTML and public state, and what its file says."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.reading.files import is_markdown, split_front_matter
from feedsvc.content.safe_read import read_file
from feedsvc.content.text import decode
from feedsvc.content.yaml import parse_yaml
from feedsvc.errors import FeedsvcError
from feedsvc.model import Article, ArticleStatus
from feedsvc.routes import ArticleAt, path_of
from feedsvc.uris import absolute

_BODY_KEY: Final = "body"


class ExportState(enum.Enum):
    """Public state of an article at the moment of the export; the value is WordPress's word.

    NOT_PUBLIC are drafts, articles with the status withdrawn, also if the withdrawal is later, and those that have expired.
    SCHEDULED are other articles whose date of publication is later.
    """

    PUBLIC = "publish"
    SCHEDULED = "future"
    NOT_PUBLIC = "draft"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedArticle:
    """An article of an export. `number` counts from 1 in the order of the export.

    `address` is its `link` if it has one, else the absolute address of its page.

    `html` is its body. `keys` are the values in its file as YAML types them, without the body; `body` is its Markdown.
    """

    article: Article
    number: int
    state: ExportState
    address: str
    html: str
    keys: Mapping[str, Any]
    body: str


def exported_articles(root: Path, content: ContentSnapshot, now: datetime) -> Iterator[ExportedArticle]:
    """Yield all articles of `content`, the snapshot of the folder `root`, drafts included, the first published first.

    Each file is read again for `keys` and `body`, as it is by then. Raises FeedsvcError, which advises to export again, if a
    file cannot be read any more.
    """
    articles = sorted(content.articles, key=lambda article: (article.published, article.id))
    for number, article in enumerate(articles, 1):
        keys, body = _read(root, article.path)
        yield ExportedArticle(
            article=article,
            number=number,
            state=_state(article, now),
            address=article.link or absolute(content.site.base_url, path_of(ArticleAt(article.slug))),
            html=content.html(article),
            keys=keys,
            body=body,
        )


def _state(article: Article, now: datetime) -> ExportState:
    is_expired = article.expires is not None and article.expires <= now
    if article.status is not ArticleStatus.PUBLISHED or is_expired:
        return ExportState.NOT_PUBLIC
    return ExportState.SCHEDULED if article.published > now else ExportState.PUBLIC


def _read(root: Path, path: str) -> tuple[Mapping[str, Any], str]:
    """Return the keys of an article file without the body, and its Markdown. Raises FeedsvcError if it cannot be read now."""
    data = read_file(root, path)
    if not isinstance(data, bytes):
        raise FeedsvcError(f"{path} cannot be read any more; export again")
    text = decode(path, data).text
    try:
        front_matter, body = split_front_matter(text)[:2] if is_markdown(path) else (text, "")
    except ValueError:
        raise FeedsvcError(f"{path} has changed and is no article any more; export again") from None
    value = parse_yaml(path, front_matter).value
    keys = dict(value) if isinstance(value, dict) else {}
    yaml_body = keys.pop(_BODY_KEY, None)
    return keys, body if is_markdown(path) else str(yaml_body or "")
