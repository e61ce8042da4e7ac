"""Settings files of an import: site.yaml and the entries of categories.yaml, authors.yaml and tags.yaml.

A missing file is written. An existing site.yaml stays as it is; entries that another existing file lacks are appended to it.
All other differences are reported only.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.context import References
from feedsvc.content.reading.entries import parse_entries
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, SITE_FILE, TAGS_FILE, names_in, parse_settings_file
from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.reading.site import parse_site
from feedsvc.content.safe_read import read_file
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.content.schema.field_types import is_base_url, is_host, is_language_tag
from feedsvc.content.schema.validation import parse_site_value
from feedsvc.content.yaml import format_scalar
from feedsvc.errors import ContentError, FeedsvcError, Problem
from feedsvc.importing.addresses import host_of
from feedsvc.importing.source import Omission, SourceSite, SourceSystem
from feedsvc.importing.writer.article_files import format_key
from feedsvc.importing.writer.base import ENTRIES, IMPORT_FOLDER, WRITTEN, ImportBase
from feedsvc.importing.writer.names import line_of, plain_line
from feedsvc.importing.writer.report import ImportReport
from feedsvc.importing.writer.terms import EntryKeys, TermTable
from feedsvc.model import FeedOptions, Site
from feedsvc.redirects import REDIRECTS_FILE
from feedsvc.support.atomic_write import write_atomically

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
_UNKNOWN_ENTRIES: Final = 10  # WordPress's default; with more than the former feed had, subscribers would see old ones as new
_FOLDERS: Final = (ARTICLES_FOLDER, PAGES_FOLDER, "media", ".feedsvc", IMPORT_FOLDER)


def check_folder(root: Path) -> None:
    """Raise FeedsvcError if something else is where an import needs a folder or file, or if the parent folder is a newsroom.

    Each folder and file may be missing. Permissions are not checked.
    """
    for folder in (root, *(root / name for name in _FOLDERS)):
        if os.path.lexists(folder) and not folder.is_dir():
            remedy = "give another name" if folder == root else "move it away, and import again"
            raise FeedsvcError(f"{folder} is not a folder, and nothing was written; {remedy}")
    for file in (root / name for name in (*_COMMENTS, REDIRECTS_FILE)):
        if os.path.lexists(file) and not file.is_file():
            raise FeedsvcError(f"{file} is not a file, and nothing was written; move it away, and import again")
    parent = root.resolve().parent
    if (parent / SITE_FILE).exists():
        raise FeedsvcError(
            f"{root} would be inside a newsroom, because {parent} has {SITE_FILE}, and nothing was written; give that folder, "
            "or one outside it"
        )


@contextmanager
def explain_errors(path: Path) -> Iterator[None]:
    """Raise FeedsvcError with what to do for an OSError in the block, which writes `path`."""
    try:
        yield
    except OSError as error:
        raise FeedsvcError(f"{path} cannot be written ({error.strerror}); give a folder that you may write to") from None


def write_settings(root: Path, file: str, text: str, before: bytes | None, report: ImportReport) -> None:
    """Write a settings file unless it has this text, and add a line to the report. A dry run only adds the line."""
    if text.encode() == (before or b""):
        return
    verb = "would be" if report.is_dry_run else "was"
    report.settings.append(f"{file} {verb} {'written' if before is None else 'extended'}")
    if not report.is_dry_run:
        with explain_errors(root / file):
            write_atomically(root / file, text.encode())


def read_settings(root: Path, file: str) -> bytes | None:
    """Return the bytes of a settings file, None if there is none. Raises ContentError if it cannot be read."""
    data = read_file(root, file)
    if isinstance(data, Problem):
        raise ContentError(f"{file} cannot be read; correct that, and import again", (data,))
    return data


# --- site.yaml


def site_keys(source: SourceSite, base_url: str, feed_entries: int, report: ImportReport) -> dict[str, Any]:
    """Return the keys of site.yaml for a source. `base_url` and `feed_entries` replace those of the source, unless "" and 0.

    The report gets what the source lacks or cannot keep; a missing language becomes en, a missing time zone UTC. Raises
    FeedsvcError if `base_url`, or if that is "" the source's address, is none that a site can have.
    """
    address = (base_url or source.address).rstrip("/")
    if not is_base_url(address):
        given = base_url or source.address
        fault = f"'{given}' cannot be the address of a site" if given else "the source does not name its address"
        raise FeedsvcError(f"{fault}; give the address of the new site with --base-url https://example.org")
    host, line = host_of(address), line_of(is_exact=source.has_exact_texts)
    keys: dict[str, Any] = {"title": line(source.title) or host}
    if description := line(source.description):
        keys["description"] = description
    keys |= {"base_url": address, "id_domain": host if is_host(host) else "newsroom.example"}
    keys["language"], keys["timezone"] = _language(source, report), _time_zone(source, report)
    return keys | {"feed": {"entries": _feed_entries(source, feed_entries, report)}}


def _language(source: SourceSite, report: ImportReport) -> str:
    language = source.language.strip().replace("_", "-")
    if is_language_tag(language):
        return language
    if language:
        report.omit([Omission("", f"language: {plain_line(language)[:80]}", "it is no language tag; the site gets en")])
    return "en"


def _time_zone(source: SourceSite, report: ImportReport) -> str:
    if not source.time_zone and source.system is not SourceSystem.FEED:
        report.omit([Omission("", "timezone", f"an export does not name it; the site gets UTC, as {SITE_FILE} says")])
    try:
        return parse_site_value("timezone", source.time_zone or "UTC")
    except ValueError:
        what = f"timezone: {plain_line(source.time_zone)[:80]}"
        report.omit([Omission("", what, "no such zone is known; the site gets UTC")])
        return "UTC"


def _feed_entries(source: SourceSite, given: int, report: ImportReport) -> int:
    """Return the number of entries of the feed for the new site.yaml: `given`, that of the former feed, or 10; at most 1,000."""
    number = given or source.feed_entries
    if 1 <= number <= _MAX_ENTRIES:
        return number
    fallback = _MAX_ENTRIES if number else _UNKNOWN_ENTRIES
    known = f"a feed may not have {number} entries" if number else "the source does not say how many entries the former feed had"
    reason = f"{known}; the new feed has {fallback}; change it with --feed-entries N or in {SITE_FILE}"
    report.omit([Omission("", "feed.entries", reason)])
    return fallback


def site_text(data: bytes | None, keys: Mapping[str, Any], since: datetime | None) -> str:
    """Return site.yaml with these keys; an existing file (`data`) stays as it is.

    `since` is the date of the first post, None if there is none; its day becomes the key `since` of a new file, unless its year
    is before 1970 or after 9998. It is part of the ids of feeds: the day of the first post never changes.
    """
    if data is not None:
        return data.decode(errors="replace")
    dated = {**keys, "since": f"{since:%Y-%m-%d}"} if since and since.year in range(1970, 9999) else keys
    return _HEADS[SITE_FILE] + "".join(format_key(key, value) for key, value in dated.items())


def site_differences(data: bytes | None, keys: Mapping[str, Any]) -> Iterator[Omission]:
    """Yield an omission for title, base_url, language, timezone and feed.entries of an existing site.yaml that differ."""
    value = parse_settings_file(SITE_FILE, data).value if data else None
    own = value if isinstance(value, dict) else {}
    feed = own.get("feed")
    entries = feed.get("entries") if isinstance(feed, dict) else None
    pairs = {key: (own.get(key), keys.get(key)) for key in ("title", "base_url", "language", "timezone")}
    pairs["feed.entries"] = (entries or FeedOptions().entries, keys["feed"]["entries"])
    for name, (mine, theirs) in pairs.items() if data is not None else ():
        if theirs is not None and mine is not None and mine != theirs:
            yield Omission(SITE_FILE, f"{name}: {theirs}", f"the file says {mine}, and stays as it is")


def parse_site_or_raise(root: Path, text: str) -> Site:
    """Return the site of `text`, that of site.yaml. Raises ContentError, with all problems, if it is not valid."""
    site, problems = parse_site(text.encode(), MediaFolder(root))
    if any(problem.severity == "error" for problem in problems):
        raise ContentError(f"{SITE_FILE} is not valid; correct it, and import again", problems)
    return site


# --- entries


def write_entries(root: Path, site: Site, terms: TermTable, base: ImportBase, report: ImportReport) -> Mapping[str, str]:
    """Append the entries that categories.yaml, authors.yaml and tags.yaml lack, and return the texts by name of file.

    One that is in the base, but not in the file any more, was deleted by an editor and is not added again. If a file has
    problems, or an unusual form, nothing can be appended to it safely, and the report says so.
    """
    texts, references = dict[str, str](), References(site=site, media=MediaFolder(root))
    for file, entries in terms.entries().items():
        data = read_settings(root, file)
        texts[file] = before = (data or b"").decode(errors="replace")
        missing = _missing_entries(file, data, entries, base)
        if missing:
            texts[file] = _append(before if data is not None else _HEADS[file], "".join(map(_format_entry, missing.items())))
            if problems := parse_entries(file, texts[file].encode(), references).problems:
                reason = f"they cannot be added safely ({problems[0]}); add them by hand"
                report.omit([Omission(file, "new entries", reason)])
                texts[file], missing = before, {}
        write_settings(root, file, texts[file], data, report)
        for entry_id in entries.keys() & {*names_in(file, texts[file].encode())}:
            base.put(ENTRIES, f"{file} {entry_id}", entry_id, WRITTEN)
        if count := sum("email" in keys for keys in missing.values()):
            addresses = "1 e-mail address of an author" if count == 1 else f"{count} e-mail addresses of authors"
            line = f"{file}: {addresses}, not public here; show_email: true shows one in Atom and on the author's page"
            report.settings.append(line)
    return texts


def _missing_entries(file: str, data: bytes | None, entries: Mapping[str, EntryKeys], base: ImportBase) -> dict[str, EntryKeys]:
    """Return the entries that a file lacks, without aliases that it has."""
    missing, used = dict[str, EntryKeys](), {unicodedata.normalize("NFC", name) for name in names_in(file, data or b"")}
    for entry_id, keys in entries.items():
        if entry_id not in used and not base.get(ENTRIES, f"{file} {entry_id}").digest:
            aliases = [alias for alias in keys.get("aliases", ()) if alias not in used]
            others = {key: value for key, value in keys.items() if key != "aliases"}
            missing[entry_id] = others | ({"aliases": aliases} if aliases else {})
            used.update((entry_id, *aliases))
    return missing


def _format_entry(entry: tuple[str, EntryKeys]) -> str:
    entry_id, keys = entry
    return f"{format_scalar(entry_id)}:\n" + "".join(f"  {format_key(key, value)}" for key, value in keys.items())


def _append(text: str, addition: str) -> str:
    """Return a text with lines appended, with line ends of Windows if it has these."""
    addition = f"{'' if not addition or not text or text.endswith(chr(10)) else chr(10)}{addition}"
    return text + (addition.replace("\n", "\r\n") if "\r\n" in text else addition)


def parsed_references(root: Path, site: Site, texts: Mapping[str, str], media: MediaFolder) -> References:
    """Return the site, media, categories and authors that articles may refer to, from the texts of the settings files by name.

    Invalid entries are left out.
    """
    references = References(site=site, media=MediaFolder(root))
    entries = {file: parse_entries(file, texts[file].encode(), references).entries for file in (CATEGORIES_FILE, AUTHORS_FILE)}
    return References(site=site, media=media, categories=entries[CATEGORIES_FILE], authors=entries[AUTHORS_FILE])  # type: ignore[arg-type]
