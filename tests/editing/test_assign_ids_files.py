"""feedsvc stamp: a file is replaced whole or not at all, and stays the same file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.editing import assign_ids
from feedsvc.support import atomic_write
from tests.cli.test_cli import run
from tests.conftest import Newsroom

ID: Final = "tag:news.example,2026:a"


def stamped(root: Path) -> assign_ids.AssignmentPlan:
    planned = assign_ids.plan_assignments(root, load_content(root))
    for one in planned.assignments:
        assert assign_ids.apply_assignment(root, one) is None
    return planned


def test_a_symbolic_link_stays_one_and_its_target_gets_the_id(newsroom: Newsroom) -> None:
    root = newsroom(
        {"shared/text.yaml": "title: A\npublished: 2026-01-02\n", "articles/b.yaml": "title: B\npublished: 2026-01-02\n"}
    )
    (root / "articles/a.yaml").symlink_to("../shared/text.yaml")
    stamped(root)
    assert (root / "articles/a.yaml").readlink() == Path("../shared/text.yaml")
    assert (root / "shared/text.yaml").read_text().startswith(f"id: {ID}\n")


def test_a_file_with_two_names_is_left_to_its_editor(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n"})
    (root / "articles/b.yaml").symlink_to("a.yaml")
    planned = stamped(root)
    assert (planned.assignments, [problem.path for problem in planned.problems]) == ((), ["articles/a.yaml", "articles/b.yaml"])
    assert len(load_content(root).articles) == 2


def test_nothing_outside_the_folder_is_written(newsroom: Newsroom, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("title: A\npublished: 2026-01-02\n")
    root = newsroom({"articles/b.yaml": "title: B\npublished: 2026-01-02\n"})
    (root / "articles/a.yaml").symlink_to(outside)
    planned = stamped(root)
    assert [problem.message for problem in planned.problems] == ["a symbolic link that leaves the content folder is not followed"]
    assert outside.read_text() == "title: A\npublished: 2026-01-02\n"


def test_mode_owner_and_attributes_are_kept(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n"})
    file = root / "articles/a.yaml"
    file.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(file, 12345, 54321)
    try:
        os.setxattr(file, "user.desk", b"asia")
    except OSError:
        kept = []
    else:
        kept = ["user.desk"]
    os.utime(file, (0, 0))
    before = file.stat()
    stamped(root)
    after = file.stat()
    assert stat.filemode(after.st_mode) == "-rw-rw-r--"
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert [name for name in os.listxattr(file) if name.startswith("user.")] == kept
    assert after.st_mtime > 0, "who compares times must see a change"


def test_a_read_only_file_is_one_sentence(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n"})
    (root / "articles/a.yaml").chmod(0o444)
    done = run("stamp", root)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        (
            "articles/a.yaml:1:1: error: the id cannot be written (it is read-only); "
            "nothing was changed; make the file and its folder writable, and stamp again"
        ),
        "feedsvc: 0 articles got an id; 1 problem",
    ]


def test_a_full_disk_leaves_the_file_whole(newsroom: Newsroom) -> None:
    text = "title: A\npublished: 2026-01-02\n"
    root = newsroom({"articles/a.yaml": text})
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8)); from feedsvc.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", limited, "stamp", str(root)], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "the id cannot be written (File too large)" in done.stderr
    assert (root / "articles/a.yaml").read_text() == text
    assert os.listdir(root / "articles") == ["a.yaml"]


def test_what_an_editor_saves_meanwhile_is_kept(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n"})
    (one,) = assign_ids.plan_assignments(root, load_content(root)).assignments
    (root / "articles/a.yaml").write_text("title: B\npublished: 2026-01-02\n")
    problem = assign_ids.apply_assignment(root, one)
    assert problem
    assert str(problem) == "articles/a.yaml:1:1: the file changed while it was read; stamp again"
    assert (root / "articles/a.yaml").read_text() == "title: B\npublished: 2026-01-02\n"
    assert os.listdir(root / "articles") == ["a.yaml"]


def test_an_article_saved_between_reading_and_planning_is_told(newsroom: Newsroom) -> None:
    root = newsroom({f"articles/{stem}.yaml": "title: A\npublished: 2026-01-02\n" for stem in "ab"})
    content = load_content(root)
    (root / "articles/a.yaml").write_text("title: B\npublished: 2026-01-02\n")
    (root / "articles/b.yaml").unlink()
    planned = assign_ids.plan_assignments(root, content)
    assert [problem.message for problem in planned.problems] == ["the file changed while it was read"] * 2


def test_an_article_in_its_last_valid_version_is_not_stamped(newsroom: Newsroom) -> None:
    root = newsroom({f"articles/{stem}.yaml": f"title: {stem}\npublished: 2026-01-02\n" for stem in "ab"})
    folder = ContentFolder(root)
    folder.read()
    copy = "id: tag:news.example,2026:a\ntitle: b\npublished: 2026-01-02\n"
    (root / "articles/b.yaml").write_text(copy)
    content = folder.read().content
    assert content.last_valid_paths == {"articles/b.yaml"}
    planned = assign_ids.plan_assignments(root, content)
    assert ([one.path for one in planned.assignments], len(planned.problems)) == (["articles/a.yaml"], 1)


def test_an_odd_file_that_no_writing_leaves_the_same_is_told(newsroom: Newsroom) -> None:
    """An alias gives the id its nothing: what stands there belongs to another key."""
    text = "slug: &none\nid: *none\ntitle: A\npublished: 2026-01-02\n"
    root = newsroom({"articles/a.yaml": text})
    (problem,) = stamped(root).problems
    assert str(problem) == f"articles/a.yaml:1:1: no place was found where an id can be written safely; write id: {ID}"
    assert (root / "articles/a.yaml").read_text() == text


def test_what_a_killed_stamping_left_is_nobodys_article_and_goes(newsroom: Newsroom) -> None:
    left = f"articles/{atomic_write.TEMPORARY_PREFIX}abc"
    root = newsroom(
        {left: "title: [", f"{left}.yaml": "title: [", "articles/a.yaml": f"id: {ID}\ntitle: A\npublished: 2026-01-02\n"}
    )
    assert load_content(root).errors == ()
    assert run("stamp", root, "--dry-run").returncode == 0
    assert (root / left).exists()
    assert run("stamp", root).returncode == 0
    assert os.listdir(root / "articles") == ["a.yaml"]


def test_a_stamping_killed_at_any_moment_leaves_every_file_whole(newsroom: Newsroom) -> None:
    before = "title: A\npublished: 2026-01-02\n"
    stems = [f"a{number}" for number in range(60)]
    root = newsroom({f"articles/{stem}.yaml": before for stem in stems})
    for lines in (1, 7, 20):
        command = [sys.executable, "-m", "feedsvc", "stamp", str(root)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        ) as child:
            assert child.stdout
            for _ in range(lines):
                child.stdout.readline()
            child.kill()
        for stem in stems:
            after = f"id: tag:news.example,2026:{stem}\n{before}"
            assert (root / f"articles/{stem}.yaml").read_text() in (before, after)
        assert load_content(root).errors == ()
    assert run("stamp", root).returncode == 0
    assert sorted(os.listdir(root / "articles")) == sorted(f"{stem}.yaml" for stem in stems)
    assert all((root / f"articles/{stem}.yaml").read_text().startswith("id: ") for stem in stems)
