"""The arithmetic of docs/scaling.md, whose tables are made of the inputs that stand in it.

`python -m tests.documentation.scaling` writes the tables anew.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

from tests import ROOT

FILE: Final = ROOT / "docs" / "scaling.md"
RENEW: Final = ".venv/bin/python -m tests.documentation.scaling"
SUBSCRIBERS: Final = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
MONTH: Final = 30 * 86_400  # seconds
_TABLE: Final = "<!-- made: {} -->\n"

Inputs = Mapping[str, float]


def inputs(text: str) -> dict[str, float]:
    """Name -> number, of the rows that begin with a name in code."""
    return {
        name: float(number.replace(",", "")) for name, number in re.findall(r"^\| `(\w+)` \| ([\d.,]+) \|", text, re.MULTILINE)
    }


def unchanged(changes: float, minutes: float) -> float:
    """How likely a feed is the same as so many minutes ago, where changes come by chance."""
    return math.exp(-changes * minutes / 1440)


def share_of_304(given: Inputs, changes: float, minutes: float) -> float:
    return (1 - given["never"]) * unchanged(changes, minutes)


def service_polls(given: Inputs) -> float:
    """A second, of all services together."""
    return given["services"] / (given["service_minutes"] * 60)


def polls(given: Inputs, subscribers: float) -> float:
    """A second, in the mean."""
    return subscribers * (1 - given["through"]) / (given["minutes"] * 60) + service_polls(given)


def bytes_a_poll(given: Inputs) -> float:
    """Heads and bodies: 304; a changed feed to whom asked politely; a whole one, not compressed, to who never does."""
    same = share_of_304(given, given["changes"], given["minutes"])
    whole = 1 - given["never"] - same
    return same * given["same"] + whole * (given["head"] + given["gzip"]) + given["never"] * (given["head"] + given["plain"])


def _number(value: float, unit: str = "") -> str:
    """Three digits that count."""
    text = f"{float(f'{value:.3g}'):,.4f}".rstrip("0").rstrip(".")
    return f"{text}{unit}"


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def shares(given: Inputs) -> str:
    every = {"15 minutes": 15, "hour": 60, "4 hours": 240, "day": 1440}
    rows = [
        [f"{changes} a day", *(_percent(share_of_304(given, changes, minutes)) for minutes in every.values())]
        for changes in (1, 5, 20, 50)
    ]
    return _table(["changes of the feed", *(f"polled every {name}" for name in every)], rows)


def growth(given: Inputs) -> str:
    rows = []
    for subscribers in SUBSCRIBERS:
        mean, weight = polls(given, subscribers), bytes_a_poll(given)
        rows.append(
            [
                f"{subscribers:,}",
                _number(mean),
                _number(mean * given["peak"]),
                _number(mean * weight * 8 / 1e6),
                _number(mean * given["peak"] * weight * 8 / 1e6),
                _number(mean * weight * MONTH / 1e9),
                _percent(mean * given["peak"] / given["process"]),
            ]
        )
    return _table(["subscribers", "polls/s", "at the peak", "Mbit/s", "at the peak", "GB a month", "of one process"], rows)


def one_poll(given: Inputs) -> str:
    same = share_of_304(given, given["changes"], given["minutes"])
    whole = 1 - given["never"] - same
    parts = {
        "304": (same, given["same"]),
        "a changed feed, gzip": (whole, given["head"] + given["gzip"]),
        "never asks conditionally, no coding": (given["never"], given["head"] + given["plain"]),
    }
    rows = [
        [name, _percent(share), f"{size:,.0f}", _percent(share * size / bytes_a_poll(given))]
        for name, (share, size) in parts.items()
    ]
    return _table(
        ["a poll", "share of polls", "bytes", "share of bytes"], [*rows, ["mean", "", f"{bytes_a_poll(given):,.0f}", ""]]
    )


def network(given: Inputs) -> str:
    """What ten million subscribers cost in a content delivery network, and what is left for the origin."""
    requests = polls(given, SUBSCRIBERS[-1]) * MONTH
    weight = requests * bytes_a_poll(given) / 1e9
    asked = given["places"] * MONTH / given["fresh"]
    rows = [
        ["requests a month", "polls/s × month", _number(requests / 1e6, " million")],
        ["for them", "÷ 10,000 × `per_10000`", _number(requests / 1e4 * given["per_10000"])],
        ["GB a month", "requests × bytes a poll", _number(weight)],
        ["for them", "× `per_gb`", _number(weight * given["per_gb"])],
        ["both together", "", _number(requests / 1e4 * given["per_10000"] + weight * given["per_gb"])],
        ["the origin is asked for one feed, a month", "`places` × month ÷ `fresh`, at most", _number(asked / 1e3, " thousand")],
        ["a second", "", _number(asked / MONTH)],
    ]
    return _table(["what", "how", "for ten million"], rows)


def pushes(given: Inputs) -> str:
    polled = service_polls(given) * 86_400
    rows = [
        ["polls of one feed by services, a day", "`services` × 1440 ÷ `service_minutes`", _number(polled)],
        ["with WebSub: words to a hub, a day", "`changes`", _number(given["changes"])],
        ["how late a service is, in the mean", "half of `service_minutes`", _number(given["service_minutes"] / 2, " minutes")],
    ]
    return _table(["what", "how", "number"], rows)


TABLES: Final[Mapping[str, Callable[[Inputs], str]]] = {
    "shares": shares,
    "one poll": one_poll,
    "growth": growth,
    "network": network,
    "pushes": pushes,
}


def renewed(text: str) -> str:
    """The document with each made table as its inputs have it. AssertionError: one has no place."""
    given = inputs(text)
    for name, make in TABLES.items():
        place = re.compile(re.escape(_TABLE.format(name)) + r"(?:\|.*\n)*")
        assert len(place.findall(text)) == 1, name
        text = place.sub(lambda _, name=name, make=make: _TABLE.format(name) + make(given), text)
    return text


if __name__ == "__main__":
    FILE.write_text(renewed(FILE.read_text("utf-8")), "utf-8")
