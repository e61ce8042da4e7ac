"""Search in undirected graphs whose nodes are names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


def connected_components(starts: Iterable[str], neighbours: Callable[[str], Iterable[str]]) -> Iterator[list[str]]:
    """Yield the nodes of each connected component that has one of the nodes `starts`, each component once."""
    known: set[str] = set()
    for start in starts:
        if start in known:
            continue
        known.add(start)
        nodes = [start]
        for node in nodes:  # the list grows while it is read
            new = [name for name in dict.fromkeys(neighbours(node)) if name not in known]
            nodes += new
            known.update(new)
        yield nodes
