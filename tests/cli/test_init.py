"""The command `feedsvc init`: a valid newsroom, questions on a terminal, and errors that leave every file as it was."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import resource
import shlex
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import jsonschema
import pytest
import yaml
from click.testing import CliRunner, Result

from feedsvc.cli import main
from feedsvc.cli.init import default_language, default_timezone, default_title
from feedsvc.content.folder.folder import load_content
from feedsvc.content.lint.articles import lint_content
from feedsvc.content.schema.json_schema import SCHEMA_NAMES
from feedsvc.editing.newsroom import STAGING_PREFIX
from feedsvc.support.clock import wall_clock
from tests.cli.command_line import run_feedsvc
from tests.cli.test_completion import read_until
from tests.helpers.forked_process import start_module
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.programs import killing
from tests.helpers.running_server import command, environment, serving
from tests.validators import objections

# C.UTF-8 as in a container, so that the defaults do not depend on the machine.
PLAIN: Final = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
ALL_OPTIONS: Final = ("--title", "T", "--base-url", "https://t.example", "--language", "en", "--timezone", "UTC")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty folder that is named harbour-news."""
    path = tmp_path / "harbour-news"
    path.mkdir()
    monkeypatch.chdir(path)
    for name in [name for name in os.environ if name.startswith("FEEDSVC_")]:
        monkeypatch.delenv(name)
    for name, value in PLAIN.items():
        monkeypatch.setenv(name, value)
    return path


def init(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["init", *map(str, arguments)])


def files_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def assert_is_clean(root: Path) -> None:
    content = load_content(root)
    assert [*content.problems, *lint_content(content, root, wall_clock())] == []
    assert len(content.articles) == 3


