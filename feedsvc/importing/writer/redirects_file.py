"""redirects.yaml after an import: rules that an import wrote follow the source, and all others stay, as do comments and order."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from feedsvc import routes
from feedsvc.content.yaml import parse_yaml
from feedsvc.importing.source import Omission
from feedsvc.importing.writer.base import REDIRECTS, ImportBase
from feedsvc.importing.writer.redirects import PLACES, PathCheck, RedirectTable, decoded_path, rule_key
from feedsvc.importing.writer.report import ImportReport
from feedsvc.importing.writer.settings import explain_errors, read_settings
from feedsvc.redirects import GONE, REDIRECTS_FILE, RedirectRules, render_redirects_file
from feedsvc.support.atomic_write import write_atomically

_EXACT_LINE: Final = re.compile(r"^exact:[ \t]*\n", re.MULTILINE)
_BYTE_ORDER_MARK: Final = "\ufeff"
_MAX_OMISSIONS: Final = 1000  # rules with one reason that are listed; further ones are counted


def store_rules(root: Path, table: RedirectTable, base: ImportBase, report: ImportReport, exists: PathCheck) -> Mapping[str, str]:
    """Add rules to redirects.yaml, change and remove those of the last import that are wrong now. A dry run writes no file.

    Return the rules that the file had before. A rule of the last import that is not in `table` is removed if it says GONE, or
    hides a listing. Set `redirects` and `plain_host_gaps` of the report, and put the rules that the file has into `base`. Raises
    FeedsvcError if the file cannot be written.
    """
    original = (read_settings(root, REDIRECTS_FILE) or b"").decode()  # `check_folder` has refused other bytes
    text = original.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")
    own, last = _rules_of(text), {old: entry.path for old, entry in base.entries(REDIRECTS).items()}
    changes = _changes(own, last, table.rules, exists)
    report.omit((*table.omissions, *_rules_of_others(own, last, table.rules, changes)))
    after, unwritten = _edit(text, own, changes)
    report.omit(_unwritten(changes, unwritten))
    written = {old: target for old, target in changes.items() if old not in unwritten}
    # No editor deleted a rule that is removed here: a later import may need it again.
    for old, target in {**table.rules, **{old: "" for old, target in written.items() if not target}}.items():
        if old not in unwritten:
            base.put(REDIRECTS, old, target)
    if written and not report.is_dry_run:
        _write(root, original, after)
    _report_rules(report, table, written)
    return own


def _write(root: Path, original: str, text: str) -> None:
    """Write redirects.yaml. Line ends of Windows, and a byte order mark, stay as they were."""
    mark = _BYTE_ORDER_MARK if original.startswith(_BYTE_ORDER_MARK) else ""
    after = text.replace("\n", "\r\n") if "\r\n" in original else text
    with explain_errors(root / REDIRECTS_FILE):
        write_atomically(root / REDIRECTS_FILE, f"{mark}{after}".encode())


def _report_rules(report: ImportReport, table: RedirectTable, written: Mapping[str, str]) -> None:
    if removed := sorted(old for old, target in written.items() if not target):
        verb = "would be" if report.is_dry_run else "were"
        names = ", ".join(removed)
        report.settings.append(f"{REDIRECTS_FILE}: rules of the last import that hid a document {verb} removed: {names}")
    report.redirects = {old: target for old, target in written.items() if target}
    rules = RedirectRules.from_addresses({decoded_path(old): target for old, target in table.rules.items()})
    report.plain_host_gaps = tuple(rules.plain_host_gaps)


def _rules_of(text: str) -> dict[str, str]:
    value: Any = parse_yaml(REDIRECTS_FILE, text).value if text.strip() else None
    exact = value.get("exact") if isinstance(value, dict) else None
    return {str(old): str(new) for old, new in exact.items()} if isinstance(exact, dict) else {}


def _changes(own: Mapping[str, str], last: Mapping[str, str], wanted: Mapping[str, str], exists: PathCheck) -> dict[str, str]:
    """Return the rules to add to the file's `own` or to change; those with the target "" are to be removed."""
    known = {rule_key(old) for old in own}
    changes = {
        old: target
        for old, target in wanted.items()
        if (own[old] == last.get(old) != target if old in own else not last.get(old) and rule_key(old) not in known)
        # A feed does not say that an older post is gone: it may have new ids, and each article a double.
        if not (exists.is_feed and isinstance(routes.place_of(own.get(old, "")), PLACES) and own[old] not in exists.planned)
    }
    for old, target in last.items():
        if old not in wanted and target and own.get(old) == target and (target == GONE or _hides_listing(old, target, exists)):
            changes[old] = ""
    return changes


