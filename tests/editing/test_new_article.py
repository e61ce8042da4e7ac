"""`feedsvc new` and `feedsvc schema` as a person runs them: a draft that `check` has no objection to, at once."""

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
from feedsvc.editing.new_article import create_file, draft, render_draft
from feedsvc.editing.schema_files import build_schema_of
from feedsvc.errors import FeedsvcError
from feedsvc.model import Article, ArticleStatus
from feedsvc.uris import slugify
from tests.conftest import SETTINGS, Newsroom
from tests.content.reading.test_any_input import no_deadline
from tests.helpers import newsrooms

NOW: Final = datetime(2026, 11, 24, 18, 37, 42, 5, tzinfo=UTC)
ARTICLE: Final = "id: tag:news.example,2026:{0}\ntitle: A\npublished: 2026-01-02\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def begun(root: Path, title: str, now: datetime = NOW, ending: str = ".yaml", slug: str = "") -> Path:
    """A new article's file, as the command makes it but at a moment of the test's own."""
    content = load_content(root)
    one = draft(content, title, now, slug=slug, suffix=ending)
    return create_file(root, one.path, render_draft(one, content, "# modeline"))


def article(content: ContentSnapshot, path: str) -> Article:
    assert content.errors == ()
    return next(one for one in content.articles if one.path == path)


def test_a_new_article_is_a_draft_of_now_with_everything_in_its_place(newsroom: Newsroom) -> None:
    root = newsroom({})
    done = run("new", "Xi invites Lee: a “second” summit", root, "--category", "asia", "--author", "mina-park")
    assert (done.exit_code, done.stderr) == (0, "")
    file = Path(done.stdout.strip())
    today = datetime.now(UTC).astimezone().astimezone(None)
    assert re.fullmatch(r"articles/\d{4}/\d\d/xi-invites-lee-a-second-summit\.yaml", file.relative_to(root).as_posix())
    one = article(load_content(root), file.relative_to(root).as_posix())
    assert one.title == "Xi invites Lee: a “second” summit"
    assert one.id == f"tag:news.example,{file.parts[-3]}:xi-invites-lee-a-second-summit"
    assert (one.slug, one.status) == ("xi-invites-lee-a-second-summit", ArticleStatus.DRAFT)
    assert (one.categories, one.authors) == (("asia",), ("mina-park",))
    assert timedelta(0) <= today - one.published < timedelta(minutes=3)
    assert "xi-invites" not in run("check", root).stdout


def test_the_day_is_the_sites_own(newsroom: Newsroom) -> None:
    root = newsroom({})
    file = begun(root, "Late", datetime(2026, 12, 31, 19, 0, 59, tzinfo=UTC))
    assert file == root / "articles/2027/01/late.yaml"
    assert "id: tag:news.example,2027:late " in file.read_text()
    assert "published: 2027-01-01T00:30:00+05:30\n" in file.read_text()


def test_markdown_has_its_text_below_the_keys(newsroom: Newsroom) -> None:
    root = newsroom({})
    done = run("new", "A walk", root, "--markdown")
    file = Path(done.stdout.strip())
    assert file.name == "a-walk.md"
    assert file.read_text().startswith("---\nid: ")
    content = load_content(root)
    assert content.html(article(content, file.relative_to(root).as_posix())) == "<p>Write here, in Markdown.</p>"


def test_a_taken_name_gets_a_number(newsroom: Newsroom) -> None:
    root = newsroom(
        {
            "articles/x.yaml": ARTICLE.format("x") + "slug: a-walk\n",
            "articles/y.yaml": ARTICLE.format("y") + "aliases: [a-walk-2]\n",
            "articles/z.yaml": ARTICLE.format("a-walk-3"),
        }
    )
    assert begun(root, "A walk").name == "a-walk-4.yaml"
    assert begun(root, "A walk").name == "a-walk-5.yaml"
    assert load_content(root).errors == ()