def failure(*arguments: str | Path) -> str:
    """Run init, which must fail with status 2 and one sentence, and return the sentence."""
    result = init(*arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    return result.stderr.removeprefix("feedsvc: error: ").removesuffix("\n")


def test_defaults_give_a_newsroom_without_warnings_in_the_default_folder_of_all_commands(folder: Path) -> None:
    result = init("--yes")
    assert (result.exit_code, result.stderr) == (0, "feedsvc: content is a newsroom now, with three articles and a page\n")
    paths = {re.sub(r"\d{4}/\d\d", "YEAR/MONTH", path) for path in files_of(folder / "content")}
    assert paths == {
        *("site.yaml", "categories.yaml", "authors.yaml", "pages/about.md", "media/harbour.png", ".gitignore"),
        ".vscode/settings.json",
        *(f"articles/YEAR/MONTH/{name}.yaml" for name in ("welcome", "picture", "draft")),
        *(f".feedsvc/schema/{name}.json" for name in SCHEMA_NAMES),
    }
    assert all(data.endswith(b"\n") for path, data in files_of(folder / "content").items() if not path.endswith(".png"))
    result = run_feedsvc("check", "--strict", cwd=folder)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "feedsvc: 3 articles: 0 errors, 0 warnings\n"
    site = load_content(folder / "content").site
    assert (site.title, site.base_url, site.id_domain) == ("Harbour news", "https://harbour-news.example", "harbour-news.example")
    assert (site.language, site.timezone) == ("en", "UTC")


def test_new_newsroom_can_be_served_and_built_and_shows_no_draft(folder: Path, tmp_path: Path) -> None:
    assert init("--yes").exit_code == 0
    with serving(folder / "content", tmp_path / "state") as server:
        assert b"Welcome to your newsroom" in ask(server.url, "/").body
        feed = ask(server.url, "/feed.rss").body.decode()
        assert [feed.count(title) for title in ("<title>Welcome", "<title>An article with", "<title>A draft")] == [1, 1, 0]
        for suffix in ("rss", "atom", "json"):
            address = f"https://harbour-news.example/feed.{suffix}"
            assert objections(ask(server.url, f"/feed.{suffix}").body, suffix, address=address, now=wall_clock()) == []
        for article in ("welcome", "picture"):
            page = ask(server.url, f"/articles/{article}/")
            assert page.status == 200
            for link in re.findall(r'href="(/[^"]*)"', page.body.decode()):
                assert ask(server.url, link).status == 200, link
        assert ask(server.url, "/media/harbour.png").status == 200
        assert ask(server.url, "/articles/draft/").status == 404
    result = run_feedsvc("build", "public", "--state", tmp_path / "state", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert (folder / "public" / "feed.rss").is_file()


@pytest.mark.parametrize("name", [None, "news room", "it's", "zoë"])
def test_every_printed_command_runs(folder: Path, tmp_path: Path, name: str | None) -> None:
    result = run_feedsvc("init", *([name] if name else []), "--yes", cwd=folder)
    lines = [shlex.split(line) for line in result.stdout.splitlines() if line.startswith("  feedsvc ")]
    assert [line[1] for line in lines] == ["serve", "new", "check", "serve"]
    for _, *arguments in lines:
        if arguments[0] == "serve":
            with killing(
                start_module(
                    *("feedsvc", *arguments, "--port", "0", "--state", tmp_path / "state"),
                    cwd=folder,
                    stderr=subprocess.PIPE,
                    env=environment(),
                )
            ) as process:
                assert process.stderr
                assert f" of {name or 'content'} at http://" in process.stderr.readline()
        else:
            assert run_feedsvc(*arguments, cwd=folder).returncode == 0


def test_folder_of_the_variable_needs_no_argument_in_the_printed_commands(folder: Path) -> None:
    result = run_feedsvc("init", "--yes", cwd=folder, FEEDSVC_CONTENT="newsroom")
    assert "\n  feedsvc check\n" in result.stdout
    assert_is_clean(folder / "newsroom")


TITLES: Final = (
    *('The "Daily": it\'s 100% #1', "a: b", "- no", "no", "007", "🎉", "한국 소식", "{{base_url}} $HOME %s \\n", "خبر", "x" * 60),
    *("[a](b) <b>&amp;</b>", "`rm`", "!tag", "@x", "*x", "&x", "? x", "| x", "> x", "~", "null"),
)


@pytest.mark.parametrize("title", TITLES)
def test_title_of_any_characters_is_the_title_of_the_site(folder: Path, title: str) -> None:
    assert init("--yes", "--title", title).exit_code == 0
    assert load_content(folder / "content").site.title == title
    assert_is_clean(folder / "content")


@pytest.mark.parametrize(
    ("base_url", "id_domain"),
    [
        ("https://harbour.example/news", "harbour.example"),
        ("http://127.0.0.1:8000", "127.0.0.1"),
        ("https://[::1]:8080/", "newsroom.example"),
        ("https://한국.example/길: 1", "xn--3e0b707e.example"),
        ("https://a_b.example/it's,*", "newsroom.example"),
    ],
)
def test_address_of_any_form_gives_a_valid_domain_of_ids(folder: Path, base_url: str, id_domain: str) -> None:
    assert init("--yes", "--base-url", base_url).exit_code == 0
    content = load_content(folder / "content")
    assert content.site.id_domain == id_domain
    assert {article.id.partition(",")[0] for article in content.articles} == {f"tag:{id_domain}"}
    assert_is_clean(folder / "content")


@pytest.mark.parametrize(
    ("language", "tag"), [("ko", "ko"), ("no", "no"), ("PT-br", "pt-BR"), ("zh-hant", "zh-Hant"), ("en-gb", "en-GB")]
)
def test_articles_of_a_newsroom_in_another_language_say_that_they_are_english(folder: Path, language: str, tag: str) -> None:
    assert init("--yes", "--language", language).exit_code == 0
    content = load_content(folder / "content")
    assert content.site.language == tag
    assert {article.language for article in content.articles} == {"" if tag == "en-GB" else "en"}
    assert_is_clean(folder / "content")


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_articles_are_public_at_once_in_any_time_zone(folder: Path, zone: str) -> None:
    assert init("--yes", "--timezone", zone).exit_code == 0
    content = load_content(folder / "content")
    assert content.site.timezone == zone
    assert all(article.published <= wall_clock() for article in content.articles)
    assert_is_clean(folder / "content")


def test_files_name_schemas_that_accept_them(folder: Path) -> None:
    init("--yes")
    root = folder / "content"
    files = [root / "site.yaml", root / "authors.yaml", root / "categories.yaml", *root.glob("articles/*/*/*.yaml")]
    for file in files:
        match = re.match(r"# yaml-language-server: \$schema=(.*)\n", file.read_text("utf-8"))
        assert match, file
        value = yaml.load(file.read_text("utf-8"), yaml.BaseLoader)
        if file.name == "site.yaml":
            value["feed"]["entries"] = int(value["feed"]["entries"])
        jsonschema.Draft7Validator(json.loads((file.parent / match[1]).read_text("utf-8"))).validate(value)
    settings = json.loads((root / ".vscode/settings.json").read_text("utf-8"))["yaml.schemas"]
    assert settings[".feedsvc/schema/article.json"] == "articles/**/*.yaml"
    assert all((root / schema).is_file() for schema in settings)


def test_git_ignores_temporary_files_and_nothing_else(folder: Path) -> None:
    init("--yes")
    subprocess.run(["git", "init", "-q"], check=True, cwd=folder)
    for name in (".new-1", ".feedsvc-stamp-1", f"{STAGING_PREFIX}ab/site.yaml", "articles/.new-2"):
        file = folder / "content" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"], check=True, cwd=folder, capture_output=True, text=True
    ).stdout.split()
    assert len(listed) == 18
    assert not [name for name in listed if ".new" in name or "stamp" in name or STAGING_PREFIX in name]


# Errors.


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--base-url", "harbour.example"],
            (
                "--base-url: 'harbour.example' is not a web address, which begins with https:// and names a host; "
                "did you mean 'https://harbour.example'?"
            ),
        ),
        (["--timezone", "Asia/Kolkatta"], "--timezone: no time zone 'Asia/Kolkatta'; did you mean 'Asia/Kolkata'?"),
        (["--language", "english please"], "--language: 'english please' is not a language tag; write it like en, ko or zh-Hant"),
        (["--title", " \u200b "], "--title: is empty"),
        (["--title", ""], "--title: is empty"),
    ],
)
def test_invalid_value_gets_the_message_of_site_yaml_and_nothing_is_written(
    folder: Path, arguments: list[str], sentence: str
) -> None:
    assert failure(*arguments) == sentence
    assert failure("--yes", *arguments) == sentence
    assert list(folder.iterdir()) == []


