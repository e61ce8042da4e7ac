"""The command `feedsvc check --against` reads a revision from git and reports each failure in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command_line import run_feedsvc
from tests.editing.repository import (
    ARTICLE_A,
    FILES,
    commit,
    compare_problems,
    compare_with_revision,
    create_repository,
    edit,
    feed_changes,
    git,
)
from tests.helpers.newsrooms import picture, write


def failure(root: Path, revision: str = "HEAD", **variables: str) -> str:
    """Return the error of the command, which must fail without other output."""
    result = run_feedsvc("check", root, f"--against={revision}", **variables)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("feedsvc: error: ")
    return result.stderr.removeprefix("feedsvc: error: ").removesuffix("\n")


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [
        ("nowhere", "the git repository has no revision 'nowhere'; if it is in another repository, fetch it first"),
        ("--output=x", "'--output=x' is not a revision; give a branch, a tag or a commit, such as main or HEAD~1"),
        ("", "'' is not a revision; give a branch, a tag or a commit, such as main or HEAD~1"),
        ("a\nb", "'a\nb' is not a revision; give a branch, a tag or a commit, such as main or HEAD~1"),
    ],
)
def test_unknown_revision_is_reported_in_one_sentence(root: Path, revision: str, sentence: str) -> None:
    assert failure(root, revision) == sentence
    assert sorted(os.listdir(root.parent)) == [".git", "content"]


def test_folder_missing_in_the_revision_is_reported_in_one_sentence(root: Path) -> None:
    new_folder = write(root.parent / "new", {"site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n"})
    assert failure(new_folder) == f"{new_folder} is not in the revision 'HEAD'"


def test_missing_site_yaml_in_the_revision_is_reported_in_one_sentence(root: Path) -> None:
    git(root, "rm", "--quiet", "--cached", "site.yaml")
    git(root, "commit", "--quiet", "--message", "x")
    assert failure(root) == f"{root} is not in the revision 'HEAD': there is no site.yaml in it"


def test_broken_site_yaml_in_the_revision_is_reported_in_one_sentence(root: Path) -> None:
    site_yaml = (root / "site.yaml").read_text()
    (root / "site.yaml").write_text("title: T\n")
    commit(root.parent)
    (root / "site.yaml").write_text(site_yaml)
    assert failure(root) == "the folder cannot be compared with the revision 'HEAD': site.yaml:1:1: base_url: is missing"


def test_folder_outside_a_repository_is_reported_in_one_sentence(tmp_path: Path) -> None:
    root = write(tmp_path / "c", {"site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n"})
    sentence = failure(root, GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert sentence.startswith(f"{root} is not in a git repository (git: not a git repository")
    assert "\n" not in sentence


def test_missing_git_program_is_reported_in_one_sentence(root: Path) -> None:
    assert failure(root, PATH="/nonexistent") == "--against needs the program git, which is not installed; install it"


def test_content_folder_may_be_the_whole_repository(tmp_path: Path) -> None:
    root = create_repository(tmp_path, FILES, subfolder="")
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    assert len(compare_problems(root)) == 1


def test_git_attributes_and_unusual_names_do_not_change_the_comparison(tmp_path: Path) -> None:
    unusual_files = {
        'articles/정상 - "x".yaml': "id: tag:news.example,2026:odd\ntitle: $Format:%H$\npublished: 2026-01-02\nslug: odd\n",
        ".gitattributes": "articles/* export-ignore\n*.yaml export-subst ident eol=crlf filter=evil\n",
    }
    root = create_repository(tmp_path, {**FILES, **unusual_files})
    git(root, "config", "filter.evil.smudge", "false")
    git(root, "config", "filter.evil.required", "true")
    assert (compare_problems(root), feed_changes(root), compare_with_revision(root).invalid_paths) == ([], {}, ())


MEDIA_KEYS: Final = "image: {src: media/p.jpg}\nenclosures: [{src: media/talk.mp3}]\n"


def test_media_are_read_from_the_revision(tmp_path: Path) -> None:
    files = {
        "articles/a.yaml": ARTICLE_A + MEDIA_KEYS,
        "media/p.jpg": picture(),
        "media/talk.mp3": b"\xff" * 5000,
        "media/small.mp3": b"",
    }
    root = create_repository(tmp_path, files)
    assert (feed_changes(root), compare_with_revision(root).invalid_paths) == ({}, ())
    (root / "media/talk.mp3").write_bytes(b"\xff" * 6000)
    assert feed_changes(root)["site"] == ["changed without updated: A bridge"]


def test_media_in_git_lfs_are_read_from_the_folder(tmp_path: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5000\n"
    root = create_repository(
        tmp_path, {"articles/a.yaml": ARTICLE_A + MEDIA_KEYS, "media/p.jpg": pointer, "media/talk.mp3": pointer}
    )
    write(root, {"media/p.jpg": picture(), "media/talk.mp3": b"\xff" * 5000})
    assert (feed_changes(root), compare_with_revision(root).invalid_paths) == ({}, ())


def test_symbolic_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    root = create_repository(tmp_path / "repo", {**FILES, "shared/wire.yaml": "title: Wire\npublished: 2026-01-02\n"})
    (root / "articles/wire").symlink_to("../shared")
    commit(root.parent)
    assert (compare_problems(root), feed_changes(root), compare_with_revision(root).invalid_paths) == ([], {}, ())


def test_full_disk_is_reported_in_one_sentence(root: Path) -> None:
    program = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8)); from feedsvc.cli import main; main()"
    command = [sys.executable, "-c", program, "check", str(root), "--against", "HEAD"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (
        2,
        "feedsvc: error: the revision 'HEAD' cannot be written to a temporary folder (File too large)\n",
    )


def test_only_symbolic_links_within_the_folder_are_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(ARTICLE_A)
    root = create_repository(tmp_path / "repo", {"articles/.shared.yaml": ARTICLE_A})
    (root / "articles/a.yaml").symlink_to(".shared.yaml")
    (root / "articles/out.yaml").symlink_to(tmp_path / "secret.yaml")
    commit(root.parent)
    assert compare_with_revision(root).invalid_paths == ("articles/out.yaml",)
    (root / "articles/a.yaml").unlink()
    assert len(compare_problems(root)) == 1


def test_submodule_is_ignored(tmp_path: Path) -> None:
    other_repository = create_repository(tmp_path / "other", {}, subfolder="").parent / "other"
    root = create_repository(tmp_path / "repo", FILES)
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other_repository), "media")
    commit(root.parent)
    assert (compare_problems(root), feed_changes(root)) == ([], {})


def test_missing_git_object_is_reported_in_one_sentence(root: Path) -> None:
    object_name = git(root, "rev-parse", "HEAD:content/articles/a.yaml")
    (root.parent / ".git/objects" / object_name[:2] / object_name[2:]).unlink()
    assert "\n" not in failure(root)


def test_check_leaves_no_temporary_files(root: Path, tmp_path: Path) -> None:
    temporary_folder = tmp_path / "scratch"
    temporary_folder.mkdir()
    status_before = git(root, "status", "--porcelain")
    assert run_feedsvc("check", root, "--against", "HEAD", TMPDIR=str(temporary_folder)).returncode == 0
    assert (list(temporary_folder.iterdir()), git(root, "status", "--porcelain")) == ([], status_before)


def test_missing_revision_of_a_shallow_clone_has_a_hint(root: Path, tmp_path: Path) -> None:
    git(root, "commit", "--quiet", "--allow-empty", "--message", "x")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{root.parent}", "shallow")
    assert failure(tmp_path / "shallow/content", "HEAD~1") == (
        "the git repository has no revision 'HEAD~1'; "
        "this is a shallow clone: run git fetch --unshallow (in a workflow: fetch-depth: 0)"
    )


def test_repository_without_commits_is_reported(tmp_path: Path) -> None:
    root = write(tmp_path / "c", {"site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n"})
    git(root, "init", "--quiet")
    assert failure(root) == "the git repository has no revision 'HEAD'; nothing is committed yet"
