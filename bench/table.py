"""A row of the results: feedsvc's figure, a reference figure, their ratio and the goal; and the table of all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from bench.product import Product

Unit = Literal["s", "B", "/s", ""]
_TOLERANCE: Final = 0.1  # of a goal: two runs, or two machines of one kind, differ that much
_HEADER: Final = ("what", "feedsvc", "beside", "ratio", "goal", "verdict")


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """Limits of the ratio, or of the figure itself if there is no reference. Both limits equal: the figure must be exact.

    A goal applies only to the default numbers of articles, unless `any_size` is true.
    """

    maximum: float | None = None
    minimum: float | None = None
    any_size: bool = False

    def is_met(self, figure: float, tolerance: float = 0.0) -> bool:
        """Return whether a figure is within the limits, or beyond them by at most `tolerance`, a share of the limit."""
        tolerance = 0.0 if self.maximum == self.minimum else tolerance
        is_low_enough = self.maximum is None or figure <= self.maximum * (1 + tolerance)
        return is_low_enough and (self.minimum is None or figure >= self.minimum * (1 - tolerance))

    def text(self, unit: Unit) -> str:
        parts = (("at most", self.maximum), ("at least", self.minimum))
        return ", ".join(f"{word} {format_figure(value, unit)}" for word, value in parts if value is not None)


NO_GOAL: Final = Goal()


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of the table. If `value` is None it could not be measured, and `note` gives the reason.

    `repeat` measures feedsvc's figure once more, for a profiler.
    """

    name: str
    value: float | None
    unit: Unit = "s"
    reference: float | None = None
    reference_name: str = ""
    goal: Goal = NO_GOAL
    note: str = ""
    repeat: Callable[[Product], object] | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.reference if self.value is not None and self.reference else None

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        if self.goal == NO_GOAL:
            return ""
        judged = self.value if self.reference is None else self.ratio
        if judged is None or not self.goal.is_met(judged, _TOLERANCE):
            return "missed"
        return "met" if self.goal.is_met(judged) else "met within 10 %"

    def without_size_dependent_goal(self) -> Row:
        """Return the row without a goal that applies only to the default numbers of articles."""
        return self if self.goal.any_size else replace(self, goal=NO_GOAL)

    def cells(self) -> tuple[str, ...]:
        reference = f"{format_figure(self.reference, self.unit)} {self.reference_name}" if self.reference is not None else ""
        ratio = f"{self.ratio:.3g}" if self.ratio is not None else ""
        goal = self.goal.text(self.unit if self.reference is None and self.value is not None else "")
        return self.name, format_figure(self.value, self.unit), reference, ratio, goal, self.verdict

    def to_json(self) -> dict[str, Any]:
        """Return the row for JSON. The units are seconds, bytes and requests per second."""
        goal = {"most": self.goal.maximum, "least": self.goal.minimum}
        figures = {"feedsvc": self.value, "unit": self.unit, "beside": self.reference, "beside_is": self.reference_name}
        return {"what": self.name, **figures, "ratio": self.ratio, "goal": goal, "verdict": self.verdict, "note": self.note}


def format_figure(figure: float | None, unit: Unit) -> str:
    """Format a figure with three significant digits and a readable unit; a dash for None."""
    if figure is None:
        return "–"
    match unit:
        case "s":
            return f"{figure:,.3g} s" if figure >= 1 else f"{figure * 1000:.3g} ms"
        case "B":
            return f"{figure / 1e6:,.0f} MB" if figure >= 1e6 else f"{figure / 1e3:,.3g} kB"
        case "/s":
            return f"{figure:,.0f}/s"
        case _:
            return f"{figure:.4g}"


def markdown_table(rows: Iterable[Row]) -> str:
    """Return the table, followed by a list of the notes."""
    rows = list(rows)
    lines = [_HEADER, ("---", "---:", "---:", "---:", "---", "---"), *(row.cells() for row in rows)]
    notes = [f"- {row.name}: {row.note}" for row in rows if row.note]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return table + ("\n" + "\n".join(notes) + "\n" if notes else "")
