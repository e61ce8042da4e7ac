"""The result of a theme's trial is shared by later starts and other processes, and an untried theme is never used."""

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

pytestmark = pytest.mark.usefixtures("forked_trials")

MESSAGE: Final = "templates/message.html"
ARTICLE: Final = "templates/article.html"


@pytest.fixture
def content(tmp_path: Path) -> ContentSnapshot:
    return load_content(newsrooms.write_sample(tmp_path / "content"))


def replace_theme(content: ContentSnapshot, **templates: str) -> ContentSnapshot:
    return replace(content, theme={f"templates/{name}.html": text.encode() for name, text in sorted(templates.items())})


def apply_until_tried(adoption: ThemeAdoption, content: ContentSnapshot) -> ContentSnapshot:
    """Apply the theme again as the watcher thread does until its trial has ended; return the content with the theme in use."""
    result = adoption.apply(content, newsrooms.NOW)
    deadline = time.monotonic() + 240
    while adoption._trial:
        assert time.monotonic() < deadline
        if adoption.is_due:
            result = adoption.apply(content, newsrooms.NOW)
        time.sleep(0.01)
    return result


@pytest.fixture
def prevent_trials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """Return a function that prevents all further trials, because no process can be started after it was called."""
    return lambda: monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere/python"))


def test_theme_is_not_tried_again_after_a_restart(
    tmp_path: Path, content: ContentSnapshot, prevent_trials: Callable[[], None]
) -> None:
    valid, failing = replace_theme(content, message="<p>ours"), replace_theme(content, message="{{ nope }}")
    results = [ThemeAdoption(tmp_path / "themes").apply(snapshot, newsrooms.NOW) for snapshot in (valid, failing)]
    prevent_trials()
    results_after_restart = [ThemeAdoption(tmp_path / "themes").apply(snapshot, newsrooms.NOW) for snapshot in (valid, failing)]
    assert results_after_restart == results
    assert [set(snapshot.theme) for snapshot in results_after_restart] == [{MESSAGE}, set()]
    assert [len(snapshot.errors) for snapshot in results_after_restart] == [0, 1]


def test_theme_is_tried_again_by_another_version_of_the_program(
    tmp_path: Path, content: ContentSnapshot, prevent_trials: Callable[[], None]
) -> None:
    themed = replace_theme(content, message="<p>ours")
    assert ThemeAdoption(tmp_path, lambda: "1").apply(themed, newsrooms.NOW).theme
    prevent_trials()
    assert not ThemeAdoption(tmp_path, lambda: "2").apply(themed, newsrooms.NOW).theme


def test_trial_that_failed_at_an_article_is_repeated_at_a_start_with_other_articles(
    tmp_path: Path, content: ContentSnapshot
) -> None:
    themed = replace_theme(content, article="{% if article.title == 'Older' %}{{ nope }}{% endif %}fine")
    [problem] = ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW).errors
    assert problem.message == "this cannot make the page of articles/older.yaml ('nope' is undefined)"
    other_articles = tuple(article for article in themed.articles if article.title != "Older")
    assert not ThemeAdoption(tmp_path).apply(replace(themed, articles=other_articles), newsrooms.NOW).errors


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
def test_damaged_trial_result_is_replaced(tmp_path: Path, content: ContentSnapshot, damage: Callable[[bytes], bytes]) -> None:
    themed = replace_theme(content, message="{{ nope }}")
    result = ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW)
    [file] = tmp_path.glob("*.json")
    data = file.read_bytes()
    file.write_bytes(damage(data))
    assert ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW) == result
    assert file.read_bytes() == data


def test_file_in_place_of_the_folder_of_trial_results_is_renamed(
    tmp_path: Path, content: ContentSnapshot, prevent_trials: Callable[[], None]
) -> None:
    (tmp_path / "themes").write_bytes(b"")
    themed = replace_theme(content, message="<p>ours")
    assert ThemeAdoption(tmp_path / "themes").apply(themed, newsrooms.NOW).theme
    prevent_trials()
    assert ThemeAdoption(tmp_path / "themes").apply(themed, newsrooms.NOW).theme
    assert (tmp_path / "themes.damaged").is_file()


def test_folder_in_place_of_a_trial_result_is_replaced_after_one_trial(
    tmp_path: Path, content: ContentSnapshot, prevent_trials: Callable[[], None]
) -> None:
    themed = replace_theme(content, message="<p>ours")
    ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW)
    [file] = tmp_path.glob("*.json")
    file.unlink()
    (file / "inside").mkdir(parents=True)
    assert ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW).theme
    prevent_trials()
    assert ThemeAdoption(tmp_path).apply(themed, newsrooms.NOW).theme


