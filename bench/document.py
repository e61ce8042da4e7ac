"""docs/performance.md: what a run found, and how it was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.curves import Curve, draw
from bench.table import Row, markdown

_HOW: Final = Path(__file__).with_name("how.md")


def write(
    file: Path, *, facts: Mapping[str, str], rows: Sequence[Row], curves: Sequence[Curve], profiles: Mapping[str, str], title: str
) -> None:
    """The document, and its pictures in a folder of its name."""
    pictures = file.with_suffix("")
    pictures.mkdir(parents=True, exist_ok=True)
    for curve in curves:
        draw(curve, pictures / f"{curve.name}.svg")
    file.write_text(text(facts=facts, rows=rows, curves=curves, profiles=profiles, title=title, pictures=pictures.name), "utf-8")


def text(
    *,
    facts: Mapping[str, str],
    rows: Sequence[Row],
    curves: Sequence[Curve],
    profiles: Mapping[str, str],
    title: str,
    pictures: str,
) -> str:
    told = "".join(f"- {name}: {value}\n" for name, value in facts.items())
    shown = "".join(f"![{curve.title}]({pictures}/{curve.name}.svg)\n" for curve in curves)
    missed = "".join(f"### {what}\n\n{found}\n" for what, found in profiles.items())
    parts = [f"# Performance\n\nMade by `{title}`; by hand, nothing is changed here.\n", markdown(rows)]
    parts += [f"## The machine\n\n{told}", _HOW.read_text("utf-8")]
    parts += [f"## From few articles to many\n\n{shown}"] if shown else []
    parts += [f"## Where the time goes in rows that missed\n\n{missed}"] if missed else []
    return "\n".join(parts).rstrip() + "\n"
