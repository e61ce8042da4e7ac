"""docs/editors.md, done as it says; the site is looked at after each section."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.documentation.followed_document import NOT_RUN, Reader, changed, sections, until
from tests.helpers import newsrooms
from tests.helpers.http_client import Response
from tests.helpers.programs import require_program

DOCUMENT: Final = (ROOT / "docs/editors.md").read_text("utf-8")
SECTIONS: Final = sections(DOCUMENT)

BUSES: Final = "/articles/night-buses-return/"
RENAMED: Final = "/articles/buses-all-night/"
PIER: Final = "/articles/pier/"


def answers(reader: Reader, path: str, status: int) -> Response:
    until(lambda: reader.get(path).status == status, lambda: f"{path}: {reader.get(path).status}\n{reader.said()}")
    return reader.get(path)


def shows(reader: Reader, path: str, text: str) -> None:
    until(lambda: text in reader.get(path).body.decode(), lambda: f"{path} has no {text!r}\n{reader.said()}")


def lacks(reader: Reader, path: str, text: str) -> None:
    until(lambda: text not in reader.get(path).body.decode(), lambda: f"{path} has {text!r}\n{reader.said()}")


def a_draft(reader: Reader) -> None:
    written = reader.file("content/articles/2026/01/night-buses-return.yaml").read_text("utf-8")
    (published,) = (block for block in SECTIONS["Publish"] if block.language == "yaml")
    promised = published.text.splitlines()[1].partition(":")[2]
    assert reader.today(promised) in written
    assert "status: draft" in written


def not_there(reader: Reader) -> None:
    assert reader.get("/").status == 200
    assert reader.get(BUSES).status == 404


def live(reader: Reader) -> None:
    answers(reader, BUSES, 200)
    for place in ("/", "/category/city/", "/author/mina-park/", "/tag/buses/"):
        shows(reader, place, "Night buses return")
        shows(reader, f"{place}feed.atom", "2026-01-02T04:00:00Z")


def mended(reader: Reader) -> None:
    shows(reader, "/status", '"problems": []')
    live(reader)


def kept(reader: Reader) -> None:
    assert reader.run("git status --porcelain").stdout == ""


def at_its_second(reader: Reader) -> None:
    """As the document has it, nothing is seen; with moments that come, the article comes and goes by itself."""
    shows(reader, "/status", '"next_change": "2031-06-01T01:30:00Z"')
    assert reader.get(PIER).status == 404
    file = reader.file("content/articles/pier.yaml")
    text = file.read_text("utf-8")
    for key, status in (("published", 200), ("expires", 404)):
        moment = datetime.now(UTC) + timedelta(seconds=2)
        file.write_text(changed(file.read_text("utf-8"), f"{key}: {moment.isoformat(timespec='seconds')}\n"), "utf-8")
        answers(reader, PIER, status)
    lacks(reader, "/feed.json", "The pier opens again")
    file.write_text(text, "utf-8")


def a_picture(reader: Reader) -> None:
    shows(reader, BUSES, 'alt="A bus under a street lamp"')
    assert reader.get("/media/bus.jpg").status == 200


def tagged(reader: Reader) -> None:
    """Every page of the table is there once an article spells the tags as the table does."""
    table = DOCUMENT.partition("## Choose tags")[2].partition("## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if "`/tag/" in line]
    spelled, pages = ([name for row in rows for name in re.findall("`([^`]{2,}|C)`", row[column])] for column in (0, 1))
    pages = [page for page in pages if page.startswith("/tag/")]
    assert (len(spelled), len(pages)) == (13, 9)
    text = f"title: Tags\npublished: 2026-01-01\nsummary: Tags.\ntags: [{', '.join(spelled)}]\n"
    file = reader.file("content/articles/tags.yaml")
    file.write_text(text, "utf-8")
    for page in pages:
        answers(reader, page, 200)
    file.unlink()
    for page in pages:
        answers(reader, page, 404)


def corrected(reader: Reader) -> None:
    shows(reader, BUSES, "An earlier version named line 12; it is line 14.")
    shows(reader, "/feed.atom", "<updated>2026-01-03T02:30:00Z</updated>")


def renamed(reader: Reader) -> None:
    shows(reader, RENAMED, "Night buses return")
    assert answers(reader, BUSES, 301)["Location"].endswith(RENAMED)
    assert reader.get("/feed.atom").body.decode().count("<entry>") == 1


def withdrawn(reader: Reader) -> None:
    assert "The office says that this was a draft plan." in answers(reader, RENAMED, 410).body.decode()
    lacks(reader, "/feed.rss", "Night buses return")
    shows(reader, "/feed.atom", "deleted-entry")


def a_mistake_is_not_committed(reader: Reader) -> None:
    assert reader.run("git add -A && git commit -q -m Good").returncode == 0
    file = reader.file("content/articles/pier.yaml")
    sound = file.read_text("utf-8")
    file.write_text(sound.replace("title:", "titel:"), "utf-8")
    refused = reader.run("git commit -a -q -m Bad")
    assert refused.returncode == 1
    assert "unknown key 'titel'; did you mean 'title'?" in refused.stdout
    file.write_text(sound, "utf-8")


def schemas(reader: Reader) -> None:
    modeline = reader.file("content/.feedsvc/schema/article.json")
    assert "mina-park" in modeline.read_text("utf-8")


def nothing(_: Reader) -> None:
    """A section that changes nothing."""


SEEN_AFTER: Final[Mapping[str, Callable[[Reader], None]]] = {
    "An empty folder": nothing,
    "Begin an article": a_draft,
    "Look at it": not_there,
    "Publish": live,
    "Make a mistake": mended,
    "Keep it in git": kept,
    "Schedule": at_its_second,
    "Copy a file": mended,
    "Pictures": a_picture,
    "Write the text": nothing,
    "Choose tags": tagged,
    "Correct": corrected,
    "Rename": renamed,
    "Withdraw": withdrawn,
    "A hook": a_mistake_is_not_committed,
    "Help while you type": schemas,
    "What never changes": nothing,
    "Where to look": nothing,
}

# What is seen while a section is followed, after the block that begins so.
SEEN_WITHIN: Final[Mapping[str, Callable[[Reader], None]]] = {"articles/2026/01/night-buses-return.yaml:3:12": live}


def the_readers_own_picture(reader: Reader) -> None:
    newsrooms.write(reader.folder, {"content/media/bus.jpg": newsrooms.picture()})


INSTEAD: Final[Mapping[str, Callable[[Reader], None]]] = {
    "not run: the picture is yours": the_readers_own_picture,
    "not run: another way to start the same server": nothing,
}


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    require_program("git", "apt-get install git")
    folder = tmp_path / "empty"
    folder.mkdir()
    with contextlib.ExitStack() as end:
        new = Reader(tmp_path, folder)
        end.callback(new.stop)
        yield new


def test_whoever_follows_the_document_sees_what_it_says(reader: Reader) -> None:
    assert list(SECTIONS) == list(SEEN_AFTER)
    for heading, steps in SECTIONS.items():
        for step in steps:
            INSTEAD[step.info](reader) if step.info.startswith(NOT_RUN) else reader.do(step)
            for begin, see in SEEN_WITHIN.items():
                if step.text.startswith(begin):
                    see(reader)
        SEEN_AFTER[heading](reader)


def test_no_block_is_passed_over() -> None:
    assert DOCUMENT.count("```") == 2 * sum(map(len, SECTIONS.values()))
