"""Old addresses of one catalog: the targets of the rules of redirects.yaml and of the redirects of the site itself."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.free_places import FreePlace
from feedsvc.publication.addresses import canonical_place, has_document, is_permanent_redirect
from feedsvc.redirects import INDEX_FILE, normal_form, without_slash
from feedsvc.routes import ArticleAt, FileAt, Place, article_path, path_of, place_of

_MAX_HOPS: Final = 100  # old addresses that lead to each other


def redirect_target(catalog: Catalog, path: str) -> str:
    """Return the target to which a former, old or non-canonical path redirects; "" if it does not redirect or is a document's.

    A target is a path, an absolute address, or GONE. Paths are decoded and relative to base_url. Former image variants, for
    which the result is "", are redirected by `ImageVariants.find`; rules with a query are not considered.

    An exact rule of redirects.yaml comes before a former address of an article, that before a redirect of the site, and none
    before a document, with or without its trailing slash. A rule with a "*" comes last, but not at the former address of an
    article that is not public. A rule whose target has no document is passed over. A path in Unicode form NFD leads to the path
    in NFC, and index.html of a folder that redirects to the folder's target.
    """
    target = _target_without_wildcards(catalog, path)
    if target == "" and not catalog.content.addresses.find(path):
        return rule_target(catalog, catalog.content.redirects.wildcard_target(path))
    return target or ""


def _target_without_wildcards(catalog: Catalog, path: str) -> str | None:
    """Return the target by an exact rule or a redirect of the site; "" if there is none, and None for a document's own path."""
    requested = place_of(path)
    place = canonical_place(catalog, requested) if requested else None
    own_path = path_of(place) if place is not None and _has_target(catalog, place) else ""
    if own_path and without_slash(own_path) == without_slash(path):
        return own_path if own_path != path else None
    if (normal := normal_form(path)) != path:
        target = _target_without_wildcards(catalog, normal)
        return normal if target is None else target
    if path.endswith(f"/{INDEX_FILE}"):
        return _index_file_target(catalog, path)
    return rule_target(catalog, exact_target(catalog, path)) or own_path


def _index_file_target(catalog: Catalog, path: str) -> str:
    """Return the target of the index.html of a folder: that of a rule or of the site's permanent redirect of the folder.

    "" if there is neither, and if the folder has a document.
    """
    folder = path.removesuffix(INDEX_FILE)
    requested = place_of(folder)
    place = canonical_place(catalog, requested) if requested else None
    own_path = path_of(place) if place is not None and _has_target(catalog, place) else ""
    if own_path == folder:
        return ""
    if rule := rule_target(catalog, exact_target(catalog, path)):
        return rule
    if requested is None or place is None or without_slash(own_path) == without_slash(folder):
        return ""
    return own_path if is_permanent_redirect(requested, place) else ""


def wildcard_target(catalog: Catalog, path: str) -> str:
    """Return the target (a path, absolute address or GONE) that a rule with a "*" has for a path.

    "" if no such rule has a usable target, and for a path with a document or another redirect.
    """
    rule = rule_target(catalog, catalog.content.redirects.wildcard_target(path))
    is_free = rule and not catalog.content.addresses.find(path) and _target_without_wildcards(catalog, path) == ""
    return rule if is_free else ""


def exact_target(catalog: Catalog, path: str) -> str:
    """Return the target that a path has by an exact rule of redirects.yaml, else as a former address of an article.

    It need not be public. "" if the path has none.
    """
    if rule := catalog.content.redirects.exact_target(path):
        return rule
    article = catalog.content.addresses.find(path)
    return article_path(article.slug) if article else ""


