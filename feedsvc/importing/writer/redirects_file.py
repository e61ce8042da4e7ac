"""redirects.yaml after an import: a new file, or the existing one with the rules that it lacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from feedsvc.content.yaml import parse_yaml
from feedsvc.importing.source import Omission
from feedsvc.redirects import REDIRECTS_FILE, normalize_address, render_redirects_file, without_slash

_EXACT_LINE: Final = re.compile(r"^exact:[ \t]*\n", re.MULTILINE)
_NO_RULES: Final[Mapping[str, str]] = MappingProxyType({})
_PATTERNS_LINE: Final = re.compile(r"^patterns:[ \t]*\n", re.MULTILINE)


class RedirectsText(NamedTuple):
    """Text of redirects.yaml, and the rules that it did not have before. `exact_before` are its exact rules before.

    `unwritten` are the old addresses of the rules that could not be added or changed; each has an omission.
    """

    text: str
    added: Mapping[str, str]
    omissions: tuple[Omission, ...] = ()
    exact_before: Mapping[str, str] = MappingProxyType({})
    unwritten: frozenset[str] = frozenset()


def redirects_text(
    data: bytes | None, exact: Mapping[str, str], patterns: Mapping[str, str], former: Mapping[str, str] = _NO_RULES
) -> RedirectsText:
    """Return redirects.yaml with these rules. The rules, comments and order of an existing file (`data`) stay.

    `former` are the rules of the last import, old address -> target. A rule that the file has for the same address stays unless
    it is that of the last import, since an editor may have changed it. One with a new target at the source is changed in a file
    as an import writes it; in another it becomes an omission. A rule of the last import that the file lacks was deleted by an
    editor, and stays so.
    """
    added_exact = {old: new for old, new in exact.items() if old not in former}
    added_patterns = {old: new for old, new in patterns.items() if old not in former}
    if data is None:
        text = render_redirects_file(added_exact, [*added_patterns.items()])
        return RedirectsText(text, {**added_exact, **added_patterns})
    text = data.decode()  # `check_folder` has refused other bytes
    value = parse_yaml(REDIRECTS_FILE, text).value
    if value is None and not text.strip():
        return redirects_text(None, exact, patterns, former)
    own_exact, own_patterns = _rules_of(value)
    known = {_key(old) for old in own_exact}
    changed = {old: new for old, new in exact.items() if own_exact.get(old, new) == former.get(old) != new}
    new_exact = {old: new for old, new in added_exact.items() if _key(old) not in known}
    new_patterns = {old: new for old, new in added_patterns.items() if old not in own_patterns}
    omissions, unwritten = tuple[Omission, ...](), frozenset[str]()
    if text == render_redirects_file(own_exact, [*own_patterns.items()]):
        new_exact |= changed
    else:
        reason = f"the source or the map leads there now, and {REDIRECTS_FILE} has comments or another order: change it by hand"
        omissions = tuple(Omission(REDIRECTS_FILE, f"{old}: {new}", reason) for old, new in changed.items())
        unwritten = frozenset(changed)
    rules = {**new_exact, **new_patterns}
    if not rules:
        return RedirectsText(text, {}, omissions, own_exact, unwritten)
    merged = _merge(text, own_exact, own_patterns, new_exact, new_patterns)
    if merged is None:
        reason = f"{REDIRECTS_FILE} has a form into which nothing can be added safely: add it by hand"
        omissions += tuple(Omission(REDIRECTS_FILE, f"{old}: {new}", reason) for old, new in rules.items())
        return RedirectsText(text, {}, omissions, own_exact, unwritten.union(rules))
    return RedirectsText(merged, rules, omissions, own_exact, unwritten)


def _rules_of(value: Any) -> tuple[dict[str, str], dict[str, str]]:
    exact = value.get("exact") if isinstance(value, dict) else None
    patterns = value.get("patterns") if isinstance(value, dict) else None
    rules = [rule for rule in (patterns if isinstance(patterns, list) else []) if isinstance(rule, dict)]
    return (
        {str(old): str(new) for old, new in exact.items()} if isinstance(exact, dict) else {},
        {str(rule.get("from")): str(rule.get("to")) for rule in rules},
    )


def _key(old: str) -> str:
    try:
        return without_slash(normalize_address(old))
    except ValueError:
        return old


def _merge(
    text: str,
    own_exact: Mapping[str, str],
    own_patterns: Mapping[str, str],
    new_exact: Mapping[str, str],
    new_patterns: Mapping[str, str],
) -> str | None:
    """Return the text with the new rules, None if it does not have the usual form.

    A file as an import writes it is written again, sorted. Into another, the rules are inserted at the beginning of their blocks,
    so comments stay.
    """
    if text == render_redirects_file(own_exact, [*own_patterns.items()]):
        return render_redirects_file({**own_exact, **new_exact}, [*own_patterns.items(), *new_patterns.items()])
    lines = render_redirects_file(new_exact).removeprefix("exact:\n")
    items = render_redirects_file({}, [*new_patterns.items()]).removeprefix("patterns:\n")
    after = text if text.endswith("\n") else f"{text}\n"
    after = _insert(after, _EXACT_LINE, "exact:\n", lines)
    after = _insert(after, _PATTERNS_LINE, "patterns:\n", items)
    document = parse_yaml(REDIRECTS_FILE, after)
    expected = {**own_exact, **new_exact}, {**own_patterns, **new_patterns}
    return after if not document.problems and _rules_of(document.value) == expected else None


def _insert(text: str, head: re.Pattern[str], key_line: str, lines: str) -> str:
    """Return the text with lines inserted below the line of their key, which is appended if it is missing."""
    if not lines:
        return text
    match = head.search(text)
    return f"{text[: match.end()]}{lines}{text[match.end() :]}" if match else f"{text}{key_line}{lines}"
