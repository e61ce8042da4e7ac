"""A theme is used whole once it has passed its check; until then, and after a start, the last one that passed is."""

from __future__ import annotations

import logging
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from feedsvc.cli import main
from feedsvc.content.folder.folder import load_content
from feedsvc.content.folder.snapshot import NO_PROBLEMS, ContentSnapshot
from feedsvc.errors import FeedsvcError
from feedsvc.pages.theme_selection import ThemeSelection
from feedsvc.support.alerts import Alerts
from tests.helpers import newsrooms

MESSAGE: Final = "templates/message.html"
ARTICLE: Final = "templates/article.html"


@pytest.fixture
def content(tmp_path: Path) -> ContentSnapshot:
    return load_content(newsrooms.write_sample(tmp_path / "content"))


def with_theme(content: ContentSnapshot, **templates: str) -> ContentSnapshot:
    """Return the content with a theme that has these templates (name -> text) and a stylesheet of their names and texts."""
    files = {f"templates/{name}.html": text.encode() for name, text in templates.items()}
    return replace(content, theme={**files, "extra.css": repr(templates).replace("@", "").encode()})


def select(state: Path | None, content: ContentSnapshot) -> ContentSnapshot:
    """Return the content with the theme that is in force after a start."""
    return ThemeSelection(state).apply(content, newsrooms.NOW)


def apply_until_checked(selection: ThemeSelection, content: ContentSnapshot) -> ContentSnapshot:
    """Apply the theme again as the watcher thread does until its check has ended."""
    result = selection.apply(content, newsrooms.NOW)
    deadline = time.monotonic() + 240
    while selection._check:
        assert time.monotonic() < deadline
        if selection.is_due:
            result = selection.apply(content, newsrooms.NOW)
        time.sleep(0.01)
    return result


@pytest.fixture
def prevent_checks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """Return a function that prevents all further checks, because no process can be started after it was called."""
    return lambda: monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere/python"))


def test_theme_that_passed_is_in_force_after_a_start_without_a_check(
    tmp_path: Path, content: ContentSnapshot, prevent_checks: Callable[[], None]
) -> None:
    themed = with_theme(content, message="<p>ours")
    assert select(tmp_path, themed).theme == themed.theme
    prevent_checks()
    assert select(tmp_path, themed).theme == themed.theme


def test_last_theme_that_passed_is_in_force_instead_of_a_broken_one_after_a_start_too(
    tmp_path: Path, content: ContentSnapshot
) -> None:
    selection, valid = ThemeSelection(tmp_path), with_theme(content, message="<p>ours", article="<p>ours")
    selection.apply(valid, newsrooms.NOW)
    broken = with_theme(content, message="<p>new", article="<p>\n{{ nope }}")
    for result in (apply_until_checked(selection, broken), select(tmp_path, broken)):
        assert result.theme == valid.theme
        [problem] = result.errors
        assert str(problem).startswith("theme/templates/article.html:2:1: this cannot make a page ('nope' is undefined)")
        assert result.last_valid_paths == {"theme/templates/article.html"}
    mended = with_theme(content, message="<p>new", article="<p>mended")
    result = apply_until_checked(selection, mended)
    assert (result.theme, result.errors, result.last_valid_paths) == (mended.theme, (), frozenset())


@pytest.mark.parametrize("files", [{MESSAGE: b"{{ nope }}"}, {"static/shop.exe": b"x"}, {"extra.css": b"\xff"}])
def test_theme_is_used_whole_or_not_at_all(content: ContentSnapshot, files: dict[str, bytes]) -> None:
    theme = {ARTICLE: b"<p>ours", "static/site.css": b"a{}", **files}
    result = select(None, replace(content, theme=theme))
    assert [problem.path for problem in result.errors] == [f"theme/{path}" for path in files]
    assert result.theme == {}


def test_theme_with_an_unreadable_file_is_not_used(tmp_path: Path) -> None:
    root = newsrooms.write(newsrooms.write_sample(tmp_path), {"theme/templates/message.html": "<p>ours"})
    (root / "theme/extra.css").symlink_to(root / "site.yaml")
    selection, content = ThemeSelection(), load_content(root)
    assert selection.apply(content, newsrooms.NOW).theme == {}
    mended = replace(content, sorted_problems=NO_PROBLEMS)
    assert apply_until_checked(selection, mended).theme == content.theme


def test_theme_that_was_deleted_is_not_used_again(tmp_path: Path, content: ContentSnapshot) -> None:
    selection = ThemeSelection(tmp_path)
    selection.apply(with_theme(content, message="<p>ours"), newsrooms.NOW)
    assert apply_until_checked(selection, content).theme == {}
    assert select(tmp_path, with_theme(content, message="{{ nope }}")).theme == {}


