"""Languages of posts, which the plug-in Polylang keeps as terms: of each post, and which posts are translations of each other."""

from __future__ import annotations

from collections import Counter
from typing import Final

from feedsvc.content.schema.field_types import is_language_tag
from feedsvc.importing.wordpress.item_fields import ItemFields

# A term of the first is the language of a post, one of the second the group of a post and its translations.
_LANGUAGE_TAXONOMY: Final = "language"
_GROUP_TAXONOMY: Final = "post_translations"
LANGUAGE_TAXONOMIES: Final = frozenset({_LANGUAGE_TAXONOMY, _GROUP_TAXONOMY})

# In front of a language in addresses, unless the plug-in is set to remove it: /language/de/a-post/.
LANGUAGE_FOLDER: Final = "language/"


def language_of(item: ItemFields) -> str:
    """Return the language of a post as the plug-in names it, such as de; "" if it has none."""
    return _term(item, _LANGUAGE_TAXONOMY)


def translation_group(item: ItemFields) -> str:
    """Return the name that a post has in common with its translations; "" if it has no translation."""
    return _term(item, _GROUP_TAXONOMY)


def sort_languages(counts: Counter[str], site_language: str) -> tuple[str, ...]:
    """Return the languages of a site's published posts, the main one first, the others by name; () if there are not two.

    `counts` has the number of posts by language. The front page and feed of WordPress show only posts in the main language. It
    is that of the channel (`site_language`), or else the one with most posts. Names may have "_" in place of "-". If one is no
    language tag, the result is ().
    """
    languages = sorted(language for language, count in counts.items() if count)
    are_tags = all(is_language_tag(language.replace("_", "-")) for language in languages)
    if len(languages) < 2 or not are_tags:  # noqa: PLR2004 - "several"
        return ()
    channel = site_language.strip().replace("_", "-").lower()
    wanted = (channel, channel.partition("-")[0])
    by_tag = {language.replace("_", "-").lower(): language for language in languages}
    main = next((by_tag[tag] for tag in wanted if tag in by_tag), max(languages, key=counts.__getitem__))
    return (main, *(language for language in languages if language != main))


def _term(item: ItemFields, taxonomy: str) -> str:
    return next((term.nicename.strip() for term in item.terms if term.taxonomy == taxonomy), "")