def test_without_a_terminal_the_missing_options_are_named(folder: Path) -> None:
    result = subprocess.run(
        command("init", "--title", "T"),
        check=False,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert result.returncode == 2
    assert result.stderr == (
        "feedsvc: error: there is no terminal to ask for --base-url, --language, --timezone; "
        "give these options, or --yes for defaults\n"
    )
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "existing", ["site.yaml", "feeds.yaml", "articles/mine.md", "media/mine.jpg", "theme/x", ".feedsvc/schema/a.json"]
)
def test_folder_with_files_of_a_newsroom_stays_as_it_is(folder: Path, existing: str) -> None:
    file = folder / "content" / existing
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    message = failure("--yes")
    assert message.startswith(f"content has {existing.partition('/')[0]}, and nothing was written; ")
    assert files_of(folder) == {f"content/{existing}": b"mine"}


def test_second_init_names_the_files_and_writes_nothing(folder: Path) -> None:
    init("--yes")
    before = files_of(folder)
    message = failure("--yes", "--title", "Other")
    assert message == (
        "content has site.yaml, categories.yaml, authors.yaml, articles, pages, media, .feedsvc, and nothing was written; "
        "it is a newsroom already: feedsvc serve content serves it"
    )
    assert files_of(folder) == before


def test_other_files_of_the_folder_stay(folder: Path) -> None:
    existing = {".git/HEAD": "ref", "notes.txt": "mine", ".gitignore": "mine", ".vscode/tasks.json": "{}"}
    for path, text in existing.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    (folder / "articles").mkdir(mode=0o770)  # an empty folder is no reason to refuse
    status = (folder / "articles").stat()
    result = init(".", "--yes")
    assert result.exit_code == 0
    assert ((folder / "articles").stat().st_ino, (folder / "articles").stat().st_mode) == (status.st_ino, status.st_mode)
    assert result.stderr.splitlines()[1:] == [
        "feedsvc: .gitignore existed and stays as it is",
        "feedsvc: .vscode existed and stays as it is",
    ]
    assert {path: (folder / path).read_text() for path in existing} == existing
    assert not (folder / ".vscode/settings.json").exists()
    assert_is_clean(folder)


