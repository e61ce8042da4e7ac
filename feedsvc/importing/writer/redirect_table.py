"""Rules of an import: old addresses and targets, each address once, before they are written into redirects.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from feedsvc import routes
from feedsvc.importing.source import Omission
from feedsvc.redirects import normalize_address, without_slash


@dataclass(slots=True)
class RedirectTable:
    """Rules of an import. `exact` maps old addresses to targets, as in redirects.yaml.

    `of_posts` maps the keys of `exact` that are addresses of posts to the posts' paths.
    `omissions` are rules that were not added or were removed. `note_earlier` notes targets that no line of a rule has.
    """

    exact: dict[str, str] = field(default_factory=dict)
    omissions: list[Omission] = field(default_factory=list)
    of_posts: dict[str, str] = field(default_factory=dict)
    _earlier: dict[str, set[str]] = field(default_factory=dict)  # address without slash -> targets
    _spellings: dict[str, str] = field(default_factory=dict)  # address without slash -> address in `exact`

    def address_of(self, old: str) -> str:
        """Return a path with its query as an address of a rule; "", with an omission, if no rule can have it."""
        try:
            address = normalize_address(old)
        except ValueError as error:
            self.omissions.append(Omission(old, "redirect", str(error)))
            return ""
        if routes.is_never_free(address) or routes.place_of(address) == routes.TagsAt():
            self.omissions.append(Omission(old, "redirect", "the new site has a document of its own at this address"))
            return ""
        if address.startswith(routes.PRIVATE_PREFIX):
            self.omissions.append(Omission(old, "redirect", "the new site has private feeds below this address"))
            return ""
        return address

    def add(self, old: str, new: str, *, post: str = "", replaces: bool = False) -> None:
        """Add a rule for a path with its query, unless it leads to itself or the address has a rule already.

        `post` is the path of the post to which the rule belongs, "" if it belongs to none. With `replaces`, the rule replaces
        one that the address has. An omission is added if no rule can have the address. Addresses that differ in a slash at the
        end count as one.
        """
        address = self.address_of(old)
        if not address:
            return
        key = without_slash(address)
        former = self._spellings.get(key, "")
        if (replaces or not former) and key != without_slash(new):
            self.exact.pop(former, None)
            self.of_posts.pop(former, None)
            text = self._spellings[key] = address if _is_stable(address) else old
            self.exact[text] = new
            if post:
                self.of_posts[text] = post

    def note_earlier(self, old: str, target: str) -> None:
        """Note a target that an earlier import may have given to an address. Nothing happens if no rule can have the address."""
        with suppress(ValueError):
            self._earlier.setdefault(without_slash(normalize_address(old)), set()).add(target)

    @property
    def earlier(self) -> dict[str, set[str]]:
        """The noted targets of earlier imports by those addresses in `exact` that have some."""
        texts = ((self._spellings.get(key, ""), targets) for key, targets in self._earlier.items())
        return {text: targets for text, targets in texts if text in self.exact}

    def omit_loops(self) -> None:
        """Replace the rules that lead into a loop, which redirects of a plug-in may make, by omissions."""
        targets = {without_slash(old): without_slash(new) for old, new in self.exact.items()}
        for old in [*self.exact]:
            path, following = set[str](), without_slash(old)
            while following in targets and following not in path:
                path.add(following)
                following = targets[following]
            if following in path:
                self.omissions.append(Omission(old, f"redirect to {self.exact.pop(old)}", "the redirects go in a circle"))

    def omit_without_target(self, addresses: Iterable[str], has_path: Callable[[str], bool]) -> None:
        """Replace by omissions the rules of these addresses whose target is a path that has no rule and no document.

        `has_path` returns whether the new site has something other than a rule at a path.
        """
        texts = dict.fromkeys(text for address in addresses if (text := self._text(address)))
        while missing := [old for old in texts if old in self.exact and self._is_missing(self.exact[old], has_path)]:
            for old in missing:
                self.omissions.append(Omission(old, f"redirect to {self.exact.pop(old)}", "its target is not in the newsroom"))

    def _is_missing(self, target: str, has_path: Callable[[str], bool]) -> bool:
        return target.startswith("/") and not self._text(target) and not has_path(target)

    def _text(self, address: str) -> str:
        """Return an address as `exact` has it, "" if it has no rule."""
        try:
            text = self._spellings.get(without_slash(normalize_address(address)), "")
        except ValueError:
            return ""
        return text if text in self.exact else ""

    def omit_addresses_of_pages(self, paths: Iterable[str]) -> None:
        """Replace the rules of posts at these root-relative paths by omissions, because pages answer them."""
        for path in sorted(self.of_posts.keys() & {*paths}):
            if target := self.exact.pop(path, ""):
                self.omissions.append(Omission(path, f"redirect to {target}", "another page has this address now"))


def _is_stable(address: str) -> bool:
    """Return whether a decoded address means itself: one with a "%" of its own must stay encoded."""
    try:
        return normalize_address(address) == address
    except ValueError:
        return False


def decoded_path(old: str) -> str:
    """Return a path as an address of a rule, decoded; unchanged if no rule can have it."""
    try:
        return normalize_address(old)
    except ValueError:
        return old
