"""A theme is tried once, also over restarts and among processes, and without a trial it is never in force."""

from __future__ import annotations

import fcntl
import logging
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from feedsvc.cli import main
from feedsvc.content.folder.folder import load_content
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.errors import FeedsvcError
from feedsvc.pages.theme import templates_digest
from feedsvc.pages.theme_adoption import ThemeAdoption
from feedsvc.support.alerts import Alerts
from tests.attacks.test_themes import FREEZE, SHORT_LIMITS, TIMEOUT_MESSAGE
from tests.helpers import newsrooms

MESSAGE: Final = "templates/message.html"
ARTICLE: Final = "templates/article.html"


@pytest.fixture
def content(tmp_path: Path) -> ContentSnapshot:
    return load_content(newsrooms.write_sample(tmp_path / "content"))


def with_theme(content: ContentSnapshot, **templates: str) -> ContentSnapshot:
    return replace(content, theme={f"templates/{name}.html": text.encode() for name, text in sorted(templates.items())})


def settled(adoption: ThemeAdoption, content: ContentSnapshot) -> ContentSnapshot:
    """The content with its theme once it has been tried, as a server's watcher finds out."""
    found = adoption.apply(content, newsrooms.NOW)
    end = time.monotonic() + 240
    while adoption._trial:
        assert time.monotonic() < end
        if adoption.is_due:
            found = adoption.apply(content, newsrooms.NOW)
        time.sleep(0.01)
    return found


@pytest.fixture
def no_trials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """From the call on, no process can be started to try a theme in."""
    return lambda: monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere/python"))


def test_a_theme_is_tried_once_over_restarts(tmp_path: Path, content: ContentSnapshot, no_trials: Callable[[], None]) -> None:
    sound, bad = with_theme(content, message="<p>ours"), with_theme(content, message="{{ nope }}")
    told = [ThemeAdoption(tmp_path / "themes").apply(one, newsrooms.NOW) for one in (sound, bad)]
    no_trials()
    again = [ThemeAdoption(tmp_path / "themes").apply(one, newsrooms.NOW) for one in (sound, bad)]
    assert again == told
    assert [set(one.theme) for one in again] == [{MESSAGE}, set()]
    assert [len(one.errors) for one in again] == [0, 1]


def test_another_version_of_the_program_tries_anew(
    tmp_path: Path, content: ContentSnapshot, no_trials: Callable[[], None]
) -> None:
    themed = with_theme(content, message="<p>ours")
    assert ThemeAdoption(tmp_path, lambda: "1").apply(themed, newsrooms.NOW).theme
    no_trials()
    assert not ThemeAdoption(tmp_path, lambda: "2").apply(themed, newsrooms.NOW).theme


def test_a_trial_that_failed_on_an_article_is_repeated_at_a_start_with_other_articles(
    tmp_path: Path, content: ContentSnapshot
) -> None:
    themed = with_theme(content, article="{% if article.title == 'Older' %}{{ nope }}{% endif %}fine")
    [problem] = ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW).errors
    assert problem.message == "this cannot make the page of articles/older.yaml ('nope' is undefined)"
    others = tuple(one for one in themed.articles if one.title != "Older")
    assert not ThemeAdoption(tmp_path).apply(replace(themed, articles=others), newsrooms.NOW).errors


DAMAGES: Final[tuple[Callable[[bytes], bytes], ...]] = (
    lambda data: b"",
    lambda data: data[: len(data) // 2],
    lambda data: bytes(len(data)),
    lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
    lambda data: data.replace(b"nope", b"nose"),
    lambda data: b"\xff" + data,
    lambda data: data + b"\n",
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_verdict_counts_as_none(tmp_path: Path, content: ContentSnapshot, damage: Callable[[bytes], bytes]) -> None:
    themed = with_theme(content, message="{{ nope }}")
    told = ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW)
    [file] = tmp_path.glob("*.json")
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW) == told
    assert file.read_bytes() == whole


def test_a_file_in_the_place_of_the_folder_of_verdicts_costs_one_trial(
    tmp_path: Path, content: ContentSnapshot, no_trials: Callable[[], None]
) -> None:
    (tmp_path / "themes").write_bytes(b"")
    themed = with_theme(content, message="<p>ours")
    assert ThemeAdoption(tmp_path / "themes").apply(themed, newsrooms.NOW).theme
    no_trials()
    assert ThemeAdoption(tmp_path / "themes").apply(themed, newsrooms.NOW).theme
    assert (tmp_path / "themes.damaged").is_file()