def test_path_of_a_file_or_below_a_file_is_refused(folder: Path) -> None:
    (folder / "file").write_text("mine")
    (folder / "lost").symlink_to("nowhere")
    assert failure("file", "--yes") == "file is not a folder, and nothing was written; give another name"
    assert failure("lost", "--yes") == "lost is not a folder, and nothing was written; give another name"
    assert failure("file/x", "--yes") == ("file/x cannot be written (Not a directory); give a folder that you may write to")
    assert files_of(folder) == {"file": b"mine"}


def test_init_inside_a_newsroom_is_refused(folder: Path) -> None:
    init(".", "--yes")
    before = files_of(folder)
    assert failure("--yes") == (
        f"content would be inside a newsroom, because {folder} has site.yaml, and nothing was written; give a folder outside it"
    )
    assert files_of(folder) == before


def test_file_that_is_too_large_for_the_disk_leaves_nothing(folder: Path) -> None:
    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))  # the picture is larger

    (folder / "existing").mkdir()
    for name in ("existing", "a/b/c"):
        result = subprocess.run(
            command("init", name, *ALL_OPTIONS),
            check=False,
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            preexec_fn=limit_files,
        )
        assert (result.returncode, result.stdout) == (2, "")
        assert (
            result.stderr == f"feedsvc: error: {name} cannot be written (File too large); give a folder that you may write to\n"
        )
    assert list(folder.rglob("*")) == [folder / "existing"]


# Several processes, and killed ones.


def test_of_two_inits_at_once_one_writes_and_the_other_says_so(folder: Path) -> None:
    def run(number: int) -> subprocess.CompletedProcess[str]:
        return run_feedsvc("init", "--yes", "--title", f"Title {number}", cwd=folder)

    for name in ("new", "existing"):
        if name == "existing":
            (folder / "content").rename(folder / "done")
            (folder / "content").mkdir()
        with ThreadPoolExecutor() as executor:
            results = list(executor.map(run, range(3)))
        assert sorted(result.returncode for result in results) == [0, 2, 2]
        assert all("Traceback" not in result.stderr for result in results)
        winner = next(number for number, result in enumerate(results) if result.returncode == 0)
        assert load_content(folder / "content").site.title == f"Title {winner}"
        assert_is_clean(folder / "content")
        assert not list((folder / "content").glob(f"{STAGING_PREFIX}*"))


def test_next_init_names_what_a_killed_one_has_moved_and_deletes_the_rest(folder: Path) -> None:
    content = folder / "content"
    (content / f"{STAGING_PREFIX}ab/articles").mkdir(parents=True)
    (content / f"{STAGING_PREFIX}ab/site.yaml").write_text("title: T\n")
    (content / "categories.yaml").write_text("a: {title: A}\n")
    assert failure("--yes") == "content has categories.yaml, and nothing was written; give an empty folder"
    (content / "categories.yaml").unlink()
    assert init("--yes").exit_code == 0
    assert_is_clean(content)
    assert not list(content.glob(f"{STAGING_PREFIX}*"))


# A terminal.


