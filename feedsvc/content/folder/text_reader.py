"""Reader of texts from article files, for texts that are not stored."""

from __future__ import annotations

from pathlib import Path

from feedsvc.content import safe_read
from feedsvc.content.reading import References, parse_article
from feedsvc.model import Article


class TextReader:
    """Reader of texts from article files. It does not refer to the text store, so that the store is freed with its last user."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.references: References | None = None

    def markdown(self, article: Article) -> str:
        """Return the Markdown that an article's file has now; "" if the file is broken or missing, or before a `refresh`."""
        data = safe_read.read_file(self._root, article.path)
        return parse_article(article.path, data, self.references).markdown if self.references and isinstance(data, bytes) else ""
