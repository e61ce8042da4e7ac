"""Generate English-like news prose from word lists, the same for the same seed on every machine and Python version.

Only `Random.random` is used, because Python does not guarantee the sequences of the other methods of Random.
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


_SENTENCE_TEMPLATES: Final = _templates(_SENTENCES)
_TITLE_TEMPLATES: Final = _templates(_TITLES)


class SeededRandom:
    """Random choices that are the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random  # noqa: S311 - prose, not secrets

    def integer_below(self, number: int) -> int:
        return int(self._random() * number)

    def skewed_integer_below(self, number: int) -> int:
        """Return an integer below `number`, with small values more frequent, like the sizes of sections and authors."""
        return int(self._random() ** 2 * number)

    def choose(self, items: Sequence[_T]) -> _T:
        return items[int(self._random() * len(items))]


def _fill_template(random: SeededRandom, templates: Sequence[Template]) -> str:
    text, word_lists = random.choose(templates)
    filled = text.format(*map(random.choose, word_lists))
    return filled[0].upper() + filled[1:]


def title(random: SeededRandom) -> str:
    return _fill_template(random, _TITLE_TEMPLATES)


def sentences(random: SeededRandom, number: int) -> str:
    return " ".join(_fill_template(random, _SENTENCE_TEMPLATES) for _ in range(number))


def body(random: SeededRandom) -> str:
    """Return about 1.6 kB of Markdown: paragraphs, some with a link or emphasis, sometimes a heading, list or quotation."""
    return "\n\n".join(_blocks(random))


def _blocks(random: SeededRandom) -> Iterator[str]:
    for index in range(5):
        text = sentences(random, 2 + random.integer_below(2))
        yield random.choose(_PARAGRAPHS)(random, text)
        if index and random.integer_below(4) == 0:
            yield random.choose(_INTERMEDIATE_BLOCKS)(random)


def _unchanged(_: SeededRandom, text: str) -> str:
    return text


def _with_link(random: SeededRandom, text: str) -> str:
    return _mark_two_words(text, "[{} {}]" + f"(https://wire.example/{random.integer_below(100_000)})")


def _with_emphasis(_: SeededRandom, text: str) -> str:
    return _mark_two_words(text, "**{} {}**")


def _mark_two_words(text: str, markup: str) -> str:
    """Format the second and third word of the text by `markup`."""
    start, first, second, rest = re.split(r" ", text, maxsplit=3)
    return f"{start} {markup.format(first, second)} {rest}"


_PARAGRAPHS: Final[Sequence[Callable[[SeededRandom, str], str]]] = (
    _unchanged,
    _unchanged,
    _unchanged,
    _with_link,
    _with_emphasis,
)
_INTERMEDIATE_BLOCKS: Final[Sequence[Callable[[SeededRandom], str]]] = (
    lambda random: f"## {title(random)}",
    lambda random: "\n".join(f"- {sentences(random, 1)}" for _ in range(3)),
    lambda random: f"> {sentences(random, 2)}",
)
