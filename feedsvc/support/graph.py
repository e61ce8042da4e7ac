"""Connected components of graphs whose nodes are names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping


def connected_components(starts: Iterable[str], neighbours: Callable[[str], Iterable[str]]) -> Iterator[list[str]]:
    """Yield the nodes of each connected component that has one of the nodes `starts`, each component once.

    The graph is undirected: `neighbours` must return both ends of an edge for each other. The work grows with these components
    only. The first node of a component is the first one of `starts` in it.
    """
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


def name_components(targets: Mapping[str, str]) -> Mapping[str, str]:
    """Return a name for each node of a graph, the same one exactly for the nodes of one connected component: one of these nodes.

    In this graph a node leads to at most one other, by `targets`; cycles are allowed. Nodes are the keys and values of `targets`.
    """
    linked: dict[str, list[str]] = {}
    for node, target in targets.items():
        linked.setdefault(node, []).append(target)
        linked.setdefault(target, []).append(node)
    return {node: nodes[0] for nodes in connected_components(linked, linked.__getitem__) for node in nodes}
