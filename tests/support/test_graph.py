"""Connected components of graphs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.support.graph import connected_components, name_components

NODES = "abcdefgh"


@given(st.dictionaries(st.sampled_from(NODES), st.sampled_from(NODES)), st.lists(st.sampled_from(NODES)))
def test_both_functions_find_the_same_components(targets: Mapping[str, str], starts: list[str]) -> None:
    neighbours: dict[str, set[str]] = defaultdict(set)
    for node, target in targets.items():
        neighbours[node].add(target)
        neighbours[target].add(node)
    components = [*connected_components([*neighbours], neighbours.__getitem__)]
    nodes = [node for component in components for node in component]
    assert sorted(nodes) == sorted(neighbours)
    names = name_components(targets)
    assert names.keys() == neighbours.keys()
    assert [len({names[node] for node in component}) for component in components] == [1] * len(components)
    assert len({*names.values()}) == len(components)
    some = [{*component} for component in connected_components(starts, lambda node: neighbours.get(node, ()))]
    assert all(sum(start in component for component in some) == 1 for start in starts)
    assert all({*component} & {*starts} for component in some)
