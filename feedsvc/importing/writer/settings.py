"""Settings files of an import: site.yaml and the entries of categories.yaml, authors.yaml and tags.yaml.

A missing file is written. An existing site.yaml stays as it is; entries that another existing file lacks are appended to it.
All other differences are reported only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.context import References
from feedsvc.content.reading.entries import parse_entries
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, SITE_FILE, TAGS_FILE, known_names, parse_settings_file
from feedsvc.content.reading.site import parse_site
from feedsvc.content.safe_read import read_file
from feedsvc.content.schema.field_types import is_base_url, is_host, is_language_tag
from feedsvc.content.schema.validation import parse_site_value
from feedsvc.errors import ContentError, FeedsvcError, Problem
from feedsvc.importing.addresses import host_of
from feedsvc.importing.source import Omission, SourceSite, SourceSystem
from feedsvc.importing.writer.base import ENTRIES, ImportBase
from feedsvc.importing.writer.one_line import line_of, plain_line
from feedsvc.importing.writer.terms import TermTable
from feedsvc.importing.writer.values import digest_of
from feedsvc.importing.writer.yaml_text import format_entry, format_key
from feedsvc.model import FeedOptions, Site

_COMMENTS: Final[Mapping[str, str]] = {
    SITE_FILE: "The settings of the whole site. `feedsvc schema site` describes every key.",
    CATEGORIES_FILE: "The sections of the site: id -> title and description. An id is part of addresses: /category/guide/.",
    AUTHORS_FILE: "Everybody who writes: id -> name. What stands here is public.",
    TAGS_FILE: "Tags with a description, or with another name in former addresses. No other tag needs an entry.",
}
_HEADS: Final[Mapping[str, str]] = {
    file: f"# yaml-language-server: $schema=.feedsvc/schema/{file.removesuffix('.yaml')}.json\n# {comment}\n\n"
    for file, comment in _COMMENTS.items()
}
_MAX_ENTRIES: Final = 1000  # of a feed
_UNKNOWN_ENTRIES: Final = 10  # WordPress's default, and less than that of most other systems


class SettingsText(NamedTuple):
    """Text of a settings file after the import, and what could not be written into it.

    `lines` are the new digests of its entries for the base, by key, to be set once the file is written.
    """

    text: str
    omissions: tuple[Omission, ...] = ()
    lines: Mapping[str, str] = MappingProxyType({})


def site_keys(source: SourceSite, base_url: str, feed_entries: int, omissions: list[Omission]) -> dict[str, Any]:
    """Return the keys of site.yaml for a source. `base_url` and `feed_entries` replace those of the source, unless "" and 0.

    Add to `omissions` what the source lacks or cannot keep; a missing language becomes en, a missing time zone UTC. Raises
    FeedsvcError if `base_url`, or if that is "" the source's address, is none that a site can have.
    """
    address = (base_url or source.address).rstrip("/")
    if not is_base_url(address):
        given = base_url or source.address
        fault = f"'{given}' cannot be the address of a site" if given else "the source does not name its address"
        raise FeedsvcError(f"{fault}; give the address of the new site with --base-url https://example.org")
    host = host_of(address)
    line = line_of(is_exact=source.has_exact_texts)
    keys: dict[str, Any] = {"title": line(source.title) or host}
    if description := line(source.description):
        keys["description"] = description
    keys |= {"base_url": address, "id_domain": host if is_host(host) else "newsroom.example"}
    keys["language"] = _language(source, omissions)
    keys["timezone"] = _time_zone(source, omissions)
    keys["feed"] = {"entries": _feed_entries(source, feed_entries, omissions)}
    return keys


def _feed_entries(source: SourceSite, given: int, omissions: list[Omission]) -> int:
    """Return the number of entries of the feed for the new site.yaml, from 1 to 1,000.

    It is `given`, the operator's number; if that is 0, the number of the former feed; if that is unknown (0), 10. A number
    above 1,000 becomes 1,000; this and an unknown number add an omission. 10 is low on purpose: with more entries than the
    former feed had, subscribers would see old ones as new.
    """
    number = given or source.feed_entries
    if 1 <= number <= _MAX_ENTRIES:
        return number
    fallback = _MAX_ENTRIES if number else _UNKNOWN_ENTRIES
    known = f"a feed may not have {number} entries" if number else "the source does not say how many entries the former feed had"
    omissions.append(
        Omission("", "feed.entries", f"{known}; the new feed has {fallback}; change it with --feed-entries N or in {SITE_FILE}")
    )
    return fallback


def feed_entries_line(number: int) -> str:
    """Return the line of the report that says that the feed has as many entries as the former feed."""
    return f"feed.entries: {number}, as in the source; --feed-entries N, or {SITE_FILE}, changes it"


def email_lines(before: str, after: str, authors: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the line of the report about e-mail addresses that the import adds to authors.yaml, if it adds any."""
    emails = {author["email"] for author in authors if "email" in author}
    if count := sum(email in after and email not in before for email in emails):
        addresses = "1 e-mail address of an author, which" if count == 1 else f"{count} e-mail addresses of authors, which"
        yield f"{AUTHORS_FILE}: {addresses} the source published; feeds here do, too, unless you delete the key email"


