"""Plan for one post of a source, which the first reading makes and the second one carries out."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NamedTuple

from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.free_places import StaticPageAt
from feedsvc.routes import article_path, path_of


def is_page_path(path: str) -> bool:
    """Return whether a file is in pages/."""
    return path.startswith(f"{PAGES_FOLDER}/")


def page_site_path(path: str) -> str:
    """Return the root-relative path of the page of a file in pages/, if the name of the file is its slug."""
    return path_of(StaticPageAt(PurePosixPath(path).stem))


class PostPlan(NamedTuple):
    """Plan for one post: the id of its article, the slug and path of its file, and whether that exists or an editor deleted it.

    `path` is below the content folder. `id` is "" for a file in pages/. `addresses` is the text of the `AddressesWord` of the
    post's addresses at the source, or "". `file_ids` are the id and the guid of an existing article.
    `former_page` is the path of the file in pages/ if the post was a page at an earlier import, else "". `base_path` is the path
    of the file at the first import if an editor renamed it and made its former name an alias, else "".
    """

    id: str
    slug: str
    path: str
    addresses: str = ""
    is_existing: bool = False
    is_deleted: bool = False
    file_ids: tuple[str, ...] = ()
    former_page: str = ""
    base_path: str = ""

    @property
    def is_page(self) -> bool:
        """True if the file is in pages/."""
        return is_page_path(self.path)

    @property
    def site_path(self) -> str:
        """The root-relative path at which the site has, or will have, the article or page."""
        return path_of(StaticPageAt(self.slug)) if self.is_page else article_path(self.slug)

    @property
    def link_path(self) -> str:
        """The root-relative path for links and rules. It is the former one of a renamed file, which redirects to `site_path`.

        So a new name of one article changes no other one.
        """
        return self._replace(slug=PurePosixPath(self.base_path).stem).site_path if self.base_path else self.site_path
