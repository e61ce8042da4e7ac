"""redirects.yaml after an import: a new file, or the existing one with the rules that it lacks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from feedsvc.content.yaml import parse_yaml
from feedsvc.importing.source import Omission
from feedsvc.redirects import REDIRECTS_FILE, normalize_address, render_redirects_file, without_slash

_EXACT_LINE: Final = re.compile(r"^exact:[ \t]*\n", re.MULTILINE)
_BYTE_ORDER_MARK: Final = "\ufeff"
_NO_RULES: Final[Mapping[str, str]] = MappingProxyType({})
_NO_TARGETS: Final[Mapping[str, Collection[str]]] = MappingProxyType({})
_MAX_OMISSIONS: Final = 1000  # rules with one reason that are listed; further ones are counted
_REMOVAL: Final = "no rule any more"


class RedirectsText(NamedTuple):
    """Text of redirects.yaml. `added` are its new rules, and those with another target than before. `exact_before` are its
    exact rules before.

    `unwritten` are the old addresses of the rules that could not be added, changed or removed; they have omissions. `removed` are
    those of the rules of the last import that were removed.
    """

    text: str
    added: Mapping[str, str]
    omissions: tuple[Omission, ...] = ()
    exact_before: Mapping[str, str] = _NO_RULES
    unwritten: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


def redirects_text(
    data: bytes | None,
    exact: Mapping[str, str],
    former: Mapping[str, str] = _NO_RULES,
    *,
    earlier: Mapping[str, Collection[str]] = _NO_TARGETS,
    obsolete: Collection[str] = (),
) -> RedirectsText:
    """Return redirects.yaml with these rules. The rules, comments and order of an existing file (`data`) stay.

    `former` are the rules of the last import, old address -> target; `earlier` the targets of those that other imports may
    have written; `obsolete` the addresses of `former` whose rules must be removed. A rule that the file has for the same address
    stays unless it is in `former` or `earlier` with this target, since an editor may have changed it. A rule in `former` that
    the file lacks is not added: an editor deleted it. What cannot be changed in the file becomes an omission.
    """
    last = {**earlier, **{old: (target,) for old, target in former.items()}}
    added = {old: target for old, target in exact.items() if old not in former}
    original = (data or b"").decode()  # `check_folder` has refused other bytes
    text = original.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")
    if not text.strip():
        return RedirectsText(render_redirects_file(added) or text, added)
    own = _rules_of(parse_yaml(REDIRECTS_FILE, text).value)
    known = {rule_key(old) for old in own}
    new = {old: target for old, target in added.items() if rule_key(old) not in known}
    removed = {old: "" for old in obsolete if own.get(old, "") == former.get(old)}
    changed = {**_changed(own, exact, last), **removed}
    result = _edit(text, own, new, changed)
    # Editors on Windows have other line ends, and perhaps a byte order mark: both stay.
    after = result.text.replace("\n", "\r\n") if "\r\n" in original else result.text
    mark = _BYTE_ORDER_MARK if original.startswith(_BYTE_ORDER_MARK) else ""
    return result._replace(text=f"{mark}{after}")


def _edit(text: str, own: Mapping[str, str], new: Mapping[str, str], changed: Mapping[str, str]) -> RedirectsText:
    """Return the text with new and changed rules; rules that its form does not allow to write safely become omissions.

    In `changed`, the target "" removes a rule.
    """
    omissions, unwritten = tuple[Omission, ...](), frozenset[str]()
    if text == render_redirects_file(own):
        after: str | None = render_redirects_file(_apply(own, new, changed))
    else:
        after, missing = _change_lines(text, own, changed)
        reason = f"the rule has this target now, but cannot be changed safely in {REDIRECTS_FILE}: change it by hand"
        omissions, unwritten = tuple(_omissions(missing, reason)), frozenset(missing)
        changed = {old: target for old, target in changed.items() if old not in missing}
        after = _insert_rules(after, _apply(own, new, changed), new)
    rules = {**new, **changed}
    if after is None:
        reason = f"the rule cannot be added safely to {REDIRECTS_FILE}: add it by hand"
        omissions += tuple(_omissions(rules, reason))
        return RedirectsText(text, {}, omissions, own, unwritten.union(rules))
    written = {old: target for old, target in rules.items() if target}
    return RedirectsText(after, written, omissions, own, unwritten, frozenset(rules.keys() - written))


def _changed(own: Mapping[str, str], wanted: Mapping[str, str], last: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Return the wanted rules that a file has as an import wrote them, and with another target. `last` are those targets."""
    return {old: new for old, new in wanted.items() if own.get(old) in {*last.get(old, ())} - {new}}


def _apply(own: Mapping[str, str], new: Mapping[str, str], changed: Mapping[str, str]) -> dict[str, str]:
    return {old: target for old, target in {**own, **new, **changed}.items() if target}


def _omissions(rules: Mapping[str, str], reason: str) -> Iterator[Omission]:
    yield from (
        Omission(REDIRECTS_FILE, f"{old}: {new or _REMOVAL}", reason) for old, new in islice(rules.items(), _MAX_OMISSIONS)
    )
    if len(rules) > _MAX_OMISSIONS:
        yield Omission(REDIRECTS_FILE, f"{len(rules) - _MAX_OMISSIONS:,} more rules", reason)


def _rules_of(value: Any) -> dict[str, str]:
    exact = value.get("exact") if isinstance(value, dict) else None
    return {str(old): str(new) for old, new in exact.items()} if isinstance(exact, dict) else {}


def rule_key(old: str) -> str:
    """Return a key that is equal for addresses of rules that differ in their spelling or in a slash at the end only."""
    try:
        return without_slash(normalize_address(old))
    except ValueError:
        return old


def _change_lines(text: str, own: Mapping[str, str], changed: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the text with `changed` in place of lines that an import wrote, and the rules whose lines have another form."""
    old_lines = {_exact_line(old, own[old]): old for old in changed}
    missing, lines = dict(changed), list[str]()
    for line in text.splitlines(keepends=True):
        old = old_lines.get(line, "")
        if old and missing.pop(old, None) is not None:
            line = _exact_line(old, changed[old]) if changed[old] else ""  # noqa: PLW2901
        lines.append(line)
    return "".join(lines), missing


def _exact_line(old: str, target: str) -> str:
    return render_redirects_file({old: target}).removeprefix("exact:\n")


def _insert_rules(text: str, expected: Mapping[str, str], new: Mapping[str, str]) -> str | None:
    """Return the text with the rules `new` at the beginning of their block, so that comments stay.

    None if it then has errors or other rules than `expected`, all that the file must have.
    """
    after = text if text.endswith("\n") or not new else f"{text}\n"
    if new:
        match = _EXACT_LINE.search(after)
        lines = render_redirects_file(new)
        below = lines.removeprefix("exact:\n")
        after = f"{after[: match.end()]}{below}{after[match.end() :]}" if match else f"{after}{lines}"
    document = parse_yaml(REDIRECTS_FILE, after)
    return after if not document.problems and _rules_of(document.value) == expected else None
