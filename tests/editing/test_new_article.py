"""The commands `feedsvc new`, which creates a draft without problems, and `feedsvc schema`."""

from __future__ import annotations

import json
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import jsonschema
import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.cli import main
from feedsvc.content.folder.folder import ContentSnapshot, load_content
from feedsvc.content.schema.json_schema import SCHEMA_NAMES
from feedsvc.content.text import FORBIDDEN_CHARACTER
from feedsvc.editing.article_files import create_file, draft, render_draft
from feedsvc.editing.newsroom import build_schema_of
from feedsvc.errors import FeedsvcError
from feedsvc.model import Article, ArticleStatus
from feedsvc.uris import slugify
from tests.conftest import SETTINGS, Newsroom
from tests.content.reading.test_any_input import no_deadline
from tests.helpers import newsrooms

NOW: Final = datetime(2026, 11, 24, 18, 37, 42, 5, tzinfo=UTC)
FIRST_STEPS: Final = "writes a new newsroom there, and feedsvc demo serves a sample"
ARTICLE: Final = "id: tag:news.example,2026:{0}\ntitle: A\npublished: 2026-01-02\n"


def run_command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def create_article(root: Path, title: str, now: datetime = NOW, suffix: str = ".yaml", slug: str = "") -> Path:
    """Create the file of a new article as `feedsvc new` does, but at the given time."""
    content = load_content(root)
    new_article = draft(content, title, now, slug=slug, suffix=suffix)
    return create_file(root, new_article.path, render_draft(new_article, content, "# modeline"))


def article(content: ContentSnapshot, path: str) -> Article:
    assert content.errors == ()
    return next(item for item in content.articles if item.path == path)


def test_new_creates_a_draft_with_id_slug_and_current_date(newsroom: Newsroom) -> None:
    root = newsroom({})
    result = run_command("new", "Xi invites Lee: a “second” summit", root, "--category", "asia", "--author", "mina-park")
    assert result.exit_code == 0
    assert result.stderr == (
        "feedsvc: this draft is not public; write its text, then delete its line status: draft to publish it; "
        f"feedsvc check {root} finds mistakes\n"
    )
    file = Path(result.stdout.strip())
    now = datetime.now(UTC).astimezone().astimezone(None)
    assert re.fullmatch(r"articles/\d{4}/\d\d/xi-invites-lee-a-second-summit\.yaml", file.relative_to(root).as_posix())
    draft_article = article(load_content(root), file.relative_to(root).as_posix())
    assert draft_article.title == "Xi invites Lee: a “second” summit"
    assert draft_article.id == f"tag:news.example,{file.parts[-3]}:xi-invites-lee-a-second-summit"
    assert (draft_article.slug, draft_article.status) == ("xi-invites-lee-a-second-summit", ArticleStatus.DRAFT)
    assert (draft_article.categories, draft_article.authors) == (("asia",), ("mina-park",))
    assert timedelta(0) <= now - draft_article.published < timedelta(minutes=3)
    assert "xi-invites" not in run_command("check", root).stdout


def test_a_title_that_an_article_has_is_said_with_the_name_of_its_file(newsroom: Newsroom) -> None:
    root = newsroom({"articles/bus.yaml": ARTICLE.format("bus").replace(": A", ": Bus 14 returns")})
    result = run_command("new", " bus 14  Returns", root)
    warning = "feedsvc: warning: articles/bus.yaml has this title, too; delete the new file if you meant that one\n"
    assert (result.exit_code, result.stderr.startswith(warning), Path(result.stdout.strip()).is_file()) == (0, True, True)


def test_folder_and_date_are_in_the_time_zone_of_the_site(newsroom: Newsroom) -> None:
    root = newsroom({})
    file = create_article(root, "Late", datetime(2026, 12, 31, 19, 0, 59, tzinfo=UTC))
    assert file == root / "articles/2027/01/late.yaml"
    assert "id: tag:news.example,2027:late " in file.read_text()
    assert "published: 2027-01-01T00:30:00+05:30\n" in file.read_text()


def test_markdown_file_has_its_text_after_the_keys(newsroom: Newsroom) -> None:
    root = newsroom({})
    result = run_command("new", "A walk", root, "--markdown")
    file = Path(result.stdout.strip())
    assert file.name == "a-walk.md"
    assert file.read_text().startswith("---\nid: ")
    content = load_content(root)
    assert content.html(article(content, file.relative_to(root).as_posix())) == "<p>Write here, in Markdown.</p>"


