"""The command `feedsvc stamp` replaces a file atomically and keeps its mode, owner and links."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.editing import article_files
from feedsvc.support import atomic_write
from tests.cli.command_line import run_feedsvc
from tests.conftest import Newsroom
from tests.editing.test_assign_ids import ID, assign_all_ids


def test_target_of_a_symbolic_link_gets_the_id(newsroom: Newsroom) -> None:
    root = newsroom(
        {"shared/text.yaml": "title: A\npublished: 2026-01-02\n", "articles/b.yaml": "title: B\npublished: 2026-01-02\n"}
    )
    (root / "articles/a.yaml").symlink_to("../shared/text.yaml")
    assign_all_ids(root)
    assert (root / "articles/a.yaml").readlink() == Path("../shared/text.yaml")
    assert (root / "shared/text.yaml").read_text().startswith(f"id: {ID}\n")


def test_file_with_two_names_is_reported_and_unchanged(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n"})
    (root / "articles/b.yaml").symlink_to("a.yaml")
    assignments, problems = assign_all_ids(root)
    assert (assignments, [problem.path for problem in problems]) == ([], ["articles/a.yaml", "articles/b.yaml"])
    assert len(load_content(root).articles) == 2


def test_file_outside_the_folder_is_unchanged(newsroom: Newsroom, tmp_path: Path) -> None:
    outside_file = tmp_path / "outside.yaml"
    outside_file.write_text("title: A\npublished: 2026-01-02\n")
    root = newsroom({"articles/b.yaml": "title: B\npublished: 2026-01-02\n"})
    (root / "articles/a.yaml").symlink_to(outside_file)
    _, problems = assign_all_ids(root)
    assert [problem.message for problem in problems] == ["a symbolic link that leaves the content folder is not followed"]
    assert outside_file.read_text() == "title: A\npublished: 2026-01-02\n"


def test_mode_owner_and_extended_attributes_are_unchanged(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n"})
    file = root / "articles/a.yaml"
    file.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(file, 12345, 54321)
    try:
        os.setxattr(file, "user.desk", b"asia")
    except OSError:
        expected_attributes = []
    else:
        expected_attributes = ["user.desk"]
    os.utime(file, (0, 0))
    before = file.stat()
    assign_all_ids(root)
    after = file.stat()
    assert stat.filemode(after.st_mode) == "-rw-rw-r--"
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert [name for name in os.listxattr(file) if name.startswith("user.")] == expected_attributes
    assert after.st_mtime > 0, "the modification time must show the change"


def test_read_only_file_is_reported_in_one_sentence(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n"})
    (root / "articles/a.yaml").chmod(0o444)
    result = run_feedsvc("stamp", root)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        (
            "articles/a.yaml:1:1: error: the id cannot be written (it is read-only); "
            "nothing was changed; make the file and its folder writable, and stamp again"
        ),
        "feedsvc: 0 articles got an id; 1 problem",
    ]


def test_full_disk_leaves_the_file_unchanged(newsroom: Newsroom) -> None:
    text = "title: A\npublished: 2026-01-02\n"
    root = newsroom({"articles/a.yaml": text})
    program = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8)); from feedsvc.cli import main; main()"
    result = subprocess.run([sys.executable, "-c", program, "stamp", str(root)], check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "the id cannot be written (File too large)" in result.stderr
    assert (root / "articles/a.yaml").read_text() == text
    assert os.listdir(root / "articles") == ["a.yaml"]


def test_file_saved_after_planning_is_unchanged(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n"})
    ((assignment,), _) = article_files.plan_assignments(root, load_content(root))
    (root / "articles/a.yaml").write_text("title: B\npublished: 2026-01-02\n")
    problem = article_files.apply_assignment(root, assignment)
    assert problem
    assert str(problem) == "articles/a.yaml:1:1: the file changed while it was read; stamp again"
    assert (root / "articles/a.yaml").read_text() == "title: B\npublished: 2026-01-02\n"
    assert os.listdir(root / "articles") == ["a.yaml"]


def test_file_saved_before_planning_is_reported(newsroom: Newsroom) -> None:
    root = newsroom({f"articles/{stem}.yaml": "title: A\npublished: 2026-01-02\n" for stem in "ab"})
    content = load_content(root)
    (root / "articles/a.yaml").write_text("title: B\npublished: 2026-01-02\n")
    (root / "articles/b.yaml").unlink()
    _, problems = article_files.plan_assignments(root, content)
    assert [problem.message for problem in problems] == ["the file changed while it was read"] * 2


def test_article_in_its_last_valid_version_gets_no_id(newsroom: Newsroom) -> None:
    root = newsroom({f"articles/{stem}.yaml": f"title: {stem}\npublished: 2026-01-02\n" for stem in "ab"})
    folder = ContentFolder(root)
    folder.read()
    copy = "id: tag:news.example,2026:a\ntitle: b\npublished: 2026-01-02\n"
    (root / "articles/b.yaml").write_text(copy)
    content = folder.read().content
    assert content.last_valid_paths == {"articles/b.yaml"}
    assignments, problems = article_files.plan_assignments(root, content)
    assert ([assignment.path for assignment in assignments], len(problems)) == (["articles/a.yaml"], 1)


def test_file_without_a_safe_place_for_an_id_is_reported(newsroom: Newsroom) -> None:
    """The null value of `id` is an alias of another key's value, which cannot be replaced."""
    text = "slug: &none\nid: *none\ntitle: A\npublished: 2026-01-02\n"
    root = newsroom({"articles/a.yaml": text})
    ((), (problem,)) = assign_all_ids(root)
    assert str(problem) == f"articles/a.yaml:1:1: no place was found where an id can be written safely; write id: {ID}"
    assert (root / "articles/a.yaml").read_text() == text


