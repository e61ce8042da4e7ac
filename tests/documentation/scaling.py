"""Compute the tables of docs/scaling.md from the inputs in the document.

`python -m tests.documentation.scaling` updates the tables.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

from tests import ROOT

FILE: Final = ROOT / "docs" / "scaling.md"
UPDATE_COMMAND: Final = ".venv/bin/python -m tests.documentation.scaling"
SUBSCRIBERS: Final = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
MONTH: Final = 30 * 86_400  # seconds
_MARKER: Final = "<!-- made: {} -->\n"

Inputs = Mapping[str, float]


def read_inputs(text: str) -> dict[str, float]:
    """Return name -> number from the table rows that begin with a name in code."""
    return {
        name: float(number.replace(",", "")) for name, number in re.findall(r"^\| `(\w+)` \| ([\d.,]+) \|", text, re.MULTILINE)
    }


def probability_unchanged(changes: float, minutes: float) -> float:
    """Return the probability that a feed did not change within so many minutes, if changes are a Poisson process."""
    return math.exp(-changes * minutes / 1440)


def share_of_304(inputs: Inputs, changes: float, minutes: float) -> float:
    return (1 - inputs["never"]) * probability_unchanged(changes, minutes)


def service_polls(inputs: Inputs) -> float:
    """Return the polls per second of all services together."""
    return inputs["services"] / (inputs["service_minutes"] * 60)


def polls(inputs: Inputs, subscribers: float) -> float:
    """Return the mean polls per second."""
    return subscribers * (1 - inputs["through"]) / (inputs["minutes"] * 60) + service_polls(inputs)


def mean_bytes_per_poll(inputs: Inputs) -> float:
    """Return the mean bytes of headers and body.

    A poll gets a 304, or a changed feed with gzip, or the whole feed uncompressed if the client sends no validators.
    """
    share_unchanged = share_of_304(inputs, inputs["changes"], inputs["minutes"])
    share_changed = 1 - inputs["never"] - share_unchanged
    return (
        share_unchanged * inputs["same"]
        + share_changed * (inputs["head"] + inputs["gzip"])
        + inputs["never"] * (inputs["head"] + inputs["plain"])
    )


def _number(value: float, unit: str = "") -> str:
    """Format a number with three significant digits."""
    text = f"{float(f'{value:.3g}'):,.4f}".rstrip("0").rstrip(".")
    return f"{text}{unit}"


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def shares(inputs: Inputs) -> str:
    intervals = {"15 minutes": 15, "hour": 60, "4 hours": 240, "day": 1440}
    rows = [
        [f"{changes} a day", *(_percent(share_of_304(inputs, changes, minutes)) for minutes in intervals.values())]
        for changes in (1, 5, 20, 50)
    ]
    return _table(["changes of the feed", *(f"polled every {name}" for name in intervals)], rows)


def growth(inputs: Inputs) -> str:
    rows = []
    for subscribers in SUBSCRIBERS:
        polls_per_second, bytes_per_poll = polls(inputs, subscribers), mean_bytes_per_poll(inputs)
        rows.append(
            [
                f"{subscribers:,}",
                _number(polls_per_second),
                _number(polls_per_second * inputs["peak"]),
                _number(polls_per_second * bytes_per_poll * 8 / 1e6),
                _number(polls_per_second * inputs["peak"] * bytes_per_poll * 8 / 1e6),
                _number(polls_per_second * bytes_per_poll * MONTH / 1e9),
                _percent(polls_per_second * inputs["peak"] / inputs["process"]),
            ]
        )
    return _table(["subscribers", "polls/s", "at the peak", "Mbit/s", "at the peak", "GB a month", "of one process"], rows)


def one_poll(inputs: Inputs) -> str:
    share_unchanged = share_of_304(inputs, inputs["changes"], inputs["minutes"])
    share_changed = 1 - inputs["never"] - share_unchanged
    parts = {
        "304": (share_unchanged, inputs["same"]),
        "a changed feed, gzip": (share_changed, inputs["head"] + inputs["gzip"]),
        "never asks conditionally, no coding": (inputs["never"], inputs["head"] + inputs["plain"]),
    }
    rows = [
        [name, _percent(share), f"{size:,.0f}", _percent(share * size / mean_bytes_per_poll(inputs))]
        for name, (share, size) in parts.items()
    ]
    return _table(
        ["a poll", "share of polls", "bytes", "share of bytes"], [*rows, ["mean", "", f"{mean_bytes_per_poll(inputs):,.0f}", ""]]
    )


def network(inputs: Inputs) -> str:
    """Return the costs of ten million subscribers in a content delivery network, and the requests left for the origin."""
    requests = polls(inputs, SUBSCRIBERS[-1]) * MONTH
    gigabytes = requests * mean_bytes_per_poll(inputs) / 1e9
    origin_requests = inputs["places"] * MONTH / inputs["fresh"]
    rows = [
        ["requests a month", "polls/s × month", _number(requests / 1e6, " million")],
        ["for them", "÷ 10,000 × `per_10000`", _number(requests / 1e4 * inputs["per_10000"])],
        ["GB a month", "requests × bytes a poll", _number(gigabytes)],
        ["for them", "× `per_gb`", _number(gigabytes * inputs["per_gb"])],
        ["both together", "", _number(requests / 1e4 * inputs["per_10000"] + gigabytes * inputs["per_gb"])],
        [
            "the origin is asked for one feed, a month",
            "`places` × month ÷ `fresh`, at most",
            _number(origin_requests / 1e3, " thousand"),
        ],
        ["a second", "", _number(origin_requests / MONTH)],
    ]
    return _table(["what", "how", "for ten million"], rows)


def pushes(inputs: Inputs) -> str:
    polls_per_day = service_polls(inputs) * 86_400
    rows = [
        ["polls of one feed by services, a day", "`services` × 1440 ÷ `service_minutes`", _number(polls_per_day)],
        ["with WebSub: words to a hub, a day", "`changes`", _number(inputs["changes"])],
        ["how late a service is, in the mean", "half of `service_minutes`", _number(inputs["service_minutes"] / 2, " minutes")],
    ]
    return _table(["what", "how", "number"], rows)


TABLES: Final[Mapping[str, Callable[[Inputs], str]]] = {
    "shares": shares,
    "one poll": one_poll,
    "growth": growth,
    "network": network,
    "pushes": pushes,
}


def update_tables(text: str) -> str:
    """Return the document with each generated table computed from its inputs. Raises AssertionError if a marker is missing."""
    inputs = read_inputs(text)
    for name, build_table in TABLES.items():
        table = re.compile(re.escape(_MARKER.format(name)) + r"(?:\|.*\n)*")
        assert len(table.findall(text)) == 1, name
        text = table.sub(lambda _, name=name, build_table=build_table: _MARKER.format(name) + build_table(inputs), text)
    return text


if __name__ == "__main__":
    FILE.write_text(update_tables(FILE.read_text("utf-8")), "utf-8")
