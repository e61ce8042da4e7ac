"""Languages of the site and the source at the first import: articles in that of the site state none, whatever it is later."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from feedsvc.content.reading.files import SITE_FILE
from feedsvc.content.schema.field_types import is_language_tag
from feedsvc.importing.source import SourceSite, SourceSystem
from feedsvc.importing.writer.base import ARTICLES, ENTRIES, ImportBase
from feedsvc.importing.writer.values import parse_digests

_SITE: Final = "site="  # the word of the base with the digest of an article's source


def first_language(base: ImportBase, site_digest: str, source_language: str, site_language: str) -> str:
    """Return the language of the site at the first import of the source with this digest, and store it in the base.

    `source_language` and `site_language` are those of now. If the base does not have the language of the first import, as bases
    of earlier versions of feedsvc, the articles of the source in the base decide: if one states no language, the result is
    `source_language`; if all state one, `site_language`, or "" if both are equal. Without such articles or without a valid
    `source_language`, the result is `site_language`.
    """
    key = f"{SITE_FILE} language {site_digest}"
    if line := base.get(ENTRIES, key):
        return line[0]
    language, states = site_language, _stated_languages(base, site_digest)
    source_language = source_language.strip().replace("_", "-")
    if states and is_language_tag(source_language):
        is_source = source_language.lower() == site_language.lower()
        language = source_language if not all(states) else "" if is_source else site_language
    base.put(ENTRIES, key, language)
    return language


def with_first_language(base: ImportBase, site_digest: str, source: SourceSite) -> SourceSite:
    """Return the source with the language that it had at its first import, and store that in the base.

    WordPress writes into an export the language in which the exporting user sees its menus, so another user must not change all
    articles. The language of other systems is that of now.
    """
    if source.system is not SourceSystem.WORDPRESS:
        return source
    key = f"{SITE_FILE} source-language {site_digest}"
    if line := base.get(ENTRIES, key):
        return replace(source, language=line[0])
    base.put(ENTRIES, key, source.language)
    return source


def _stated_languages(base: ImportBase, site_digest: str) -> list[bool]:
    """Return for each article and page of the source in the base whether it states a language.

    Lines of the oldest bases name no source: they count for every source.
    """
    states = []
    for key in base.keys(ARTICLES):
        words = base.get(ARTICLES, key)[1].split()
        sources = [word for word in words if word.startswith(_SITE)]
        if digests := parse_digests(words) if not sources or f"{_SITE}{site_digest}" in sources else {}:
            states.append("language" in digests)
    return states