def _rules_of_others(
    own: Mapping[str, str], last: Mapping[str, str], wanted: Mapping[str, str], changes: Mapping[str, str]
) -> Iterator[Omission]:
    """Yield an omission for each new rule of a post for whose address the file leads elsewhere already, such as to its double."""
    known = {rule_key(old): target for old, target in own.items()}
    for old, target in wanted.items():
        mine = known.get(rule_key(old), target)
        if mine != target != last.get(old) and old not in changes and isinstance(routes.place_of(target), PLACES):
            reason = f"the file has a rule to {mine} for this address; change the rule, or delete one of two equal articles"
            yield Omission(REDIRECTS_FILE, f"{old}: {target}", reason)


def _hides_listing(address: str, target: str, exists: PathCheck) -> bool:
    """Return whether a rule hides a category, an author or a tag of the source, to which it does not lead itself."""
    place, end = routes.place_of(address), routes.place_of(target)
    if not isinstance(place, routes.PageAt | routes.FeedAt) or getattr(end, "listing", None) == place.listing:
        return False
    return exists.terms.has_listing(place.listing.kind, place.listing.id)


def _edit(text: str, own: Mapping[str, str], changes: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    """Return the text with changed rules, and the addresses of those that its form does not allow to write safely."""
    expected = {old: target for old, target in {**own, **changes}.items() if target}
    if not text.strip() or text == render_redirects_file(own):
        return render_redirects_file(expected) or text, frozenset()
    old_lines = {_rule_line(old, own[old]): old for old in changes if old in own}
    unwritten, lines = set(old_lines.values()), list[str]()
    for line in text.splitlines(keepends=True):
        old = old_lines.get(line, "")
        unwritten.discard(old)
        lines.append(line if not old else _rule_line(old, changes[old]) if changes[old] else "")
    after = "".join(lines)
    added = render_redirects_file({old: target for old, target in changes.items() if old not in own})
    if added:  # at the beginning of the block, so that comments stay
        match = _EXACT_LINE.search(after)
        start = after[: match.end()] if match else f"{after}{'' if after.endswith(chr(10)) else chr(10)}"
        after = start + (added.removeprefix("exact:\n") + after[match.end() :] if match else added)
    expected |= {old: own[old] for old in unwritten}
    if parse_yaml(REDIRECTS_FILE, after).problems or _rules_of(after) != expected:
        return text, frozenset(changes)
    return after, frozenset(unwritten)


def _rule_line(old: str, target: str) -> str:
    return render_redirects_file({old: target}).removeprefix("exact:\n")


def _unwritten(changes: Mapping[str, str], unwritten: Collection[str]) -> Iterator[Omission]:
    rules = {old: target for old, target in changes.items() if old in unwritten}
    reason = f"the rule cannot be added or changed safely in {REDIRECTS_FILE}: add it by hand"
    for old, target in islice(rules.items(), _MAX_OMISSIONS):
        yield Omission(REDIRECTS_FILE, f"{old}: {target or 'no rule any more'}", reason)
    if len(rules) > _MAX_OMISSIONS:
        yield Omission(REDIRECTS_FILE, f"{len(rules) - _MAX_OMISSIONS:,} more rules", reason)
