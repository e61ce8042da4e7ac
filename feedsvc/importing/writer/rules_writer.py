"""Storage of the rules of an import: in redirects.yaml, in the base of the next import, and in the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from feedsvc.importing.source import Omission
from feedsvc.importing.writer.base import REDIRECTS, ImportBase, former_target
from feedsvc.importing.writer.folder_checks import explaining_errors
from feedsvc.importing.writer.redirect_table import RedirectTable
from feedsvc.importing.writer.redirects_file import RedirectsText, redirects_text, rule_key
from feedsvc.importing.writer.report import ImportReport
from feedsvc.importing.writer.settings import read_settings
from feedsvc.redirects import REDIRECTS_FILE, RedirectRules, normalize_address
from feedsvc.support.atomic_write import write_atomically


class StoredRules(NamedTuple):
    """Exact rules that redirects.yaml had before, and the paths of the posts of which rules could not be written."""

    before: Mapping[str, str]
    incomplete_posts: frozenset[str]


def store_rules(
    root: Path,
    table: RedirectTable,
    base: ImportBase,
    report: ImportReport,
    is_answered: Callable[[str, str], bool],
) -> StoredRules:
    """Add rules to redirects.yaml, change and remove those of the last import that are wrong now. A dry run writes no file.

    `is_answered` returns whether the newsroom has a document at an address (first argument) that a rule with a target (second)
    may hide. A rule of the last import that is not in `table` is removed if its address, or an address to which a "*" in `table`
    leads from there, has such a document, unless it leads there, too. Set `redirects` and `plain_host_gaps` of the report, and
    add omissions and a line about removed rules to it. Put the rules into `base`, except those of posts and those that could not
    be written, which the next import tries again. Raises FeedsvcError if the file cannot be written.
    """
    former = {old: target for old in base.keys(REDIRECTS) if (target := former_target(base, old))}
    rules = RedirectRules.from_addresses({normalize_address(old): target for old, target in table.exact.items()})
    obsolete = [
        old
        for old, target in former.items()
        if old not in table.exact
        if (addresses := [old, *filter(None, [rules.wildcard_target(old)])]) and target not in addresses
        if any(is_answered(address, target) for address in addresses)
    ]
    file = root / REDIRECTS_FILE
    data = read_settings(root, REDIRECTS_FILE)
    new = redirects_text(data, table.exact, former, earlier=table.earlier, obsolete=obsolete)
    if (new.added or new.removed) and not report.is_dry_run:
        with explaining_errors(file):
            write_atomically(file, new.text.encode())
    for old, target in table.exact.items():
        if old not in table.of_posts and old not in new.unwritten:
            base.put(REDIRECTS, old, target)
    for old in new.removed:
        base.put(REDIRECTS, old, "")  # no editor deleted it: a later import may need it again
    if new.removed:
        verb = "would be" if report.is_dry_run else "were"
        names = f"{REDIRECTS_FILE}: rules of the last import that hid a document {verb} removed: "
        report.settings.append(names + ", ".join(sorted(new.removed)))
    report.redirects = dict(new.added)
    report.omit([*table.omissions, *new.omissions, *_addresses_of_others(table, new)])
    report.plain_host_gaps = tuple(rules.plain_host_gaps)
    return StoredRules(new.exact_before, frozenset(table.of_posts[old] for old in new.unwritten & table.of_posts.keys()))


def _addresses_of_others(table: RedirectTable, new: RedirectsText) -> Iterator[Omission]:
    """Yield an omission for each address of a post from which redirects.yaml leads elsewhere already, such as to its double.

    A feed that has other ids than at the last import gives each article a double.
    """
    before = {rule_key(old): target for old, target in new.exact_before.items()}
    for old, path in table.of_posts.items():
        target = before.get(rule_key(old), path)
        if table.exact.get(old) == path != target and old not in new.added and old not in new.unwritten:
            reason = f"the file has a rule to {target} for this address; change the rule, or delete one of two equal articles"
            yield Omission(REDIRECTS_FILE, f"{old}: {path}", reason)