def test_the_name_of_a_broken_article_is_taken_too(newsroom: Newsroom) -> None:
    root = newsroom({"articles/2026/11/a-walk.yaml": "title: no\n"})
    assert begun(root, "A walk").name == "a-walk-2.yaml"


def test_nothing_is_ever_written_over(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "mine"})
    with pytest.raises(FeedsvcError, match="exists already; nothing was written"):
        create_file(root, "articles/a.yaml", "other")
    assert (root / "articles/a.yaml").read_text() == "mine"
    assert [file.name for file in (root / "articles").iterdir()] == ["a.yaml"]


def test_a_folder_that_cannot_be_made_is_one_sentence(newsroom: Newsroom) -> None:
    root = newsroom({"articles": "a file"})
    done = run("new", "A", root)
    assert done.exit_code == 2
    assert re.fullmatch(r"feedsvc: error: .*/a\.yaml cannot be written \(.*\)\n", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["A", "--author", "mina-prak"], "no author 'mina-prak'; did you mean 'mina-park'?"),
        (["A", "--category", "zzz"], "there is no category 'zzz'; the known ones are: asia, sport"),
        (["!!!"], "the title '!!!' has no letter or digit to make an address of; give one with --slug a-name"),
        (["A", "--slug", "a b"], "--slug 'a b' cannot stand in an address; use letters, digits and '-', 200 bytes at most"),
        ([" \u200b ", "--slug", "a"], "the title is empty"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_is_written(newsroom: Newsroom, arguments: list[str], sentence: str) -> None:
    root = newsroom({})
    title, *options = arguments
    done = run("new", title, root, *options)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"feedsvc: error: {sentence}\n")
    assert not (root / "articles").exists()


def test_a_title_of_signs_alone_with_a_slug(newsroom: Newsroom) -> None:
    root = newsroom({})
    assert begun(root, "!!!", slug="signs").name == "signs.yaml"
    assert article(load_content(root), "articles/2026/11/signs.yaml").title == "!!!"


def test_former_ids_are_written_as_todays_and_several_in_their_order(newsroom: Newsroom) -> None:
    root = newsroom(
        {"authors.yaml": "mina: {name: Mina, aliases: [m]}\n'2026': {name: X}\n", "categories.yaml": "'no': {title: N}\n"}
    )
    done = run("new", "A", root, "--author", "2026", "--author", "m", "--category", "no")
    one = article(load_content(root), Path(done.stdout.strip()).relative_to(root).as_posix())
    assert (one.authors, one.categories) == (("2026", "mina"), ("no",))


@pytest.mark.parametrize("ending", [".yaml", ".md"])
def test_every_further_key_can_be_uncommented(newsroom: Newsroom, ending: str) -> None:
    root = newsroom({"media/summit.jpg": newsrooms.picture(), "media/briefing.mp3": b"mp3"})
    file = begun(root, "A", ending=ending)
    further = re.sub(r"^# (?=[a-z_]+: )", "", file.read_text(), flags=re.MULTILINE)
    file.write_text(further.replace("updated: 2026-01-02", "updated: 2026-11-25").replace("status: draft", "status: published"))
    one = article(load_content(root), file.relative_to(root).as_posix())
    assert one.image
    assert all((one.enclosures, one.sources, one.corrections, one.language, one.link, one.aliases, one.expires))
    assert (one.categories, one.authors) == (("asia",), ("mina-park",))