def test_existing_slug_gets_a_number(newsroom: Newsroom) -> None:
    root = newsroom(
        {
            "articles/x.yaml": ARTICLE.format("x") + "slug: a-walk\n",
            "articles/y.yaml": ARTICLE.format("y") + "aliases: [a-walk-2]\n",
            "articles/z.yaml": ARTICLE.format("a-walk-3"),
        }
    )
    assert create_article(root, "A walk").name == "a-walk-4.yaml"
    assert create_article(root, "A walk").name == "a-walk-5.yaml"
    assert load_content(root).errors == ()


def test_slug_of_a_broken_article_gets_a_number(newsroom: Newsroom) -> None:
    root = newsroom({"articles/2026/11/a-walk.yaml": "title: no\n"})
    assert create_article(root, "A walk").name == "a-walk-2.yaml"


def test_new_article_gets_a_number_if_a_file_of_its_name_has_another_slug(newsroom: Newsroom) -> None:
    root = newsroom({"articles/2026/11/a-walk.yaml": ARTICLE.format("other") + "slug: other\n"})
    assert create_article(root, "A walk").name == "a-walk-2.yaml"
    assert create_article(root, "A walk", suffix=".md").name == "a-walk.md"
    assert load_content(root).errors == ()


def test_existing_file_is_not_overwritten(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "mine"})
    with pytest.raises(FeedsvcError, match="exists already; nothing was written"):
        create_file(root, "articles/a.yaml", "other")
    assert (root / "articles/a.yaml").read_text() == "mine"
    assert [file.name for file in (root / "articles").iterdir()] == ["a.yaml"]


def test_unwritable_folder_is_reported_in_one_sentence(newsroom: Newsroom) -> None:
    root = newsroom({"articles": "a file"})
    result = run_command("new", "A", root)
    assert result.exit_code == 2
    assert re.fullmatch(r"feedsvc: error: .*/a\.yaml cannot be written \(.*\)\n", result.stderr)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["A", "--author", "mina-prak"], "there is no author 'mina-prak'; did you mean 'mina-park'?"),
        (["A", "--category", "zzz"], "there is no category 'zzz'; the known ones are: asia, sport"),
        (["!!!"], "the title '!!!' has no letter or digit to make an address of; give one with --slug a-name"),
        (["A", "--slug", "a b"], "--slug 'a b' cannot stand in an address; use letters, digits and '-', 200 bytes at most"),
        ([" \u200b ", "--slug", "a"], "the title is empty"),
    ],
)
def test_invalid_option_is_reported_in_one_sentence_and_writes_nothing(
    newsroom: Newsroom, arguments: list[str], sentence: str
) -> None:
    root = newsroom({})
    title, *options = arguments
    result = run_command("new", title, root, *options)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"feedsvc: error: {sentence}\n")
    assert not (root / "articles").exists()


def test_an_author_whose_entry_has_an_error_is_not_called_unknown(newsroom: Newsroom) -> None:
    root = newsroom({"authors.yaml": "mina-park:\n  name: Mina Park\n  url: gone.example\n"})
    result = run_command("new", "A", root, "--author", "mina-park")
    sentence = "no author 'mina-park' can be used; mend authors.yaml first, which has an error in line 3"
    assert (result.exit_code, result.stderr) == (2, f"feedsvc: error: {sentence}\n")


def test_title_without_letters_needs_a_slug(newsroom: Newsroom) -> None:
    root = newsroom({})
    assert create_article(root, "!!!", slug="signs").name == "signs.yaml"
    assert article(load_content(root), "articles/2026/11/signs.yaml").title == "!!!"


def test_aliases_are_written_as_current_ids_in_order(newsroom: Newsroom) -> None:
    root = newsroom(
        {"authors.yaml": "mina: {name: Mina, aliases: [m]}\n'2026': {name: X}\n", "categories.yaml": "'no': {title: N}\n"}
    )
    result = run_command("new", "A", root, "--author", "2026", "--author", "m", "--category", "no")
    new_article = article(load_content(root), Path(result.stdout.strip()).relative_to(root).as_posix())
    assert (new_article.authors, new_article.categories) == (("2026", "mina"), ("no",))


@pytest.mark.parametrize("suffix", [".yaml", ".md"])
def test_commented_keys_are_valid_when_uncommented(newsroom: Newsroom, suffix: str) -> None:
    root = newsroom(
        {"media/summit.jpg": newsrooms.picture(), "media/hall.jpg": newsrooms.picture(), "media/briefing.mp3": b"mp3"}
    )
    file = create_article(root, "A", suffix=suffix)
    text = re.sub(r"^# (?=[a-z_]+: )", "", file.read_text(), flags=re.MULTILINE).replace("Write here, in Markdown.", "Text.")
    file.write_text(text.replace("updated: 2026-01-02", "updated: 2026-11-25").replace("status: draft", "status: published"))
    new_article = article(load_content(root), file.relative_to(root).as_posix())
    assert new_article.image
    assert all(
        (
            new_article.enclosures,
            new_article.sources,
            new_article.corrections,
            new_article.language,
            new_article.link,
            new_article.aliases,
            new_article.expires,
        )
    )
    assert (new_article.categories, new_article.authors) == (("asia",), ("mina-park",))