def test_a_folder_in_the_place_of_a_verdict_costs_one_trial(
    tmp_path: Path, content: ContentSnapshot, no_trials: Callable[[], None]
) -> None:
    themed = with_theme(content, message="<p>ours")
    ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW)
    [file] = tmp_path.glob("*.json")
    file.unlink()
    (file / "inside").mkdir(parents=True)
    assert ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW).theme
    no_trials()
    assert ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW).theme


def test_verdicts_that_changed_places_are_not_believed(tmp_path: Path, content: ContentSnapshot) -> None:
    sound, bad = with_theme(content, message="<p>ours"), with_theme(content, message="{{ nope }}")
    told = [ThemeAdoption(tmp_path).apply(one, newsrooms.NOW) for one in (sound, bad)]
    one, other = tmp_path.glob("*.json")
    texts = one.read_bytes(), other.read_bytes()
    one.write_bytes(texts[1])
    other.write_bytes(texts[0])
    assert [ThemeAdoption(tmp_path).apply(one, newsrooms.NOW) for one in (sound, bad)] == told


def test_one_process_tries_while_others_wait_for_its_verdict(
    tmp_path: Path, content: ContentSnapshot, no_trials: Callable[[], None]
) -> None:
    themed = with_theme(content, message="<p>ours")
    ThemeAdoption(tmp_path / "first").apply(themed, newsrooms.NOW)
    [verdict] = (tmp_path / "first").glob("*.json")
    no_trials()  # so what is adopted came from the other process
    second = ThemeAdoption(tmp_path / "second")
    second.apply(content, newsrooms.NOW)
    (tmp_path / "second").mkdir()
    with (tmp_path / "second/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not second.apply(themed, newsrooms.NOW).theme
        time.sleep(0.5)
        assert not second.is_due
        shutil.copy(verdict, tmp_path / "second")
    assert set(settled(second, themed).theme) == {MESSAGE}


def test_a_verdict_of_another_process_is_taken_over_at_the_next_look(tmp_path: Path, content: ContentSnapshot) -> None:
    themed = with_theme(content, message="<p>ours")
    waiting = ThemeAdoption(tmp_path)
    waiting.apply(content, newsrooms.NOW)
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not waiting.apply(themed, newsrooms.NOW).theme
        other = tmp_path / "other"
        ThemeAdoption(other).apply(themed, newsrooms.NOW)
        for verdict in other.glob("*.json"):
            verdict.rename(tmp_path / verdict.name)
        assert set(waiting.apply(themed, newsrooms.NOW).theme) == {MESSAGE}


def test_a_theme_that_is_corrected_while_it_is_tried_need_not_wait_for_that_trial(content: ContentSnapshot) -> None:
    adoption = ThemeAdoption()
    adoption.apply(content, newsrooms.NOW)
    frozen = {f"freezing-{n}": FREEZE for n in range(4)}
    all_frozen = with_theme(content, message="".join(f"{{% include '{name}.html' %}}" for name in frozen), **frozen)
    adoption.apply(all_frozen, newsrooms.NOW)
    first = adoption._trial
    assert first
    themed = with_theme(content, message="<p>ours")
    assert set(settled(adoption, themed).theme) == {MESSAGE}
    assert first.failure_reason == "was replaced by another one during its trial"


def test_the_last_sound_version_of_a_template_stands_in_for_one_that_freezes_beside_the_others(content: ContentSnapshot) -> None:
    adoption = ThemeAdoption(limits=SHORT_LIMITS)
    adoption.apply(with_theme(content, message="<p>old", article="<p>old"), newsrooms.NOW)
    found = settled(adoption, with_theme(content, message="<p>new", article=FREEZE))
    assert found.theme == {MESSAGE: b"<p>new", ARTICLE: b"<p>old"}
    [problem] = found.errors
    assert (problem.path, TIMEOUT_MESSAGE in problem.message) == ("theme/templates/article.html", True)
    assert found.last_valid_paths == {"theme/templates/article.html"}


def test_versions_that_were_sound_apart_and_freeze_together_are_not_used_together(content: ContentSnapshot) -> None:
    adoption = ThemeAdoption(limits=SHORT_LIMITS)
    old = with_theme(content, message="{% include 'part.html' %}", part=f"{{% if slow %}}{FREEZE}{{% endif %}}<p>old")
    adoption.apply(replace(old, theme={**old.theme, MESSAGE: b"{% set slow = 0 %}{% include 'part.html' %}"}), newsrooms.NOW)
    new = with_theme(content, message="{% set slow = 1 %}{% include 'part.html' %}", part="{{ nope }}")
    found = settled(adoption, new)
    assert [problem.path for problem in found.errors] == ["theme/templates/message.html", "theme/templates/part.html"]
    assert "templates/part.html" not in found.theme or found.theme[MESSAGE] != new.theme[MESSAGE]


def test_the_same_theme_stays_the_same_object_so_that_no_page_is_made_anew(content: ContentSnapshot) -> None:
    adoption = ThemeAdoption()
    first = adoption.apply(with_theme(content, message="<p>ours"), newsrooms.NOW).theme
    assert first is adoption.apply(with_theme(content, message="<p>ours"), newsrooms.NOW).theme
    assert first is settled(adoption, with_theme(content, message="{{ nope }}")).theme


def test_a_theme_that_a_process_stopped_responding_with_is_refused_until_it_changes(content: ContentSnapshot) -> None:
    themed = with_theme(content, message="<p>ours", article="<p>\n{{ article.title }}")
    stacks = (
        "Thread 0x01 (most recent call first):\n"
        '  File "theme/templates/message.html", line 1 in root\n\n'
        "Current thread 0x02 (most recent call first):\n"
        '  File "theme/templates/article.html", line 2 in root\n'
        '  File "feedsvc/pages/theme.py", line 111 in render\n'
    )
    adoption = ThemeAdoption(hung_themes=lambda: {templates_digest(themed.theme): stacks})
    found = adoption.apply(themed, newsrooms.NOW)
    [problem] = found.errors
    assert (problem.path, problem.line) == ("theme/templates/article.html", 2)
    assert set(found.theme) == {MESSAGE}
    changed = with_theme(content, message="<p>ours", article="<p>{{ article.title }}")
    assert set(settled(adoption, changed).theme) == {MESSAGE, ARTICLE}


# --- What only an operator can correct


def test_without_an_interpreter_no_theme_is_used_and_the_trouble_is_told(
    content: ContentSnapshot, no_trials: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    troubles = Alerts()
    adoption = ThemeAdoption(alerts=troubles)
    no_trials()
    with caplog.at_level(logging.WARNING):
        found = adoption.apply(with_theme(content, message="<p>ours"), newsrooms.NOW)
    assert (found.theme, found.errors) == ({}, ())
    [told] = troubles.active.values()
    assert told.startswith("the theme could not be tried, since no process for it could be started (")
    assert "No such file or directory" in told
    assert "Traceback" not in caplog.text


def test_a_theme_that_could_not_be_tried_is_tried_again_by_itself(
    content: ContentSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles, themed = Alerts(), with_theme(content, message="<p>ours")
    adoption = ThemeAdoption(alerts=troubles, retry_interval=0.1)
    with monkeypatch.context() as for_now:
        for_now.setattr(sys, "executable", "/nowhere/python")
        assert not adoption.apply(themed, newsrooms.NOW).theme
    time.sleep(0.2)
    assert adoption.is_due
    assert set(settled(adoption, themed).theme) == {MESSAGE}
    assert not troubles.active


def test_check_and_build_refuse_to_go_on_where_a_theme_cannot_be_tried(tmp_path: Path, no_trials: Callable[[], None]) -> None:
    root = newsrooms.write(newsrooms.write_sample(tmp_path / "content"), {"theme/templates/message.html": "<p>ours"})
    no_trials()
    out, state = tmp_path / "public", tmp_path / "state"
    for arguments in (["check", root], ["build", out, root, "--state", state, "--skip-broken"]):
        done = CliRunner().invoke(main, [str(one) for one in arguments])
        assert done.exit_code == 2
        assert "feedsvc: error: the theme could not be tried, since no process for it could be started (" in done.output
        assert "Traceback" not in done.output
    assert not out.exists()
    with pytest.raises(FeedsvcError):
        ThemeAdoption(required=True).apply(load_content(root), newsrooms.NOW)


def test_a_state_folder_that_cannot_be_written_costs_the_memory_alone(tmp_path: Path, content: ContentSnapshot) -> None:
    (tmp_path / "state").write_text("a file")
    troubles = Alerts()
    adoption = ThemeAdoption(tmp_path / "state/themes", alerts=troubles)
    assert set(adoption.apply(with_theme(content, message="<p>ours"), newsrooms.NOW).theme) == {MESSAGE}
    [told] = troubles.active.values()
    assert told.startswith(f"the result of a theme's trial cannot be written to {tmp_path / 'state/themes'} (")


def test_a_newsroom_without_templates_starts_no_process(
    content: ContentSnapshot, no_trials: Callable[[], None], tmp_path: Path
) -> None:
    no_trials()
    themed = replace(content, theme={"static/site.css": b"a{}", "static/shop.exe": b"x"})
    found = ThemeAdoption(tmp_path / "themes").apply(themed, newsrooms.NOW)
    assert set(found.theme) == {"static/site.css"}
    assert [problem.path for problem in found.errors] == ["theme/static/shop.exe"]
    assert not (tmp_path / "themes").exists()