def exact_redirects(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield (address, `redirect_target` of it) of the `exact_addresses` that redirect now: faster than one by one.

    The target may be GONE, or be that of a rule with a "*" or a redirect of the site instead of the rule's own.
    """
    rules, articles, targets = catalog.content.redirects.exact, catalog.content.addresses.articles, dict[str, str]()
    for address in exact_addresses(catalog):
        rule = rules.get(address) or article_path(articles[address].slug)
        if rule not in targets:
            targets[rule] = rule_target(catalog, rule)
        # An address of the form of a document may have one, and a rule with a "*" may hold for another address.
        is_certain = targets[rule] and not _may_have_document(catalog, address)
        if target := targets[rule] if is_certain else redirect_target(catalog, address):
            yield address, target


def exact_addresses(catalog: Catalog) -> Iterator[str]:
    """Yield the addresses without a query of exact rules, then those of articles, whether they redirect now or not."""
    rules = catalog.content.redirects
    yield from rules.path_addresses
    yield from (address for address in catalog.content.addresses.articles if "?" not in address and address not in rules.exact)


def query_redirects(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield (address, target) of the exact rules and former addresses of articles with a query that redirect now."""
    rules = catalog.content.redirects.exact
    former = ((address, article_path(article.slug)) for address, article in catalog.content.addresses.articles.items())
    for address, rule in chain(rules.items(), (pair for pair in former if pair[0] not in rules)):
        if "?" in address and (target := rule_target(catalog, rule)):
            yield address, target


def sources_of(catalog: Catalog, path: str) -> Iterator[str]:
    """Yield the addresses without a query that lead to a path by exact rules, or as those of an article, now or later.

    `path` must be decoded; a slash at its end does not matter.
    """
    rules = catalog.content.redirects
    yield from rules.sources_of(path)
    place = place_of(path)
    row = (catalog.visible.get(place.slug) or catalog.withdrawn.get(place.slug)) if isinstance(place, ArticleAt) else None
    for address in row.article.addresses if row else ():
        if "?" not in address:
            yield address
            yield from rules.sources_of(address)


def has_query_rules(catalog: Catalog) -> bool:
    """Return whether a request's query may decide where it leads."""
    return bool(catalog.content.redirects.parameter_sets or catalog.content.addresses.parameter_counts)


def _may_have_document(catalog: Catalog, path: str) -> bool:
    """Return whether a path may be that of a document: exact for a free place, always True for others, False for no place."""
    place = place_of(path)
    return _has_target(catalog, canonical_place(catalog, place)) if isinstance(place, FreePlace) else place is not None


def query_target(catalog: Catalog, path: str, query: str) -> str:
    """Return the target (a path, an absolute address or GONE) of the first rule with a query that holds for a requested path.

    "" if there is none. Rules whose target has no document are passed over. Such a rule comes before a document at the path.
    """
    articles = catalog.content.addresses.find_queries(path, query)
    targets = chain(catalog.content.redirects.query_targets(path, query), (article_path(article.slug) for article in articles))
    return next(filter(None, (rule_target(catalog, target) for target in targets)), "")


def rule_target(catalog: Catalog, target: str) -> str:
    """Return where the `target` of a rule leads now: of a path with a document, the canonical path; "" for a path without one.

    An absolute address and GONE are returned as they are. A path without a document may be an old address itself: its exact rule
    is followed.
    """
    for _ in range(_MAX_HOPS):
        if not target.startswith("/"):
            break
        place = place_of(target)
        canonical = canonical_place(catalog, place) if place else None
        if canonical is not None and _has_target(catalog, canonical):
            return path_of(canonical)
        target = exact_target(catalog, target)
    return target if not target.startswith("/") else ""


def _has_target(catalog: Catalog, place: Place) -> bool:
    """Return whether a rule may lead to a place: `has_document`, or a media file that is public."""
    return place.path in catalog.media if isinstance(place, FileAt) else has_document(catalog, place)


def changed_old_addresses(before: Catalog, now: Catalog, paths: AbstractSet[str]) -> Iterator[str]:
    """Yield the old addresses without a query, of exact rules and of articles, whose redirects may differ.

    `paths` are those of the documents that may differ.
    """
    rules = now.content.redirects
    yield from rules.changed_addresses(before.content.redirects)
    if rules or now.content.addresses.articles or before.content.addresses.articles:
        for path in paths:
            former, current = set(sources_of(before, path)), set(sources_of(now, path))
            yield from former ^ current
            if rule_target(before, path) != rule_target(now, path):
                yield from former & current