@no_deadline
@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"])), st.sampled_from([".yaml", ".md"]))
def test_any_title_gives_a_valid_file_with_this_title(title: str, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = newsrooms.write(Path(folder), SETTINGS)
        normalized_title = " ".join(FORBIDDEN_CHARACTER.sub(" ", title).split())
        if not slugify(normalized_title):
            with pytest.raises(FeedsvcError, match=r"^the title (?:is empty|'.*' has no letter or digit)"):
                create_article(root, title)
            return
        file = create_article(root, title, suffix=suffix)
        new_article = article(load_content(root), file.relative_to(root).as_posix())
        assert new_article.title == normalized_title
        assert new_article.slug == file.stem


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to a working folder without a content folder."""
    folder = tmp_path / "nowhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FEEDSVC_CONTENT", raising=False)
    return folder


def test_new_article_names_a_schema_that_accepts_it(newsroom: Newsroom) -> None:
    root = newsroom({})
    file = Path(run_command("new", "A walk", root).stdout.strip())
    match = re.match(r"# yaml-language-server: \$schema=(.*)\n", file.read_text())
    assert match
    schema = json.loads((file.parent / match[1]).read_text())
    assert schema["properties"]["author"]["anyOf"][0]["enum"] == ["mina-park", "ritesh-nambiar"]
    value = yaml.load(file.read_text(), yaml.BaseLoader) | {"summary": None}
    jsonschema.Draft7Validator(schema).validate(value)


def test_schema_files_in_the_content_folder_are_not_read_as_content(newsroom: Newsroom) -> None:
    root = newsroom({})
    result = run_command("schema", "--write", root)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"{root}/.feedsvc/schema/{name}.json" for name in SCHEMA_NAMES]
    settings = json.loads(result.stderr.partition("\n")[2])
    assert settings["yaml.schemas"][f"{root}/.feedsvc/schema/article.json"] == f"{root}/articles/**/*.yaml"
    assert sorted(file.name for file in (root / ".feedsvc/schema").iterdir()) == sorted(f"{name}.json" for name in SCHEMA_NAMES)
    assert load_content(root).problems == ()


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_schema_is_printed_with_or_without_a_content_folder(newsroom: Newsroom, empty_folder: Path, name: str) -> None:
    assert json.loads(run_command("schema", name).stdout) == build_schema_of(name)
    assert json.loads(run_command("schema").stdout)[name] == build_schema_of(name)
    root = newsroom({})
    assert json.loads(run_command("schema", name, root).stdout) == build_schema_of(name, root)
    newsroom({}).rename(empty_folder / "content")
    assert json.loads(run_command("schema", name).stdout) == build_schema_of(name, empty_folder / "content")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["artikel"],
            (
                "artikel is neither a content folder (with site.yaml) nor the name of a schema "
                "(site, authors, categories, tags, feeds, redirects, article, page); "
                f"feedsvc init artikel {FIRST_STEPS}"
            ),
        ),
        (
            ["x", "y"],
            "'x' is not the name of a schema; give one of site, authors, categories, tags, feeds, redirects, article, page",
        ),
        (
            ["--write"],
            (
                "./content is not a content folder (it has no site.yaml); name one: feedsvc schema --write CONTENT; "
                f"feedsvc init content {FIRST_STEPS}"
            ),
        ),
    ],
)
def test_invalid_arguments_are_reported_in_one_sentence(empty_folder: Path, arguments: list[str], sentence: str) -> None:
    result = run_command("schema", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"feedsvc: error: {sentence}\n")


def test_unwritable_schema_folder_is_reported_in_one_sentence(newsroom: Newsroom) -> None:
    root = newsroom({".feedsvc": "a file"})
    result = run_command("schema", "--write", root)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"feedsvc: error: {root}/.feedsvc/schema cannot be written (")


def test_title_without_quotes_is_reported_with_a_hint(newsroom: Newsroom) -> None:
    root = newsroom({})
    for words in (("Bus", "stop"), ("Bus", "14", "keeps", str(root))):
        result = run_command("new", *words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.endswith(
            f'if this word belongs to the title, put the title in quotes: feedsvc new "{" ".join(words)}"; '
            f"feedsvc init {words[1]} {FIRST_STEPS}\n"
        )


def test_existing_slug_given_as_option_is_refused(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n"})
    result = run_command("new", "A", root, "--slug", "a")
    assert (result.exit_code, result.stderr) == (2, "feedsvc: error: --slug 'a' belongs to another article; 'a-2' is free\n")