@pytest.fixture
def terminal(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run init in a terminal; yield the terminal and the process."""
    terminal, end = pty.openpty()
    streams = {"stdin": end, "stdout": end, "stderr": end}
    with killing(
        subprocess.Popen(command("init"), cwd=folder, env=environment(PLAIN), start_new_session=True, **streams)
    ) as process:
        os.close(end)
        yield terminal, process
    os.close(terminal)


QUESTIONS: Final = (
    ("Title of the site [Harbour news]: ", "Bay: “News” 한국\n"),
    ("Address of the public site [https://newsroom.example]: ", "bay.example\n"),
    (
        "Error: base_url: 'bay.example' is not a web address, which begins with https:// and names a host",
        "https://bay.example/news\n",
    ),
    ("Language of the articles [en]: ", "\n"),
    ("Time zone of dates [UTC]: ", "Asia/Kolkatta\n"),
    ("no time zone 'Asia/Kolkatta'; did you mean 'Asia/Kolkata'?", "Asia/Kolkata\n"),
)


def test_questions_have_defaults_and_are_repeated_after_an_invalid_answer(
    terminal: tuple[int, subprocess.Popen[bytes]], folder: Path
) -> None:
    for question, answer in QUESTIONS:
        read_until(terminal[0], question)
        os.write(terminal[0], answer.encode())
    read_until(terminal[0], "feedsvc serve --preview")
    assert terminal[1].wait(SECONDS) == 0
    site = load_content(folder / "content").site
    assert (site.title, site.base_url) == ("Bay: “News” 한국", "https://bay.example/news")
    assert (site.language, site.timezone) == ("en", "Asia/Kolkata")
    assert_is_clean(folder / "content")


@pytest.mark.parametrize("end", ["\x03", "\x04"])
def test_ctrl_c_or_end_of_input_at_a_question_writes_nothing(
    terminal: tuple[int, subprocess.Popen[bytes]], folder: Path, end: str
) -> None:
    read_until(terminal[0], "Title of the site [Harbour news]: ")
    os.write(terminal[0], b"A\n")
    read_until(terminal[0], "Address of the public site [https://a.example]: ")
    for _ in range(100):  # keys are lost between the question and the moment at which the command waits for an answer
        if end == "\x03":
            terminal[1].send_signal(signal.SIGINT)  # the session has no controlling terminal, which would send it
        else:
            os.write(terminal[0], end.encode())
        with contextlib.suppress(subprocess.TimeoutExpired):
            terminal[1].wait(0.5)
            break
    assert terminal[1].returncode == 130
    assert b"Traceback" not in os.read(terminal[0], 4096)
    assert list(folder.iterdir()) == []


# Defaults.


@pytest.mark.parametrize(
    ("path", "title"),
    [
        *(("harbour-news", "Harbour news"), ("harbour-news/content", "Harbour news"), ("BBC_x", "BBC x"), ("a\x07b", "A b")),
        *(("\u200b", "Newsroom"), ("/content", "Newsroom"), ("/", "Newsroom"), ("zoë", "Zoë"), ("100% & <b>", "100% & <b>")),
    ],
)
def test_default_title_is_made_from_the_name_of_the_folder(tmp_path: Path, path: str, title: str) -> None:
    assert default_title(tmp_path / path) == title


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "de_CH.UTF-8"}, "de"),
        ({"LANG": "de_DE", "LC_MESSAGES": "fr_FR@euro"}, "fr"),
        ({"LANG": "de_DE", "LC_ALL": "pt_BR.UTF-8", "LC_MESSAGES": ""}, "pt-BR"),
        ({"LANG": "zh_TW.UTF-8"}, "zh-Hant"),
        ({"LANG": "sv_SE.UTF-8"}, "en"),  # a language without words
        ({"LANG": "?!\udcff"}, "en"),
    ],
)
def test_default_language_is_that_of_the_locale(variables: dict[str, str], language: str) -> None:
    assert default_language(variables) == language


@pytest.mark.parametrize(
    ("variable", "link", "zone"),
    [
        ("Asia/Seoul", "/usr/share/zoneinfo/Europe/Paris", "Asia/Seoul"),
        (":Asia/Seoul", "", "Asia/Seoul"),
        ("/usr/share/zoneinfo/Asia/Seoul", "", "Asia/Seoul"),
        ("<+03>-3", "/usr/share/zoneinfo/Europe/Paris", "UTC"),
        ("", "/usr/share/zoneinfo/Europe/Paris", "Europe/Paris"),
        ("", "/usr/share/zoneinfo/posix/Europe/Paris", "Europe/Paris"),
        ("", "/nowhere", "UTC"),
        ("", "", "UTC"),
    ],
)
def test_default_time_zone_is_that_of_the_system(tmp_path: Path, variable: str, link: str, zone: str) -> None:
    file = tmp_path / "localtime"
    if link:
        file.symlink_to(link)
    assert default_timezone({"TZ": variable}, file) == zone
