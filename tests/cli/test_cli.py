"""The commands as a person runs them: output, exit status, one sentence for every fault."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

import feedsvc
from feedsvc import export
from feedsvc.cli import build
from feedsvc.export import hosts
from tests import ROOT
from tests.helpers import newsrooms

_SLOW: Final = ("comrak", "feedgen", "flask", "jinja2", "lxml", "pydantic", "sqlalchemy", "yaml")


def run(*arguments: str | Path, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FEEDSVC_")}
    environment |= {"PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "feedsvc", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, env=environment, timeout=60)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return newsrooms.write_sample(tmp_path / "content")


@pytest.fixture
def broken(content: Path) -> Path:
    newsrooms.write(content, {"articles/broken.yaml": "title: no\npublished: 2026-02-30\nauthor: ritesch\n"})
    return content


def test_the_sample_newsroom_has_no_errors() -> None:
    done = run("check")
    assert done.returncode == 0, done.stdout
    assert done.stderr.startswith("feedsvc: 34 articles: 0 errors, 1 warning")


def test_a_build_can_be_asked_for_each_selection_that_there_is() -> None:
    assert (*build.SELECTIONS,) == tuple(filter(None, export.SELECTIONS))


def test_a_build_can_be_asked_for_each_kind_of_host_that_there_is() -> None:
    assert (*build.HOSTS,) == (*hosts.HOSTS,)


def test_a_command_line_is_read_before_what_takes_time() -> None:
    """A first look at the articles is taken meanwhile."""
    for command in ("build", "serve"):
        code = f"import sys, feedsvc.cli.{command} as one; print([name for name in {_SLOW} if name in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT, timeout=60)
        assert done.stdout == "[]\n", command


def test_check_prints_problems_like_a_compiler(broken: Path) -> None:
    done = run("check", broken)
    assert done.returncode == 1
    assert done.stdout.partition("articles/")[2].partition("\narticles/december")[0].splitlines() == [
        'broken.yaml:1:8: error: title: YAML reads no as false; put it in quotes: "no"',
        "    1 | title: no",
        "      |        ^",
        "articles/broken.yaml:2:12: error: published: there is no such date or time as '2026-02-30': February 2026 has 28 days",
        "    2 | published: 2026-02-30",
        "      |            ^",
        "articles/broken.yaml:3:9: error: author: no author 'ritesch'; did you mean 'ritesh'?",
        "    3 | author: ritesch",
        "      |         ^",
    ]


def test_warnings_fail_only_where_that_is_wanted(content: Path) -> None:
    done = run("check", content)
    assert (done.returncode, "warning: no summary" in done.stdout) == (0, True)
    assert run("check", content, "--strict").returncode == 1
    assert "no summary" not in run("build", content.parent / "public", content).stderr


def test_a_newsroom_that_nothing_can_be_said_of_passes_strictly(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, {"site.yaml": newsrooms.SITE["site.yaml"], "media/logo.png": newsrooms.SITE["media/logo.png"]})
    done = run("check", tmp_path, "--strict")
    assert (done.returncode, done.stdout) == (0, "")


def test_check_speaks_json(broken: Path) -> None:
    done = run("check", broken, "--format", "json")
    problems = json.loads(done.stdout)["problems"]
    assert problems[0] == {
        "path": "articles/broken.yaml",
        "line": 1,
        "column": 8,
        "severity": "error",
        "message": "title: YAML reads no as false",
        "hint": 'put it in quotes: "no"',
    }


def test_check_annotates_a_pull_request(broken: Path) -> None:
    lines = run("check", "content", "--format", "github", cwd=broken.parent).stdout.splitlines()
    assert lines[0] == (
        '::error file=content/articles/broken.yaml,line=1,col=8::title: YAML reads no as false; put it in quotes: "no"'
    )


def test_a_build_says_once_that_a_picture_has_no_narrower_copies(tmp_path: Path) -> None:
    """From the second build on it said so twice: what the state folder knew, and what was tried."""
    photo = newsrooms.picture(800, 600)
    article = "title: Photo\npublished: 2026-02-01\nimage: {src: media/photo.jpg}\n"
    files = {**newsrooms.SITE, "articles/photo.yaml": article, "media/photo.jpg": photo[: len(photo) // 2]}
    content = newsrooms.write(tmp_path / "content", files | {"media/logo.png": newsrooms.picture(image_format="PNG")})
    for _ in range(2):
        said = run("build", tmp_path / "public", content, "--state", tmp_path / "state").stderr
        assert said.count("'media/photo.jpg' cannot be made narrower") == 1, said


@pytest.mark.parametrize("command", ["check", "build", "serve"])
def test_a_broken_site_yaml_is_told_with_its_places(tmp_path: Path, command: str) -> None:
    newsrooms.write(tmp_path, {"c/site.yaml": "title: 12\nbase_url: nowhere\n"})
    done = run(command, *(["out"] if command == "build" else []), tmp_path / "c", cwd=tmp_path)
    assert done.returncode == 1
    told = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith(" ")]
    assert told[0] == 'site.yaml:1:8: error: title: YAML reads 12 as a number; put it in quotes: "12"'
    assert told[1].startswith("site.yaml:2:11: error: base_url: 'nowhere' is not a web address")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["check", "build", "serve"])
def test_a_missing_folder_is_one_sentence(tmp_path: Path, command: str) -> None:
    done = run(command, *(["out"] if command == "build" else []), "nowhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "feedsvc: error: no folder nowhere; give the folder that holds site.yaml\n"


@pytest.mark.parametrize(
    ("typed", "told"), [("chekc", "'chekc'; did you mean 'check'?"), ("publish", "'publish'; feedsvc --help lists all commands")]
)
def test_a_mistyped_command_is_told_the_nearest(typed: str, told: str) -> None:
    done = run(typed)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"Error: No such command {told}"


def test_who_stands_in_the_newsroom_itself_is_told_how_to_name_it(content: Path) -> None:
    done = run("check", cwd=content)
    assert done.returncode == 2
    assert done.stderr == (
        "feedsvc: error: no folder content; give the folder that holds site.yaml; "
        "site.yaml is in the current folder: give . as CONTENT\n"
    )
    assert run("check", ".", cwd=content).returncode == 0


def test_a_folder_without_site_yaml_is_one_sentence(tmp_path: Path) -> None:
    done = run("check", tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"feedsvc: error: {tmp_path} has no site.yaml; it needs at least title: and base_url:\n"


def test_with_problems_nothing_is_built(broken: Path, tmp_path: Path) -> None:
    done = run("build", tmp_path / "out", broken)
    assert done.returncode == 1
    assert "articles/broken.yaml:1:8: error: title:" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("feedsvc: error: nothing was written;")
    assert not (tmp_path / "out").exists()


def test_broken_files_are_skipped_when_told(broken: Path, tmp_path: Path) -> None:
    done = run("build", tmp_path / "out", broken, "--skip-broken")
    assert done.returncode == 0
    assert "articles/broken.yaml:1:8: error: title:" in done.stderr
    assert (tmp_path / "out/articles/rich/index.html").exists()
    assert not (tmp_path / "out/articles/broken").exists()


def test_build_says_when_to_build_again(content: Path, tmp_path: Path) -> None:
    newsrooms.write(content, newsrooms.article("far", "2100-01-01T00:00:00Z"))
    done = run("build", tmp_path / "out", content)
    assert done.stderr.splitlines()[-1] == (
        "feedsvc: the next scheduled change is at 2100-01-01 09:00:00+09:00; build again then"
    )


def test_build_does_not_ask_for_another_because_news_grow_old(tmp_path: Path) -> None:
    """A news sitemap holds articles for 48 hours; nothing that readers see changes then."""
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    content = newsrooms.write(
        tmp_path / "c",
        {"site.yaml": "title: T\nbase_url: https://t.example\n", **newsrooms.article("a", f"{an_hour_ago:%Y-%m-%dT%H:%M:%SZ}")},
    )
    assert run("build", tmp_path / "out", content).stderr.splitlines()[-1] == "feedsvc: no change is scheduled"
    newsrooms.write(content, newsrooms.article("b", "2100-01-01T00:00:00Z"))
    assert run("build", tmp_path / "out", content).stderr.splitlines()[-1] == (
        "feedsvc: the next scheduled change is at 2100-01-01 00:00:00+00:00; build again then"
    )


@pytest.mark.parametrize("key", ["expires", "updated"])
def test_build_asks_for_another_when_an_article_changes_by_itself(tmp_path: Path, key: str) -> None:
    content = newsrooms.write(
        tmp_path / "c",
        {"site.yaml": "title: T\nbase_url: https://t.example\n", **newsrooms.article("a", **{key: "2100-01-01T00:00:00Z"})},
    )
    assert run("build", tmp_path / "out", content).stderr.splitlines()[-1] == (
        "feedsvc: the next scheduled change is at 2100-01-01 00:00:00+00:00; build again then"
    )


def test_build_says_when_nothing_is_scheduled(tmp_path: Path) -> None:
    content = newsrooms.write(tmp_path / "c", {"site.yaml": "title: T\nbase_url: https://t.example\n", **newsrooms.article("a")})
    assert run("build", tmp_path / "out", content).stderr.splitlines()[-1] == "feedsvc: no change is scheduled"


@pytest.mark.parametrize("out", ["content/public", "."])
def test_building_into_the_content_is_refused(content: Path, out: str) -> None:
    done = run("build", out, "content", cwd=content.parent)
    assert done.returncode == 2
    assert "must not contain each other" in done.stderr


def test_a_base_url_from_the_command_line_takes_the_place_of_the_sites_own(content: Path, tmp_path: Path) -> None:
    done = run("build", tmp_path / "out", content, FEEDSVC_BASE_URL="https://other.example/x")
    assert done.returncode == 0, done.stderr
    feed = (tmp_path / "out/feed.atom").read_text()
    assert "https://other.example/x/articles/rich/" in feed
    assert "news.example/daily" not in feed
    assert "tag:news.example,2026:rich" in feed


def test_a_base_url_that_is_none_is_one_sentence(content: Path) -> None:
    done = run("serve", content, "--base-url", "nonsense")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "feedsvc: error: --base-url 'nonsense' is not a web address; give one such as https://example.org"
    )


def test_a_taken_port_is_one_sentence(content: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", content, "--port", str(port), "--state", tmp_path / "state")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"feedsvc: error: cannot listen on 127.0.0.1:{port} (Address already in use)")


def test_a_state_folder_inside_the_content_is_refused(content: Path) -> None:
    done = run("serve", content, "--state", content / "state")
    assert done.returncode == 2
    assert "give one outside it with --state" in done.stderr


def test_help_and_version() -> None:
    assert run("--version").stdout == f"feedsvc {feedsvc.__version__}\n"
    for command in ("serve", "check", "build", "new", "schema"):
        told = run(command, "--help").stdout
        assert f"Examples:\n    feedsvc {command}" in told
        assert all(len(line) <= 100 for line in told.splitlines())


def test_an_unknown_option_is_no_traceback() -> None:
    done = run("serve", "--prot", "80")
    assert done.returncode == 2
    assert "No such option" in done.stderr
    assert "Traceback" not in done.stderr


def test_out_and_content_mixed_up_writes_nothing_into_the_newsroom(content: Path) -> None:
    before = sorted(content.rglob("*"))
    done = run("build", content, content.parent / "public")
    assert done.returncode == 2
    done = run("build", "content", cwd=content.parent)
    assert done.returncode == 2
    sentence = "content is a content folder; name the output folder before it: feedsvc build OUT content"
    assert done.stderr == f"feedsvc: error: {sentence}\n"
    assert sorted(content.rglob("*")) == before


def test_check_counts_the_warnings_of_a_broken_site_yaml_as_such(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, {"site.yaml": "title: 12\nbase_url: https://t.example\n"})
    assert run("check", tmp_path).stderr == f"feedsvc: {tmp_path}/site.yaml cannot be used: 1 error, 1 warning\n"


def test_files_that_nobody_reads_are_warned_of(content: Path) -> None:
    newsrooms.write(content, {"summit.yaml": "title: A\n", "authors.yml": "", "README.md": "# Mine\n"})
    assert [line for line in run("check", content).stdout.splitlines() if "is not read" in line] == [
        "authors.yml:1:1: warning: this file is not read; rename it to authors.yaml",
        "summit.yaml:1:1: warning: this file is not read; articles lie in articles/",
    ]


def test_a_terminal_without_utf_8_loses_no_letter_of_a_new_title(content: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run("new", "Zoë gewinnt", content, **plain)
    assert (done.returncode, done.stderr) == (0, "")
    file = Path(done.stdout.strip())
    assert file.name == "zoë-gewinnt.yaml"
    assert 'title: "Zoë gewinnt"\n' in file.read_text("utf-8")
    done = run("new", os.fsdecode(b"Zo\xeb"), content, **plain)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].endswith("this is not UTF-8; set the terminal's encoding to UTF-8 and type it again")


def test_an_output_without_room_is_told_in_one_sentence(content: Path) -> None:
    (content / "articles/broken.yaml").write_text("title: [")
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "feedsvc", "check", str(content)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "feedsvc: error: the output cannot be written (No space left on device); make space, or write it to another file\n",
    )


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("nowhere/x.conf", "--nginx {0}/nowhere/x.conf: the folder {0}/nowhere does not exist; create it, or give another file"),
        ("desk", "--nginx {0}/desk: this is a folder; give a file, such as {0}/desk/feedsvc-tree.conf\n"),
        (
            "public/x.conf",
            "--nginx {0}/public/x.conf: the file must not be in {0}/public, because all files there are public; give a file",
        ),
        (
            "content/x.conf",
            "--nginx {0}/content/x.conf: the file must not be in {0}/content, because feedsvc build writes nothing into",
        ),
    ],
)
def test_a_file_for_nginx_that_cannot_be_is_told_before_a_tree_is_made(
    content: Path, tmp_path: Path, file: str, sentence: str
) -> None:
    (tmp_path / "desk").mkdir()
    done = run("build", tmp_path / "public", content, "--nginx", tmp_path / file, "--state", tmp_path / "state")
    assert done.returncode == 2
    assert done.stderr.startswith(f"feedsvc: error: {sentence.format(tmp_path)}"), done.stderr
    assert not (tmp_path / "public").exists()
    assert not (tmp_path / "content/x.conf").exists()


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30"])
def test_a_day_that_is_none_is_answered_with_one_that_is(content: Path, day: str) -> None:
    done = run("views", content, "--since", day)
    assert done.returncode == 2
    assert done.stderr.endswith(
        f"Invalid value for '--since' (env var: 'FEEDSVC_SINCE'): '{day}' is not a date; give one such as 2026-01-31\n"
    )