@no_deadline
@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"])), st.sampled_from([".yaml", ".md"]))
def test_any_title_gives_a_file_without_errors_that_says_it(title: str, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = newsrooms.write(Path(folder), SETTINGS)
        flat = " ".join(FORBIDDEN_CHARACTER.sub(" ", title).split())
        if not slugify(flat):
            with pytest.raises(FeedsvcError, match=r"^the title (?:is empty|'.*' has no letter or digit)"):
                begun(root, title)
            return
        file = begun(root, title, ending=ending)
        one = article(load_content(root), file.relative_to(root).as_posix())
        assert one.title == flat
        assert one.slug == file.stem


# --- Schemas as files -----------------------------------------------------------------------------------------


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without any newsroom."""
    folder = tmp_path / "nowhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FEEDSVC_CONTENT", raising=False)
    return folder


def test_a_new_article_leads_the_text_editor_to_a_schema_that_accepts_it(newsroom: Newsroom) -> None:
    root = newsroom({})
    file = Path(run("new", "A walk", root).stdout.strip())
    found = re.match(r"# yaml-language-server: \$schema=(.*)\n", file.read_text())
    assert found
    schema = json.loads((file.parent / found[1]).read_text())
    assert schema["properties"]["author"]["anyOf"][0]["enum"] == ["mina-park", "ritesh-nambiar"]
    value = yaml.load(file.read_text(), yaml.BaseLoader) | {"summary": None}
    jsonschema.Draft7Validator(schema).validate(value)


def test_schemas_written_into_a_newsroom_are_no_content(newsroom: Newsroom) -> None:
    root = newsroom({})
    done = run("schema", "--write", root)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [f"{root}/.feedsvc/schema/{name}.json" for name in SCHEMA_NAMES]
    settings = json.loads(done.stderr.partition("\n")[2])
    assert settings["yaml.schemas"][f"{root}/.feedsvc/schema/article.json"] == f"{root}/articles/**/*.yaml"
    assert sorted(file.name for file in (root / ".feedsvc/schema").iterdir()) == sorted(f"{name}.json" for name in SCHEMA_NAMES)
    assert load_content(root).problems == ()


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_a_schema_is_printed_with_or_without_a_newsroom(newsroom: Newsroom, nowhere: Path, name: str) -> None:
    assert json.loads(run("schema", name).stdout) == build_schema_of(name)
    assert json.loads(run("schema").stdout)[name] == build_schema_of(name)
    root = newsroom({})
    assert json.loads(run("schema", name, root).stdout) == build_schema_of(name, root)
    newsroom({}).rename(nowhere / "content")
    assert json.loads(run("schema", name).stdout) == build_schema_of(name, nowhere / "content")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["artikel"],
            "artikel is neither a content folder (with site.yaml) nor the name of a schema (site, authors, categories, article)",
        ),
        (["x", "y"], "'x' is not the name of a schema; give one of site, authors, categories, article"),
        (["--write"], "./content is not a content folder (it has no site.yaml); name one: feedsvc schema --write CONTENT"),
    ],
)
def test_a_wrong_call_is_one_sentence(nowhere: Path, arguments: list[str], sentence: str) -> None:
    done = run("schema", *arguments)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"feedsvc: error: {sentence}\n")


def test_a_disk_that_refuses_is_one_sentence(newsroom: Newsroom) -> None:
    root = newsroom({".feedsvc": "a file"})
    done = run("schema", "--write", root)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"feedsvc: error: {root}/.feedsvc/schema cannot be written (")


def test_a_title_without_quotes_is_told_to_have_some(newsroom: Newsroom) -> None:
    root = newsroom({})
    for words in (("Bus", "stop"), ("Bus", "14", "keeps", str(root))):
        done = run("new", *words)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.endswith(
            f'if this word belongs to the title, put the title in quotes: feedsvc new "{" ".join(words)}"\n'
        )


def test_a_slug_that_was_asked_for_is_not_silently_another(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\n"})
    done = run("new", "A", root, "--slug", "a")
    assert (done.exit_code, done.stderr) == (2, "feedsvc: error: --slug 'a' belongs to another article; 'a-2' is free\n")


def test_a_title_of_one_word_without_a_newsroom_is_told_to_name_the_folder(nowhere: Path) -> None:
    done = run("new", "Hello")
    assert done.exit_code == 2
    assert (
        done.stderr
        == "feedsvc: error: there is no folder content here; name the folder that contains site.yaml: feedsvc new Hello FOLDER\n"
    )