def test_exchanged_trial_results_are_not_used(tmp_path: Path, content: ContentSnapshot) -> None:
    valid, failing = replace_theme(content, message="<p>ours"), replace_theme(content, message="{{ nope }}")
    results = [ThemeAdoption(tmp_path).apply(snapshot, newsrooms.NOW) for snapshot in (valid, failing)]
    first, second = tmp_path.glob("*.json")
    texts = first.read_bytes(), second.read_bytes()
    first.write_bytes(texts[1])
    second.write_bytes(texts[0])
    assert [ThemeAdoption(tmp_path).apply(snapshot, newsrooms.NOW) for snapshot in (valid, failing)] == results


def test_process_waits_for_the_trial_result_of_another_process(
    tmp_path: Path, content: ContentSnapshot, prevent_trials: Callable[[], None]
) -> None:
    themed = replace_theme(content, message="<p>ours")
    ThemeAdoption(tmp_path / "first").apply(themed, newsrooms.NOW)
    [result_file] = (tmp_path / "first").glob("*.json")
    prevent_trials()  # so that the adopted result comes from the other process
    second = ThemeAdoption(tmp_path / "second")
    second.apply(content, newsrooms.NOW)
    (tmp_path / "second").mkdir()
    with (tmp_path / "second/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not second.apply(themed, newsrooms.NOW).theme
        time.sleep(0.5)
        assert not second.is_due
        shutil.copy(result_file, tmp_path / "second")
    assert set(apply_until_tried(second, themed).theme) == {MESSAGE}


def test_trial_result_of_another_process_is_used_at_the_next_scan(tmp_path: Path, content: ContentSnapshot) -> None:
    themed = replace_theme(content, message="<p>ours")
    waiting = ThemeAdoption(tmp_path)
    waiting.apply(content, newsrooms.NOW)
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not waiting.apply(themed, newsrooms.NOW).theme
        other_folder = tmp_path / "other"
        ThemeAdoption(other_folder).apply(themed, newsrooms.NOW)
        for result_file in other_folder.glob("*.json"):
            result_file.rename(tmp_path / result_file.name)
        assert set(waiting.apply(themed, newsrooms.NOW).theme) == {MESSAGE}


def test_corrected_theme_does_not_wait_for_the_trial_of_the_old_one(content: ContentSnapshot) -> None:
    adoption = ThemeAdoption()
    adoption.apply(content, newsrooms.NOW)
    hanging_templates = {f"freezing-{n}": FREEZE for n in range(4)}
    hanging_theme = replace_theme(
        content, message="".join(f"{{% include '{name}.html' %}}" for name in hanging_templates), **hanging_templates
    )
    adoption.apply(hanging_theme, newsrooms.NOW)
    first_trial = adoption._trial
    assert first_trial
    themed = replace_theme(content, message="<p>ours")
    assert set(apply_until_tried(adoption, themed).theme) == {MESSAGE}
    assert first_trial.failure_reason == "was replaced by another one during its trial"


def test_last_valid_version_of_a_template_is_used_instead_of_a_hanging_one(content: ContentSnapshot) -> None:
    adoption = ThemeAdoption(limits=SHORT_LIMITS)
    adoption.apply(replace_theme(content, message="<p>old", article="<p>old"), newsrooms.NOW)
    result = apply_until_tried(adoption, replace_theme(content, message="<p>new", article=FREEZE))
    assert result.theme == {MESSAGE: b"<p>new", ARTICLE: b"<p>old"}
    [problem] = result.errors
    assert (problem.path, TIMEOUT_MESSAGE in problem.message) == ("theme/templates/article.html", True)
    assert result.last_valid_paths == {"theme/templates/article.html"}


def test_template_versions_that_hang_only_together_are_not_used_together(content: ContentSnapshot) -> None:
    adoption = ThemeAdoption(limits=SHORT_LIMITS)
    old = replace_theme(content, message="{% include 'part.html' %}", part=f"{{% if slow %}}{FREEZE}{{% endif %}}<p>old")
    adoption.apply(replace(old, theme={**old.theme, MESSAGE: b"{% set slow = 0 %}{% include 'part.html' %}"}), newsrooms.NOW)
    new = replace_theme(content, message="{% set slow = 1 %}{% include 'part.html' %}", part="{{ nope }}")
    result = apply_until_tried(adoption, new)
    assert [problem.path for problem in result.errors] == ["theme/templates/message.html", "theme/templates/part.html"]
    assert "templates/part.html" not in result.theme or result.theme[MESSAGE] != new.theme[MESSAGE]


def test_unchanged_theme_is_the_same_object_so_that_no_page_is_rendered_again(content: ContentSnapshot) -> None:
    adoption = ThemeAdoption()
    first = adoption.apply(replace_theme(content, message="<p>ours"), newsrooms.NOW).theme
    assert first is adoption.apply(replace_theme(content, message="<p>ours"), newsrooms.NOW).theme
    assert first is apply_until_tried(adoption, replace_theme(content, message="{{ nope }}")).theme


def test_theme_that_hung_a_process_is_refused_until_it_changes(content: ContentSnapshot) -> None:
    themed = replace_theme(content, message="<p>ours", article="<p>\n{{ article.title }}")
    stacks = (
        "Thread 0x01 (most recent call first):\n"
        '  File "theme/templates/message.html", line 1 in root\n\n'
        "Current thread 0x02 (most recent call first):\n"
        '  File "theme/templates/article.html", line 2 in root\n'
        '  File "feedsvc/pages/theme.py", line 111 in render\n'
    )
    adoption = ThemeAdoption(hung_themes=lambda: {templates_digest(themed.theme): stacks})
    result = adoption.apply(themed, newsrooms.NOW)
    [problem] = result.errors
    assert (problem.path, problem.line) == ("theme/templates/article.html", 2)
    assert set(result.theme) == {MESSAGE}
    changed = replace_theme(content, message="<p>ours", article="<p>{{ article.title }}")
    assert set(apply_until_tried(adoption, changed).theme) == {MESSAGE, ARTICLE}


# --- Problems that only an operator can correct


def test_theme_is_not_used_and_an_alert_is_active_if_the_interpreter_is_missing(
    content: ContentSnapshot, prevent_trials: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    alerts = Alerts()
    adoption = ThemeAdoption(alerts=alerts)
    prevent_trials()
    with caplog.at_level(logging.WARNING):
        result = adoption.apply(replace_theme(content, message="<p>ours"), newsrooms.NOW)
    assert (result.theme, result.errors) == ({}, ())
    [message] = alerts.active.values()
    assert message.startswith("the theme could not be tried, since no process for it could be started (")
    assert "No such file or directory" in message
    assert "Traceback" not in caplog.text


def test_trial_that_could_not_start_is_repeated_automatically(content: ContentSnapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    alerts, themed = Alerts(), replace_theme(content, message="<p>ours")
    adoption = ThemeAdoption(alerts=alerts, retry_interval=0.1)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")
        assert not adoption.apply(themed, newsrooms.NOW).theme
    time.sleep(0.2)
    assert adoption.is_due
    assert set(apply_until_tried(adoption, themed).theme) == {MESSAGE}
    assert not alerts.active


def test_check_and_build_fail_if_a_theme_cannot_be_tried(tmp_path: Path, prevent_trials: Callable[[], None]) -> None:
    root = newsrooms.write(newsrooms.write_sample(tmp_path / "content"), {"theme/templates/message.html": "<p>ours"})
    prevent_trials()
    out, state = tmp_path / "public", tmp_path / "state"
    for arguments in (["check", root], ["build", out, root, "--state", state, "--skip-broken"]):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 2
        assert "feedsvc: error: the theme could not be tried, since no process for it could be started (" in result.output
        assert "Traceback" not in result.output
    assert not out.exists()
    with pytest.raises(FeedsvcError):
        ThemeAdoption(required=True).apply(load_content(root), newsrooms.NOW)


def test_theme_is_used_and_an_alert_is_active_if_the_state_folder_cannot_be_written(
    tmp_path: Path, content: ContentSnapshot
) -> None:
    (tmp_path / "state").write_text("a file")
    alerts = Alerts()
    adoption = ThemeAdoption(tmp_path / "state/themes", alerts=alerts)
    assert set(adoption.apply(replace_theme(content, message="<p>ours"), newsrooms.NOW).theme) == {MESSAGE}
    [message] = alerts.active.values()
    assert message.startswith(f"the result of a theme's trial cannot be written to {tmp_path / 'state/themes'} (")


def test_theme_without_templates_starts_no_process(
    content: ContentSnapshot, prevent_trials: Callable[[], None], tmp_path: Path
) -> None:
    prevent_trials()
    themed = replace(content, theme={"static/site.css": b"a{}", "static/shop.exe": b"x"})
    result = ThemeAdoption(tmp_path / "themes").apply(themed, newsrooms.NOW)
    assert set(result.theme) == {"static/site.css"}
    assert [problem.path for problem in result.errors] == ["theme/static/shop.exe"]
    assert not (tmp_path / "themes").exists()
