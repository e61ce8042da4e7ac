"""Storage of the rules of an import: in redirects.yaml, in the base of the next import, and in the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from feedsvc.importing.writer.base import REDIRECTS, ImportBase
from feedsvc.importing.writer.folder_checks import explaining_errors
from feedsvc.importing.writer.redirects import RedirectTable
from feedsvc.importing.writer.redirects_file import redirects_text
from feedsvc.importing.writer.report import ImportReport
from feedsvc.redirects import REDIRECTS_FILE, RedirectRules, normalize_address, parse_pattern, plain_host_gaps
from feedsvc.support.atomic_write import write_atomically


def store_rules(root: Path, table: RedirectTable, base: ImportBase, report: ImportReport) -> Mapping[str, str]:
    """Add rules to redirects.yaml, and return the exact rules that it had before. A dry run writes no file.

    Set `redirects` and `plain_host_gaps` of the report, and add its omissions. Put the rules into `base`, except those of posts.
    A rule that could not be written is not put there: the next import tries again. Raises FeedsvcError if the file cannot be
    written.
    """
    former = {old: base.get(REDIRECTS, old)[0] for old in base.keys(REDIRECTS)}
    file = root / REDIRECTS_FILE
    new = redirects_text(file.read_bytes() if file.is_file() else None, table.exact, table.patterns, former)
    if new.added and not report.is_dry_run:
        with explaining_errors(file):
            write_atomically(file, new.text.encode())
    for old, target in {**table.exact, **table.patterns}.items():
        if old not in table.of_posts and old not in new.unwritten:
            base.put(REDIRECTS, old, target)
    report.redirects = dict(new.added)
    report.omit([*table.omissions, *new.omissions])
    rules = RedirectRules(
        {normalize_address(old): target for old, target in table.exact.items()},
        tuple(parse_pattern(old, target) for old, target in table.patterns.items()),
    )
    report.plain_host_gaps = plain_host_gaps(rules)
    return new.exact_before
