"""Write docs/performance.md: the results of a run and the method of measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.curves import Curve, draw
from bench.table import Row, markdown_table

_GOAL_ARTICLES: Final = 100_000  # articles
_METHOD: Final = Path(__file__).with_name("how.md")


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """The results of a run. `command` started it; `largest` is its largest number of articles."""

    command: str
    largest: int
    facts: Mapping[str, str]
    rows: Sequence[Row]
    curves: Sequence[Curve]
    profiles: Mapping[str, str]


def write(file: Path, results: Results) -> None:
    """Write the document, and its diagrams into a folder with the document's name."""
    pictures = file.with_suffix("")
    pictures.mkdir(parents=True, exist_ok=True)
    for curve in results.curves:
        draw(curve, pictures / f"{curve.name}.svg")
    file.write_text(text(results, pictures.name), "utf-8")


def text(results: Results, pictures: str) -> str:
    """Return the Markdown. `pictures` is the name of the folder with the diagrams."""
    machine = "".join(f"- {name}: {value}\n" for name, value in results.facts.items())
    images = "".join(f"![{curve.title}]({pictures}/{curve.name}.svg)\n" for curve in results.curves)
    profiles = "".join(f"### {what}\n\n{profile}\n" for what, profile in results.profiles.items())
    size_note = (
        ""
        if results.largest >= _GOAL_ARTICLES
        else f"The goals are for {_GOAL_ARTICLES:,} articles; this run had {results.largest:,} at most.\n"
    )
    parts = [
        f"# Performance\n\nMade by `{results.command}`; nothing is changed by hand.\n{size_note}",
        markdown_table(results.rows),
    ]
    parts += [f"## The machine\n\n{machine}", _METHOD.read_text("utf-8")]
    parts += [f"## From few articles to many\n\n{images}"] if images else []
    parts += [f"## Where the time goes in rows that missed\n\n{profiles}"] if profiles else []
    return "\n".join(parts).rstrip() + "\n"
