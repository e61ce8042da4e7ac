"""Files of folders as few objects: they behave like dictionaries of signatures."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.file_signature import SIGNATURE_SIZE
from feedsvc.content.scan.folder_files import FilesByPath, FolderFiles, ScannedFolder, changed_files, files_by_folder

SIGNATURES = st.binary(min_size=SIGNATURE_SIZE, max_size=SIGNATURE_SIZE)
NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=()), min_size=1, max_size=5)
FOLDERS = st.dictionaries(st.sampled_from(("a", "a/b", "b")), st.dictionaries(NAMES, SIGNATURES, max_size=4), max_size=3)


def with_paths(folders: dict[str, dict[str, bytes]]) -> dict[str, dict[str, bytes]]:
    return {folder: {f"{folder}/{name}": value for name, value in files.items()} for folder, files in folders.items()}


def packed(folders: dict[str, dict[str, bytes]]) -> dict[str, FolderFiles]:
    return {
        folder: FolderFiles(paths := sorted(files), b"".join(map(files.__getitem__, paths))) for folder, files in folders.items()
    }


def merged(folders: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    return {path: signature for files in folders.values() for path, signature in files.items()}


@given(FOLDERS)
def test_files_are_found_by_path_also_after_they_were_sent_to_another_process(folders: dict[str, dict[str, bytes]]) -> None:
    expected, files = with_paths(folders), packed(with_paths(folders))
    for found in (files, pickle.loads(pickle.dumps(files))):
        assert {folder: dict(items) for folder, items in found.items()} == expected
        all_files = FilesByPath({path: ScannedFolder(files=items) for path, items in found.items()})
        assert (dict(all_files), dict(all_files.items()), len(all_files)) == (merged(expected), merged(expected), len(all_files))
        assert {path: all_files.get(path) for path in (*merged(expected), "a/missing", "c/x", "a")} == {
            **merged(expected),
            **{path: merged(expected).get(path) for path in ("a/missing", "c/x", "a")},
        }
        assert {folder: list(items.values()) for folder, items in found.items()} == {
            folder: [files[path] for path in sorted(files)] for folder, files in expected.items()
        }


@given(FOLDERS)
def test_files_are_divided_by_folder(folders: dict[str, dict[str, bytes]]) -> None:
    files = merged(with_paths(folders))
    found = files_by_folder(sorted(files.items()))
    assert {path: value for files in found.values() for path, value in files.items()} == files
    for folder, folder_files in found.items():
        assert {path.rpartition("/")[0] for path in folder_files} == {folder}
        assert [*folder_files] == sorted(folder_files)


@given(FOLDERS, FOLDERS)
def test_changed_files_are_new_missing_or_have_another_signature(
    one: dict[str, dict[str, bytes]], other: dict[str, dict[str, bytes]]
) -> None:
    before, after = merged(with_paths(one)), merged(with_paths(other))
    expected = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed_files(packed(with_paths(one)), packed(with_paths(other))) == expected


@given(st.dictionaries(NAMES, SIGNATURES, max_size=4), st.dictionaries(NAMES, SIGNATURES, max_size=4), SIGNATURES)
def test_equal_paths_are_shared(one: dict[str, bytes], other: dict[str, bytes], signature: bytes) -> None:
    first, second = packed({"": one})[""], packed({"": other})[""]
    changed = packed({"": dict.fromkeys(one, signature)})[""]
    received: FolderFiles = pickle.loads(pickle.dumps(first))
    assert received.share_paths(first) is first
    assert changed.share_paths(first).paths is first.paths
    assert dict(changed.share_paths(first)) == dict.fromkeys(one, signature)
    assert dict(second.share_paths(first)) == other
