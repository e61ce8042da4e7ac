"""Conflicts of names in a tree: a file and a folder cannot have the same name, but an address and one below it can exist."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from feedsvc.export.layout import file_name


def blocking_names(names: Iterable[str], new_names: AbstractSet[str]) -> list[str]:
    """Return those of the file names `names` that cannot stay beside files with the names `new_names`.

    They have the name of a folder of a new file, or are in a folder with the name of a new file.
    """
    candidates = list(names) if new_names else []
    if not candidates:
        return []
    folders = {folder for name in new_names for folder in _folders_of(name)}
    return [name for name in candidates if name in folders or not new_names.isdisjoint(_folders_of(name))]


def has_conflicts(new_names: AbstractSet[str], recorded: Container[str]) -> bool:
    """Return whether a file of `new_names` would be below another file, new or `recorded`.

    A new name that is a folder of a recorded file is not noticed.
    """
    return any(folder in new_names or folder in recorded for name in new_names for folder in _folders_of(name))


def without_conflicts(paths: Sequence[str], recorded: Container[str], is_dispensable: Callable[[str], bool]) -> list[str]:
    """Return the paths without dispensable ones whose new file is below another file, or has the name of another file's folder.

    `recorded` has the names of files that exist already: paths with these are not new and stay in the result. A path is
    dispensable if `is_dispensable` returns True for it.
    """
    new = {path: name for path in paths if (name := file_name(path)) not in recorded}
    new_names = {*new.values()}

    def is_below_file(name: str) -> bool:
        return any(folder in new_names or folder in recorded for folder in _folders_of(name))

    below_files = {path for path, name in new.items() if is_below_file(name) and is_dispensable(path)}
    folders = {folder for path, name in new.items() if path not in below_files for folder in _folders_of(name)}
    excluded = below_files | {path for path, name in new.items() if name in folders and is_dispensable(path)}
    return [path for path in paths if path not in excluded] if excluded else [*paths]


def _folders_of(name: str) -> Iterator[str]:
    """Yield all folders of a file name, the innermost first."""
    while name := name.rpartition("/")[0]:
        yield name