def site_text(data: bytes | None, keys: Mapping[str, Any], since: datetime | None) -> SettingsText:
    """Return site.yaml with these keys. An existing file (`data`) stays as it is; each difference becomes an omission.

    Differences of title, base_url, language, timezone and feed.entries count. `since` is the date of the first post, None if
    there is none; its day becomes the key `since` of a new file, unless its year is before 1970 or after 9998.
    """
    if data is None:
        # `since` is part of the ids of feeds: the day of the first post is as good as any, and never changes.
        dated = {**keys, "since": f"{since:%Y-%m-%d}"} if since and since.year in range(1970, 9999) else dict(keys)
        return SettingsText(_HEADS[SITE_FILE] + "".join(format_key(key, value) for key, value in dated.items()))
    text = data.decode(errors="replace")
    value = parse_settings_file(SITE_FILE, data).value
    own = value if isinstance(value, dict) else {}
    return SettingsText(text, tuple(_differences(own, keys)))


def _differences(own: Mapping[str, Any], keys: Mapping[str, Any]) -> Iterator[Omission]:
    for key in ("title", "base_url", "language", "timezone", "feed"):
        mine, theirs = own.get(key), keys.get(key)
        if key == "feed":
            mine = mine.get("entries", FeedOptions().entries) if isinstance(mine, dict) else FeedOptions().entries
            theirs = keys["feed"]["entries"]
        if theirs is not None and mine is not None and mine != theirs:
            name = "feed.entries" if key == "feed" else key
            yield Omission(SITE_FILE, f"{name}: {theirs}", f"the file says {mine}, and stays as it is")


def entries_text(
    file: str,
    root: Path,
    data: bytes | None,
    entries: Mapping[str, Mapping[str, Any]],
    base: ImportBase,
    *,
    terms: TermTable,
) -> SettingsText:
    """Return categories.yaml, authors.yaml or tags.yaml (`file`) with the entries that it lacks appended. Nothing is written.

    `data` is the file as it is, None for a new one; its entries stay as they are. `entries` has the keys of each entry by id.
    An entry that was in the base, but is not in the file any more, was deleted by an editor and is not appended again. One that
    changed at the source since the last import becomes an omission, and so does one of an earlier import to whose articles the
    mapping gives another id. One of which this source says less, because only posts name it, has not changed.
    """
    known = {unicodedata.normalize("NFC", name) for name in (known_names(root, file) if data is not None else ())}
    missing: dict[str, Mapping[str, Any]] = {}
    omissions = [*_former_entries(file, data, base, terms.former_ids(file))]
    unlisted = terms.unlisted_ids(file)
    lines: dict[str, str] = {}
    for entry_id, keys in entries.items():
        line = base.get(ENTRIES, f"{file} {entry_id}")
        if entry_id in known and line and entry_id in unlisted:
            lines[f"{file} {entry_id}"] = line[0]
            continue
        if entry_id in known:
            omissions += _entry_change(file, entry_id, keys, line)
        elif line:
            continue
        else:
            missing[entry_id] = _without_aliases(keys, known)
            known.update((entry_id, *keys.get("aliases", ())))
        lines[f"{file} {entry_id}"] = _digest(keys)
    text = data.decode(errors="replace") if data is not None else ""
    if not missing:
        return SettingsText(text, tuple(omissions), lines)
    head = "" if data is not None else _HEADS[file]
    appended = _append(text or head, "".join(format_entry(entry_id, dict(keys)) for entry_id, keys in missing.items()))
    return SettingsText(appended, tuple(omissions), lines)


