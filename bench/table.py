"""One line of the result: two figures, what one is to the other, and whether that is good enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from bench.product import Product

Unit = Literal["s", "B", "/s", ""]
_HEAD: Final = ("what", "feedsvc", "beside", "ratio", "goal", "verdict")


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """Bounds of the ratio, or of the figure itself where nothing is beside it.

    A goal is meant for the numbers of articles of a whole run, unless it holds for `any_size`.
    """

    most: float | None = None
    least: float | None = None
    any_size: bool = False

    def met(self, figure: float) -> bool:
        return (self.most is None or figure <= self.most) and (self.least is None or figure >= self.least)

    def told(self, unit: Unit) -> str:
        parts = (("at most", self.most), ("at least", self.least))
        return ", ".join(f"{word} {shown(value, unit)}" for word, value in parts if value is not None)


NO_GOAL: Final = Goal()


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """`ours` None: it could not be measured, and `note` says why. `again` measures ours once more, for a profiler."""

    what: str
    ours: float | None
    unit: Unit = "s"
    beside: float | None = None
    beside_is: str = ""
    goal: Goal = NO_GOAL
    note: str = ""
    again: Callable[[Product], object] | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.beside if self.ours is not None and self.beside else None

    @property
    def verdict(self) -> str:
        if self.ours is None:
            return "not measured"
        if self.goal == NO_GOAL:
            return ""
        judged = self.ours if self.beside is None else self.ratio
        return "met" if judged is not None and self.goal.met(judged) else "missed"

    def without_goal_of_other_sizes(self) -> Row:
        """Return the row as a run with other numbers of articles may show it: its goal says nothing of those."""
        return self if self.goal.any_size else replace(self, goal=NO_GOAL)

    def cells(self) -> tuple[str, ...]:
        beside = f"{shown(self.beside, self.unit)} {self.beside_is}" if self.beside is not None else ""
        ratio = f"{self.ratio:.3g}" if self.ratio is not None else ""
        goal = self.goal.told(self.unit if self.beside is None and self.ours is not None else "")
        return self.what, shown(self.ours, self.unit), beside, ratio, goal, self.verdict

    def plain(self) -> dict[str, Any]:
        """For JSON: seconds, bytes and requests a second."""
        goal = {"most": self.goal.most, "least": self.goal.least}
        figures = {"feedsvc": self.ours, "unit": self.unit, "beside": self.beside, "beside_is": self.beside_is}
        return {"what": self.what, **figures, "ratio": self.ratio, "goal": goal, "verdict": self.verdict, "note": self.note}


def shown(figure: float | None, unit: Unit) -> str:
    """Three digits and a unit that people read."""
    if figure is None:
        return "–"
    match unit:
        case "s":
            return f"{figure:,.3g} s" if figure >= 1 else f"{figure * 1000:.3g} ms"
        case "B":
            return f"{figure / 1e6:,.0f} MB"
        case "/s":
            return f"{figure:,.0f}/s"
        case _:
            return f"{figure:.4g}"


def markdown(rows: Iterable[Row]) -> str:
    """The table, and a list of the notes below it."""
    rows = list(rows)
    lines = [_HEAD, ("---", "---:", "---:", "---:", "---", "---"), *(row.cells() for row in rows)]
    notes = [f"- {row.what}: {row.note}" for row in rows if row.note]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return table + ("\n" + "\n".join(notes) + "\n" if notes else "")
