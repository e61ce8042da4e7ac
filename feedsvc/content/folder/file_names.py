"""Names of files: tells which files are articles, and finds files that are not read although their names suggest it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from feedsvc.content.reading.files import SETTINGS_FILES, usual_suffix
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.content.text import nearest_name
from feedsvc.errors import Problem

_TEXT_SUFFIX: Final = ".txt"
# Suffixes of files that an editor may take for articles. Other files, such as pictures, may lie beside articles.
_WORD_PROCESSOR_SUFFIXES: Final = (".doc", ".docx", ".odt", ".rtf")
_TEXT_SUFFIXES: Final = (_TEXT_SUFFIX, ".json", ".html", *_WORD_PROCESSOR_SUFFIXES, "")
_COMMON_NAMES: Final = ("README", "LICENSE", "LICENCE", "NOTICE", "CODEOWNERS", "MAKEFILE")  # of repositories, any suffix
_NOT_READ: Final = "this file is not read"
_MIN_SETTINGS_SIMILARITY: Final = 0.75  # category.yaml is like categories.yaml
_FOLDERS_OF_OTHERS: Final = ("_posts", "post", "posts")  # for articles
_MIN_FOLDER_SIMILARITY: Final = 0.8  # medias/ is like media/, but boot/ is not like root/


def paths_within(scope: frozenset[str] | None, folder: str) -> frozenset[str] | None:
    """Return the paths in `scope` at or below this top-level folder. None stands for everything, in `scope` and the result."""
    return None if scope is None else frozenset(path for path in scope if top_folder(path) == folder)


def top_folder(path: str) -> str:
    """Return the first segment of a path, like "articles" or "site.yaml"; "" if it is the content folder itself."""
    return next(iter(PurePosixPath(path).parts), "")


def is_article_path(path: str) -> bool:
    """Return True if a file below articles/ is read as an article: by its suffix: .yaml, .md or another spelling of these."""
    return usual_suffix(path) != ""


def misnamed_file_problems(path: str) -> tuple[Problem, ...]:
    """Return one warning if a file below articles/ that is not read has a suffix that suggests an article; else ().

    Call it only for paths for which `is_article_path` is False. Such files are texts (.txt, .json, .html, .doc, .docx, .odt,
    .rtf), and those without suffix, which may be notes. README, LICENSE and the like, and files of other types have no problem.
    """
    stem, suffix = os.path.splitext(path)
    if not _is_text(path) or _has_common_name(path):
        return ()
    hint = _hidden_suffix_hint(stem) if _is_text_copy(path) else "rename it, or move it out of the folder if it is no article"
    if suffix.lower() in _WORD_PROCESSOR_SUFFIXES:
        hint = f"copy its text into a file such as {stem}.md, as feedsvc new --markdown makes it, and move this one away"
    message = f"{_NOT_READ}, because articles end in .yaml or .md"
    return (Problem(path=path, message=message, hint=hint, rule="unread-file"),)


def unread_problems(root: Path, folders: Iterable[str]) -> tuple[Problem, ...]:
    """Return a warning for each file and folder directly in `root` that is not read although its name suggests it.

    `root` is the content folder. Such files are mostly articles outside articles/, or settings with another name. Hidden files,
    READMEs and the like, and names that are not printable are ignored. `folders` are the names of the folders that are read;
    another folder with a similar name has a warning.
    """
    try:
        with os.scandir(root) as entries:
            are_folders = {
                entry.name: _is_folder(entry) for entry in entries if entry.name.isprintable() and entry.name[0] != "."
            }
    except OSError:
        return ()  # the folder was removed meanwhile
    names = sorted(are_folders)
    return (
        *(problem for name in names if are_folders[name] for problem in _misnamed_folder_problems(root, name, folders)),
        *(
            Problem(path=name, message=_NOT_READ, hint=_hint(name), rule="unread-file")
            for name in names
            if _is_unread_file(name, is_folder=are_folders[name])
        ),
    )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder; False for a link that cannot be followed, such as one to itself."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_unread_file(name: str, *, is_folder: bool) -> bool:
    if name in SETTINGS_FILES or _has_common_name(name):
        return False
    return usual_suffix(name) != "" or (not is_folder and _is_text_copy(name))


def _misnamed_folder_problems(root: Path, name: str, folders: Iterable[str]) -> Iterator[Problem]:
    """Yield a warning if the folder's name is similar to one of `folders`, but not the same, or where Hugo and Jekyll have posts.

    There is none if both names lead to one folder, as on a file system that ignores case.
    """
    nearest = "" if name in folders else nearest_name(name, folders, cutoff=_MIN_FOLDER_SIMILARITY)
    if name.lower() in _FOLDERS_OF_OTHERS:
        nearest = ARTICLES_FOLDER
    if nearest and not ((root / nearest).exists() and (root / nearest).samefile(root / name)):
        yield Problem(path=name, message="this folder is not read", hint=f"did you mean {nearest}/?", rule="unread-folder")


def _is_text(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in _TEXT_SUFFIXES


def _has_common_name(path: str) -> bool:
    return PurePosixPath(path).name.upper().startswith(_COMMON_NAMES)


def _is_text_copy(path: str) -> bool:
    """Return True for names like a.yaml.txt, which text editors of Windows give to a file that was saved as a.yaml."""
    stem, suffix = os.path.splitext(path)
    return suffix.lower() == _TEXT_SUFFIX and usual_suffix(stem) != ""


def _hidden_suffix_hint(stem: str) -> str:
    return f"rename it to {PurePosixPath(stem).stem}{usual_suffix(stem)}; Windows may hide the {_TEXT_SUFFIX} at the end"


def _hint(name: str) -> str:
    """Return the hint of the problem of a file directly in the content folder that is not read."""
    stem = os.path.splitext(name)[0].lower()
    if _is_text_copy(name):
        return _hidden_suffix_hint(stem)
    if f"{stem}.yaml" in SETTINGS_FILES:
        return f"rename it to {stem}.yaml"
    settings = [os.path.splitext(file)[0] for file in SETTINGS_FILES]
    nearest = nearest_name(stem, settings, cutoff=_MIN_SETTINGS_SIMILARITY)
    return f"did you mean {nearest}.yaml?" if nearest else f"articles lie in {ARTICLES_FOLDER}/"