def _former_entries(file: str, data: bytes | None, base: ImportBase, former_ids: Mapping[str, str]) -> Iterator[Omission]:
    own = parse_settings_file(file, data).value if data else None
    for entry_id, new in former_ids.items():
        if isinstance(own, dict) and entry_id in own and base.has(ENTRIES, f"{file} {entry_id}"):
            remedy = f"; write {entry_id} into the aliases of {new}, so that its address redirects" if new else ""
            use = f"articles of the source have {new} in its place" if new else "no article of the source has it"
            yield Omission(file, entry_id, f"{use} because of the map; delete the entry if no other article has it{remedy}")


def _entry_change(file: str, entry_id: str, keys: Mapping[str, Any], line: tuple[str, ...]) -> Iterator[Omission]:
    # Earlier versions of feedsvc stored the digest of all keys.
    if line and line[0] not in (_digest(keys), digest_of(dict(keys))):
        title = keys.get("title") or keys.get("name")
        yield Omission(file, f"{entry_id}: {title}", "this entry changed at the source; the file stays as it is")


def _digest(keys: Mapping[str, Any]) -> str:
    """Return a digest of what the source states of an entry. Its aliases may come from the map."""
    return digest_of({key: value for key, value in keys.items() if key != "aliases"})


def _without_aliases(keys: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """Return the keys of an entry without the aliases that are in `known`."""
    aliases = [alias for alias in keys.get("aliases", ()) if alias not in known]
    others = {key: value for key, value in keys.items() if key != "aliases"}
    return others | ({"aliases": aliases} if aliases else {})


def _append(text: str, addition: str) -> str:
    """Return a text with lines appended, with line ends of Windows if it has these."""
    addition = f"{'' if not text or text.endswith(chr(10)) else chr(10)}{addition}"
    return text + (addition.replace("\n", "\r\n") if "\r\n" in text else addition)


def check_entries(file: str, text: str, references: References) -> tuple[Problem, ...]:
    """Return the problems, warnings among them, of a text of categories.yaml, authors.yaml or tags.yaml."""
    return parse_entries(file, text.encode(), references).problems


def parsed_references(root: Path, site: Site, texts: Mapping[str, str]) -> References:
    """Return the site, media, categories and authors that articles may refer to, from the texts of the settings files by name.

    Invalid entries are left out.
    """
    media = MediaFolder(root)
    references = References(site=site, media=media)
    entries = {file: parse_entries(file, texts[file].encode(), references).entries for file in (CATEGORIES_FILE, AUTHORS_FILE)}
    return References(site=site, media=media, categories=entries[CATEGORIES_FILE], authors=entries[AUTHORS_FILE])  # type: ignore[arg-type]


def parse_site_or_raise(root: Path, text: str) -> Site:
    """Return the site of `text`, that of site.yaml. Raises ContentError, with all problems, if it is not valid."""
    site, problems = parse_site(text.encode(), MediaFolder(root))
    if any(problem.severity == "error" for problem in problems):
        raise ContentError(f"{SITE_FILE} is not valid; correct it, and import again", problems)
    return site


def read_settings(root: Path, file: str) -> bytes | None:
    """Return the bytes of a settings file, None if there is none. Raises ContentError if it cannot be read."""
    data = read_file(root, file)
    if isinstance(data, Problem):
        raise ContentError(f"{file} cannot be read; correct that, and import again", (data,))
    return data


def _language(source: SourceSite, omissions: list[Omission]) -> str:
    language = source.language.strip().replace("_", "-")
    if is_language_tag(language):
        return language
    if language:
        omissions.append(Omission("", f"language: {plain_line(language)[:80]}", "it is no language tag; the site gets en"))
    return "en"


def _time_zone(source: SourceSite, omissions: list[Omission]) -> str:
    if not source.time_zone and source.system is not SourceSystem.FEED:
        omissions.append(Omission("", "timezone", f"an export does not name it; the site gets UTC, as {SITE_FILE} says"))
    try:
        return parse_site_value("timezone", source.time_zone or "UTC")
    except ValueError:
        omissions.append(
            Omission("", f"timezone: {plain_line(source.time_zone)[:80]}", "no such zone is known; the site gets UTC")
        )
        return "UTC"
