"""The excerpt that a terminal shows of a line with a problem, with a caret below its position."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.source_excerpt import excerpts
from feedsvc.errors import Problem
from tests.content.reading.test_any_input import no_deadline


def excerpt_lines(root: Path, data: str | bytes, line: int, column: int) -> list[str]:
    (root / "a.yaml").write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(excerpts(root)(Problem(path="a.yaml", line=line, column=column, message="x")))


@pytest.mark.parametrize(
    ("text", "column", "line", "caret"),
    [
        ("title: no", 8, "title: no", "       ^"),
        ("title: 二番目 x", 12, "title: 二番目 x", "              ^"),
        ("título: é x", 10, "título: é x", "         ^"),
        ("e\u0301: x", 4, "e\u0301: x", "  ^"),
        ("\tsrc: x", 2, "    src: x", "    ^"),
        ("a: \x07b", 4, "a: <U+0007>b", "   ^"),
        ("a: \u202eb", 5, "a: <U+202E>b", "           ^"),
        ("a: b", 5, "a: b", "    ^"),
        ("a: b", 99, "a: b", "    ^"),
        ("  - 👩\u200d🚀 x", 9, "  - 👩\u200d🚀 x", "         ^"),
        ("한글\u1112\u1161 x", 6, "한글\u1112\u1161 x", "       ^"),
    ],
)
def test_the_caret_is_below_the_column(tmp_path: Path, text: str, column: int, line: str, caret: str) -> None:
    assert excerpt_lines(tmp_path, f"one\n{text}\nthree\n", 2, column) == [f"    2 | {line}", f"      | {caret}"]


def test_a_byte_order_mark_and_windows_line_ends_do_not_move_the_caret(tmp_path: Path) -> None:
    data = "\ufefftitle: no\r\nb: c\r\n".encode()
    assert excerpt_lines(tmp_path, data, 1, 8) == ["    1 | title: no", "      |        ^"]
    assert excerpt_lines(tmp_path, data, 2, 1) == ["    2 | b: c", "      | ^"]


def test_a_very_long_line_is_shortened_around_the_column(tmp_path: Path) -> None:
    text = f"{'a ' * 5000}HERE{' b' * 5000}"
    line, caret = excerpt_lines(tmp_path, text, 1, 10_001)
    assert line.startswith("    1 | …")
    assert line.endswith("…")
    assert line[caret.index("^") :].startswith("HERE b b")
    assert len(line) < 120


def test_a_long_line_of_wide_characters_is_shortened_to_the_same_width(tmp_path: Path) -> None:
    line, caret = excerpt_lines(tmp_path, f"{'二' * 500}X{'二' * 500}", 1, 501)
    assert caret == f"      | {' ' * (1 + 2 * 25)}^"
    assert len(line) < 90


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"one\n", 2),
        (b"one\n", 7),
        (b"", 1),
        (b"   \nb", 1),
        (b"caf\xe9\n", 1),
        (b"\x00\x1b[31mred\n", 1),
        ("a\u2028b\nc\n", 2),
        (b"a\rb\nc\n", 2),
        (b"a" * (1024 * 1024 + 1), 1),
    ],
)
def test_a_line_that_cannot_be_found_has_no_excerpt(tmp_path: Path, data: str | bytes, line: int) -> None:
    assert excerpt_lines(tmp_path, data, line, 1) == []


def test_a_folder_or_a_missing_file_has_no_excerpt(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    excerpt = excerpts(tmp_path)
    assert [*excerpt(Problem(path="articles", message="x")), *excerpt(Problem(path="none.yaml", message="x"))] == []


def excerpt_of_any_text(text: str, line: int, column: int, folder: Path) -> Iterator[str]:
    yield from excerpt_lines(folder, text.encode(errors="surrogatepass"), line, column)


@no_deadline
@given(st.text(), st.integers(1, 5), st.integers(1, 300))
def test_any_text_gives_two_printable_lines_or_none(
    tmp_path_factory: pytest.TempPathFactory, text: str, line: int, column: int
) -> None:
    lines = list(excerpt_of_any_text(text, line, column, tmp_path_factory.mktemp("any", numbered=True)))
    assert len(lines) in (0, 2)
    assert not any(char in "".join(lines) for char in "\t\r\n\x07\x1b\u202e\u2028")