def test_problem_at_an_article_names_it(content: ContentSnapshot) -> None:
    text = "{% if article.title == 'Older' %}{{ nope }}{% endif %}fine"
    [problem] = select(None, with_theme(content, article=text)).errors
    assert problem.message == "this cannot make the page of articles/older.yaml ('nope' is undefined)"


def _flip(data: bytes) -> bytes:
    index = data.index(b"<p>ours")
    return data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]


DAMAGES: Final[tuple[Callable[[bytes], bytes], ...]] = (
    lambda data: data[: len(data) // 2],
    lambda data: data[:-1] + bytes([data[-1] ^ 1]),  # the digest, as of another version
    _flip,
)


def test_damaged_file_of_the_last_valid_theme_is_not_used_and_is_replaced(tmp_path: Path, content: ContentSnapshot) -> None:
    valid, file = with_theme(content, message="<p>ours"), tmp_path / "theme.zip"
    select(tmp_path, valid)
    data = file.read_bytes()
    for damage in DAMAGES:
        file.write_bytes(damage(data))
        assert select(tmp_path, with_theme(content, message="{{ nope }}")).theme == {}
    assert select(tmp_path, valid).theme == valid.theme
    assert file.read_bytes() == data


def test_folder_in_place_of_the_last_valid_theme_is_replaced(tmp_path: Path, content: ContentSnapshot) -> None:
    (tmp_path / "theme.zip/inside").mkdir(parents=True)
    select(tmp_path, with_theme(content, message="<p>ours"))
    with zipfile.ZipFile(tmp_path / "theme.zip") as archive:
        assert archive.read(MESSAGE) == b"<p>ours"


def test_changed_stylesheet_is_in_force_at_once(content: ContentSnapshot, prevent_checks: Callable[[], None]) -> None:
    selection, themed = ThemeSelection(), with_theme(content, message="<p>ours")
    selection.apply(themed, newsrooms.NOW)
    prevent_checks()
    changed = {**themed.theme, "extra.css": b"a{}"}
    assert selection.apply(replace(content, theme=changed), newsrooms.NOW).theme == changed


# --- Problems that only an operator can correct


def test_theme_is_not_used_and_an_alert_is_active_if_the_interpreter_is_missing(
    content: ContentSnapshot, prevent_checks: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    alerts = Alerts()
    prevent_checks()
    with caplog.at_level(logging.WARNING):
        result = ThemeSelection(alerts=alerts).apply(with_theme(content, message="<p>ours"), newsrooms.NOW)
    assert (result.theme, result.errors) == ({}, ())
    [message] = alerts.active.values()
    assert message.startswith("the theme could not be checked in a process of its own (")
    assert "No such file or directory" in message
    assert "Traceback" not in caplog.text


def test_check_that_could_not_start_is_repeated_automatically(content: ContentSnapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    alerts, themed = Alerts(), with_theme(content, message="<p>ours")
    selection = ThemeSelection(alerts=alerts, retry_seconds=0.1)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")
        assert not selection.apply(themed, newsrooms.NOW).theme
    time.sleep(0.2)
    assert selection.is_due
    assert apply_until_checked(selection, themed).theme == themed.theme
    assert not alerts.active


def test_check_and_build_fail_if_a_theme_cannot_be_checked(tmp_path: Path, prevent_checks: Callable[[], None]) -> None:
    root = newsrooms.write(newsrooms.write_sample(tmp_path / "content"), {"theme/templates/message.html": "<p>ours"})
    prevent_checks()
    out, state = tmp_path / "public", tmp_path / "state"
    for arguments in (["check", root], ["build", out, root, "--state", state, "--skip-broken"]):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 2
        assert "feedsvc: error: the theme could not be checked in a process of its own (" in result.output
        assert "Traceback" not in result.output
    assert not out.exists()
    with pytest.raises(FeedsvcError):
        ThemeSelection(is_required=True).apply(load_content(root), newsrooms.NOW)


def test_theme_is_used_and_an_alert_is_active_if_the_state_folder_cannot_be_written(
    tmp_path: Path, content: ContentSnapshot
) -> None:
    shutil.rmtree(tmp_path / "state", ignore_errors=True)
    (tmp_path / "state").write_text("a file")
    alerts = Alerts()
    selection = ThemeSelection(tmp_path / "state/inner", alerts=alerts)
    assert MESSAGE in selection.apply(with_theme(content, message="<p>ours"), newsrooms.NOW).theme
    [message] = alerts.active.values()
    assert message.startswith(f"the theme that passed its check cannot be written to {tmp_path / 'state/inner/theme.zip'} (")
