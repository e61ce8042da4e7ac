"""Body of a post in HTML, with its references to other posts and to files replaced by their paths here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from feedsvc.importing.source import Omission, SourcePost
from feedsvc.importing.writer.body_references import BodyReference, remove_missing_files, replace_references
from feedsvc.importing.writer.values import normalize_body


class PostCounts(NamedTuple):
    """Numbers of one post for the report. `links` counts the links in the body that lead to articles and pages here.

    `pictures` counts the pictures, sounds and films in the body, and the lead image; `kept_pictures` those whose file is here.
    """

    links: int = 0
    pictures: int = 0
    kept_pictures: int = 0


class ConvertedBody(NamedTuple):
    """Body in HTML, with its numbers, and an omission for each file that it referred to and that the newsroom lacks."""

    html: str
    counts: PostCounts
    omissions: tuple[Omission, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceTargets:
    """Targets in the newsroom for absolute addresses of the source.

    `site_path_of` returns the root-relative path at the new site for the address of a post or page, `media_path` the path
    "media/..." for that of a file; both return "" if there is none. `has_medium` returns whether the file of an address is here:
    not one that is still to be fetched, in a dry run. `is_missing` returns whether an address is below media/ of the new site,
    which has no such file.
    """

    site_path_of: Callable[[str], str]
    media_path: Callable[[str], str]
    has_medium: Callable[[str], bool]
    is_missing: Callable[[str], bool]


def convert_body(post: SourcePost, page: str, targets: ReferenceTargets) -> ConvertedBody:
    """Return the body of a post whose relative references are relative to the address `page`."""
    links = pictures = kept_pictures = 0
    omissions = dict[str, Omission]()

    def is_missing(reference: BodyReference) -> bool:
        nonlocal pictures
        address = reference.address
        if targets.media_path(address) or not targets.is_missing(address):
            return False
        pictures += not reference.is_link
        reason = "the new site has files of its own below /media/, and not this one; put it there, and import again"
        what = f"{'link to' if reference.is_link else 'picture'} {address}"
        omissions[what] = Omission(post.place, what, reason)
        return True

    def replace(reference: BodyReference) -> str:
        nonlocal links, pictures, kept_pictures
        path = targets.media_path(reference.address)
        if not reference.is_link:
            pictures, kept_pictures = pictures + 1, kept_pictures + targets.has_medium(reference.address)
            return path or reference.address
        address, hash_mark, fragment = reference.address.partition("#")
        site_path = targets.site_path_of(address)
        links += bool(site_path)
        return f"{site_path}{hash_mark}{fragment}" if site_path else path or reference.address

    body = replace_references(remove_missing_files(post.body, page, is_missing), page, replace)
    if post.lead_image:
        pictures, kept_pictures = pictures + 1, kept_pictures + targets.has_medium(post.lead_image.address)
    return ConvertedBody(normalize_body(body), PostCounts(links, pictures, kept_pictures), tuple(omissions.values()))
