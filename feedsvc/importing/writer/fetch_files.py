"""Step of an import that gets the files of the posts: from the source's hosts or a folder, or only their paths in a dry run."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from feedsvc.importing.source import Omission
from feedsvc.importing.writer.media import MediaLibrary
from feedsvc.importing.writer.media_forecast import MediaForecast
from feedsvc.importing.writer.media_sources import MediaOrigin
from feedsvc.importing.writer.progress import ImportProgress
from feedsvc.importing.writer.report import ImportReport

_STAY: Final = "they stay at their addresses"


def fetch_files(
    addresses: Collection[str],
    origin: MediaOrigin | None,
    *,
    library: MediaLibrary,
    forecast: MediaForecast,
    report: ImportReport,
    progress: ImportProgress,
) -> None:
    """Fetch the files that are not in media/ yet from `addresses` at hosts of `origin`, and count them in the report.

    A file that a folder has with other bytes than at the last import is fetched again, under another name. A dry run only
    forecasts paths. Files at other hosts, and all if `origin` is None (--no-media), stay at their addresses, with one omission
    for them all; a file that cannot be fetched has an omission of its own.
    """
    missing = library.missing(addresses)
    report.files.kept = report.files.total = len(addresses) - len(missing)
    if origin is None:
        report.files.total, report.fetches_files = len(addresses), False
        report.omit(_uncollected(len(missing), "", f"{_STAY}, because of --no-media"))
        return
    replaced = library.replaced(addresses, origin)
    report.files.kept -= len(replaced)
    report.files.total -= len(replaced)
    missing += replaced
    wanted = [address for address in missing if origin.has(address)]
    report.files.total += len(wanted)
    reason = f"{_STAY}; --allow-host HOST fetches those of a host"
    report.omit(_uncollected(len(missing) - len(wanted), " at other hosts", reason))
    results = forecast.add(wanted, origin) if report.is_dry_run else library.fetch(wanted, origin)
    for address, omission in zip(wanted, progress("Fetching files", results, len(wanted)), strict=True):
        report.files.kept += omission is None and library.is_there(address)
        report.omit([omission] if omission else [])


def _uncollected(count: int, where: str, reason: str) -> Iterator[Omission]:
    if count:
        yield Omission("", f"{count} file{'' if count == 1 else 's'}{where}", reason)
