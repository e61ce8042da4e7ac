"""English-like news prose from word lists: the same for the same seed, on every machine and Python.

Only `Random.random` is used: Python promises its sequence, but not how choices are drawn from it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

_LISTS: Final[Mapping[str, str]] = {
    "WHO": "the mayor|the harbour master|a spokeswoman|the minister|two officers|a teacher|the ferry company|the union|the court"
    "|a fisherman|the hospital|the council|residents|the head of the school|a market trader|the power company",
    "PLACE": "Port Selan|the northern valley|the old town|Kirrin Bay|the capital|the upper river|East Marrow|the island of Tolo"
    "|the border district|the railway quarter|Hanging Rock|the delta|Lower Quay|the hills above the town",
    "THING": "bridge|ferry|budget|harvest|school|tide gauge|market hall|water plan|hospital wing|bus line|reservoir|strike"
    "|election|fish quota|library|power line|road|agreement|report|storm barrier",
    "KIND": "new|long delayed|small|much debated|costly|temporary|popular|second|final|public|damaged|restored",
    "DO": "reopen in spring|cost less than planned|be paid for by the province|need another vote|stay closed for now"
    "|be finished before the rains|help the poorest families|bring more visitors|be measured again|start on Monday",
    "DID": "was approved|ran out of money|drew a large crowd|was checked by engineers|passed without a vote against"
    "|surprised many|was welcomed with relief|fell behind schedule|found few friends|was repaired overnight",
    "DAY": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "MANY": "three|a dozen|about forty|nearly two hundred|1,400|several thousand|one in five|more than half",
    "GROUP": "families|workers|pupils|boats|houses|shops|farmers|patients|passengers|voters|tonnes|buses",
    "WHEN": "last week|in the morning|after the meeting|before dawn|this year|for the first time since 1998|by noon",
}
_WORDS: Final[Mapping[str, Sequence[str]]] = {name: words.split("|") for name, words in _LISTS.items()}
_SENTENCES: Final = (
    "WHO said on DAY that the KIND THING in PLACE would DO.",
    "The THING in PLACE DID WHEN.",
    "MANY GROUP were counted in PLACE WHEN, and MANY more are expected by DAY.",
    "According to WHO, the KIND THING DID because MANY GROUP depend on it.",
    "WHO and WHO disagree about whether the THING should DO.",
    "“We were told that it would DO,” WHO said, “and then the THING DID.”",
    "Nobody in PLACE had asked for a KIND THING, yet MANY GROUP signed for it WHEN.",
    "If the THING has to DO, WHO will look for a KIND way to pay for it.",
    "It is the second time WHEN that a KIND THING DID.",
    "In PLACE, WHO pointed to MANY GROUP that still wait for the THING.",
)
_TITLES: Final = (
    "KIND THING in PLACE DID",
    "MANY GROUP wait as THING in PLACE is to DO",
    "WHO promises a KIND THING for PLACE",
    "Why the THING in PLACE DID",
    "THING of PLACE to DO",
)
_WORD: Final = re.compile("|".join(_WORDS))
_T = TypeVar("_T")
Template = tuple[str, tuple[Sequence[str], ...]]


def _templates(lines: Sequence[str]) -> tuple[Template, ...]:
    return tuple((_WORD.sub("{}", line), tuple(_WORDS[word] for word in _WORD.findall(line))) for line in lines)


_SENTENCE: Final = _templates(_SENTENCES)
_TITLE: Final = _templates(_TITLES)


class Dice:
    """Draws that are the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed).random  # noqa: S311 - prose, not secrets

    def below(self, number: int) -> int:
        return int(self._draw() * number)

    def rather_low(self, number: int) -> int:
        """Below `number` too, with the low ones far more often: as sections and authors are."""
        return int(self._draw() ** 2 * number)

    def pick(self, several: Sequence[_T]) -> _T:
        return several[int(self._draw() * len(several))]


def _filled(dice: Dice, templates: Sequence[Template]) -> str:
    text, gaps = dice.pick(templates)
    made = text.format(*map(dice.pick, gaps))
    return made[0].upper() + made[1:]


def title(dice: Dice) -> str:
    return _filled(dice, _TITLE)


def sentences(dice: Dice, number: int) -> str:
    return " ".join(_filled(dice, _SENTENCE) for _ in range(number))


def body(dice: Dice) -> str:
    """About 1.6 kB of Markdown: paragraphs, now and then a link, emphasis, a subheading, a list or a quotation."""
    return "\n\n".join(_blocks(dice))


def _blocks(dice: Dice) -> Iterator[str]:
    for place in range(5):
        text = sentences(dice, 2 + dice.below(2))
        yield dice.pick(_PARAGRAPHS)(dice, text)
        if place and dice.below(4) == 0:
            yield dice.pick(_BETWEEN)(dice)


def _plain(_: Dice, text: str) -> str:
    return text


def _linked(dice: Dice, text: str) -> str:
    return _marked(text, "[{} {}]" + f"(https://wire.example/{dice.below(100_000)})")


def _stressed(_: Dice, text: str) -> str:
    return _marked(text, "**{} {}**")


def _marked(text: str, form: str) -> str:
    """Two words of the first sentence, as `form` has them."""
    before, one, other, rest = re.split(r" ", text, maxsplit=3)
    return f"{before} {form.format(one, other)} {rest}"


_PARAGRAPHS: Final[Sequence[Callable[[Dice, str], str]]] = (_plain, _plain, _plain, _linked, _stressed)
_BETWEEN: Final[Sequence[Callable[[Dice], str]]] = (
    lambda dice: f"## {title(dice)}",
    lambda dice: "\n".join(f"- {sentences(dice, 1)}" for _ in range(3)),
    lambda dice: f"> {sentences(dice, 2)}",
)
