"""Identity of a post: the ids that its article gets, and the key by which the next import recognises it."""

from __future__ import annotations

from feedsvc.content.schema.field_types import is_article_id, is_guid
from feedsvc.importing.source import SourcePost
from feedsvc.importing.writer.stated_facts import stated_id


def usable_id(post: SourcePost) -> str:
    """Return the id that a post's article can have, unchanged; "" if it is no URI without fragment, as articles' ids must be.

    It is the URI that an export of feedsvc states beside another id, else the post's id, else, only if the post has no id, its
    address, by which feed readers identify an entry without id.
    """
    wanted = stated_id(post.facts) or post.id or post.address
    return wanted if is_article_id(wanted) else ""


def guid_of(post: SourcePost) -> str:
    """Return the id by which readers of RSS and JSON Feed know a post, if it cannot be the article's id; else "".

    It is also "" if no article may have this guid.
    """
    return post.id if post.id != usable_id(post) and is_guid(post.id) else ""


def source_key(post: SourcePost) -> str:
    """Return what tells a post from all others of its source: its id, else its address, else its date and title."""
    return post.id or post.address or f"{post.published or ''} {post.title}"