def test_temporary_files_of_a_killed_run_are_ignored_and_deleted(newsroom: Newsroom) -> None:
    temporary_file = f"articles/{atomic_write.CONTENT_PREFIX}abc"
    root = newsroom(
        {
            temporary_file: "title: [",
            f"{temporary_file}.yaml": "title: [",
            "articles/a.yaml": f"id: {ID}\ntitle: A\npublished: 2026-01-02\n",
        }
    )
    assert load_content(root).errors == ()
    assert run_feedsvc("stamp", root, "--dry-run").returncode == 0
    assert (root / temporary_file).exists()
    assert run_feedsvc("stamp", root).returncode == 0
    assert os.listdir(root / "articles") == ["a.yaml"]


def test_json_of_stamp_has_each_file_with_its_id(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n", "articles/b.yaml": "title: ["})
    result = run_feedsvc("stamp", root, "--json")
    assert json.loads(result.stdout) == [{"path": "articles/a.yaml", "id": ID}]
    assert "feedsvc: 1 article got an id; 1 problem" in result.stderr
    assert result.returncode == 1


def test_run_killed_at_any_time_leaves_complete_files(newsroom: Newsroom) -> None:
    before = "title: A\npublished: 2026-01-02\n"
    stems = [f"a{number}" for number in range(60)]
    root = newsroom({f"articles/{stem}.yaml": before for stem in stems})
    for lines in (1, 7, 20):
        command = [sys.executable, "-m", "feedsvc", "stamp", str(root)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        ) as process:
            assert process.stdout
            for _ in range(lines):
                process.stdout.readline()
            process.kill()
        for stem in stems:
            after = f"id: tag:news.example,2026:{stem}\n{before}"
            assert (root / f"articles/{stem}.yaml").read_text() in (before, after)
        assert load_content(root).errors == ()
    assert run_feedsvc("stamp", root).returncode == 0
    assert sorted(os.listdir(root / "articles")) == sorted(f"{stem}.yaml" for stem in stems)
    assert all((root / f"articles/{stem}.yaml").read_text().startswith("id: ") for stem in stems)
