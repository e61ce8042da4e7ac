"""feedsvc check --against: what git holds, and every way in which it does not give it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.cli.test_cli import run
from tests.editing.repository import FILES, A, commit, compared, edit, git, repository, seen, told
from tests.helpers.newsrooms import picture, write


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [
        ("nowhere", "the git repository has no revision 'nowhere'; if it is in another repository, fetch it first"),
        ("--output=x", "'--output=x' is not a revision; give a branch, a tag or a commit, such as main or HEAD~1"),
        ("", "'' is not a revision; give a branch, a tag or a commit, such as main or HEAD~1"),
        ("a\nb", "'a\nb' is not a revision; give a branch, a tag or a commit, such as main or HEAD~1"),
    ],
)
def test_a_revision_that_is_none_is_one_sentence(root: Path, revision: str, sentence: str) -> None:
    done = run("check", root, f"--against={revision}")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"feedsvc: error: {sentence}\n")
    assert sorted(os.listdir(root.parent)) == [".git", "content"]


def test_a_folder_that_is_new_since_then_is_one_sentence(root: Path) -> None:
    new = write(root.parent / "new", {"site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n"})
    done = run("check", new, "--against", "HEAD")
    assert (done.returncode, done.stderr) == (2, f"feedsvc: error: {new} is not in the revision 'HEAD'\n")


def test_a_folder_that_was_no_newsroom_then_is_one_sentence(root: Path) -> None:
    git(root, "rm", "--quiet", "--cached", "site.yaml")
    git(root, "commit", "--quiet", "--message", "x")
    done = run("check", root, "--against", "HEAD")
    assert (done.returncode, done.stderr) == (
        2,
        f"feedsvc: error: {root} is not in the revision 'HEAD': there is no site.yaml in it\n",
    )


def test_a_site_that_was_broken_then_is_one_sentence(root: Path) -> None:
    before = (root / "site.yaml").read_text()
    (root / "site.yaml").write_text("title: T\n")
    commit(root.parent)
    (root / "site.yaml").write_text(before)
    done = run("check", root, "--against", "HEAD")
    assert done.returncode == 2
    assert (
        done.stderr
        == "feedsvc: error: the folder cannot be compared with the revision 'HEAD': site.yaml:1:1: base_url: is missing\n"
    )


def test_a_folder_outside_any_repository_is_one_sentence(tmp_path: Path) -> None:
    root = write(tmp_path / "c", {"site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n"})
    done = run("check", root, "--against", "HEAD", GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"feedsvc: error: {root} is not in a git repository (git: not a git repository")
    assert done.stderr.count("\n") == 1


def test_without_git_one_sentence_says_so(root: Path) -> None:
    done = run("check", root, "--against", "HEAD", PATH="/nonexistent")
    assert (done.returncode, done.stderr) == (
        2,
        "feedsvc: error: --against needs the program git, which is not installed; install it\n",
    )


# --- What git holds ---------------------------------------------------------------------------------------------


def test_a_newsroom_may_be_the_whole_repository(tmp_path: Path) -> None:
    root = repository(tmp_path, FILES, below="")
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    assert len(told(root)) == 1


def test_attributes_and_odd_names_falsify_nothing(tmp_path: Path) -> None:
    odd = {
        'articles/정상 - "x".yaml': "id: tag:news.example,2026:odd\ntitle: $Format:%H$\npublished: 2026-01-02\nslug: odd\n",
        ".gitattributes": "articles/* export-ignore\n*.yaml export-subst ident eol=crlf filter=evil\n",
    }
    root = repository(tmp_path, {**FILES, **odd})
    git(root, "config", "filter.evil.smudge", "false")
    git(root, "config", "filter.evil.required", "true")
    assert (told(root), seen(root), compared(root).invalid_paths) == ([], {}, ())


MEDIA: Final = "image: {src: media/p.jpg}\nenclosures: [{src: media/talk.mp3}]\n"


def test_media_are_as_they_were(tmp_path: Path) -> None:
    files = {"articles/a.yaml": A + MEDIA, "media/p.jpg": picture(), "media/talk.mp3": b"\xff" * 5000, "media/small.mp3": b""}
    root = repository(tmp_path, files)
    assert (seen(root), compared(root).invalid_paths) == ({}, ())
    (root / "media/talk.mp3").write_bytes(b"\xff" * 6000)
    assert seen(root)["site"] == ["changed silently: A bridge"]


def test_media_that_git_keeps_elsewhere_are_taken_from_the_folder(tmp_path: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5000\n"
    root = repository(tmp_path, {"articles/a.yaml": A + MEDIA, "media/p.jpg": pointer, "media/talk.mp3": pointer})
    write(root, {"media/p.jpg": picture(), "media/talk.mp3": b"\xff" * 5000})
    assert (seen(root), compared(root).invalid_paths) == ({}, ())


def test_a_link_to_a_folder_that_nobody_else_reads_is_followed(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {**FILES, "shared/wire.yaml": "title: Wire\npublished: 2026-01-02\n"})
    (root / "articles/wire").symlink_to("../shared")
    commit(root.parent)
    assert (told(root), seen(root), compared(root).invalid_paths) == ([], {}, ())


def test_a_full_disk_is_one_sentence(root: Path) -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8)); from feedsvc.cli import main; main()"
    command = [sys.executable, "-c", limited, "check", str(root), "--against", "HEAD"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        2,
        "feedsvc: error: the revision 'HEAD' cannot be written to a temporary folder (File too large)\n",
    )


def test_links_within_the_folder_are_followed_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(A)
    root = repository(tmp_path / "repo", {"articles/.shared.yaml": A})
    (root / "articles/a.yaml").symlink_to(".shared.yaml")
    (root / "articles/out.yaml").symlink_to(tmp_path / "secret.yaml")
    commit(root.parent)
    assert compared(root).invalid_paths == ("articles/out.yaml",)
    (root / "articles/a.yaml").unlink()
    assert len(told(root)) == 1


def test_a_submodule_is_left_out(tmp_path: Path) -> None:
    other = repository(tmp_path / "other", {}, below="").parent / "other"
    root = repository(tmp_path / "repo", FILES)
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "media")
    commit(root.parent)
    assert (told(root), seen(root)) == ([], {})


def test_a_repository_that_lost_an_object_is_one_sentence(root: Path) -> None:
    name = git(root, "rev-parse", "HEAD:content/articles/a.yaml")
    (root.parent / ".git/objects" / name[:2] / name[2:]).unlink()
    done = run("check", root, "--against", "HEAD")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_nothing_is_left_in_the_folder_or_beside_it(root: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = git(root, "status", "--porcelain")
    assert run("check", root, "--against", "HEAD", TMPDIR=str(scratch)).returncode == 0
    assert (list(scratch.iterdir()), git(root, "status", "--porcelain")) == ([], before)


def test_a_shallow_clone_is_told_how_to_get_the_rest(root: Path, tmp_path: Path) -> None:
    git(root, "commit", "--quiet", "--allow-empty", "--message", "x")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{root.parent}", "shallow")
    done = run("check", tmp_path / "shallow/content", "--against", "HEAD~1")
    assert (done.returncode, done.stderr) == (
        2,
        (
            "feedsvc: error: the git repository has no revision 'HEAD~1'; "
            "this is a shallow clone: run git fetch --unshallow (in a workflow: fetch-depth: 0)\n"
        ),
    )


def test_a_repository_without_a_commit_says_so(tmp_path: Path) -> None:
    root = write(tmp_path / "c", {"site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n"})
    git(root, "init", "--quiet")
    done = run("check", root, "--against", "HEAD")
    assert (done.returncode, done.stderr) == (
        2,
        "feedsvc: error: the git repository has no revision 'HEAD'; nothing is committed yet\n",
    )
