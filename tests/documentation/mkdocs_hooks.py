"""Hooks of MkDocs, which mkdocs.yml names: documents at the top of the repository are pages of the site, too.

Links lead to other places on GitHub than on the site if they leave docs/. They are written for GitHub and rewritten here.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any, Final

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_ROOT: Final = Path(__file__).parents[2]
_DOCS: Final = "docs/"
# Document of the repository -> page of the site.
_PAGES: Final = {
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
    "README.md": "README.md",  # that of docs/
}
_DOCUMENTS: Final = {page: document for document, page in _PAGES.items() if document != "README.md"}
_LINK: Final = re.compile(r"(?P<text>\[[^][]*\])\((?P<path>[^)\s:#]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Files, /, *, config: Any) -> Files:
    for page, document in _DOCUMENTS.items():
        files.append(File.generated(config, page, abs_src_path=str(_ROOT / document)))
    return files


def on_page_markdown(markdown: str, /, *, page: Page, config: Any, files: Files) -> str:
    return rewrite_links(markdown, page.file.src_uri)


def rewrite_links(markdown: str, page: str) -> str:
    """Return the text of a page with links as the site needs them. A link to a file without a page becomes its text."""
    folder = posixpath.dirname(_DOCUMENTS.get(page, f"{_DOCS}{page}"))

    def rewrite(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link["path"]))
        uri = _PAGES.get(target) or (target.removeprefix(_DOCS) if target.startswith(_DOCS) else "")
        if not uri:
            return link["text"][1:-1]
        return f"{link['text']}({posixpath.relpath(uri, posixpath.dirname(page) or '.')}{link['anchor'] or ''})"

    return _LINK.sub(rewrite, markdown)
