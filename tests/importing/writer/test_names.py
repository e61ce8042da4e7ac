"""Names of files that an import writes."""

from __future__ import annotations

import pytest

from feedsvc.content.lint import is_reserved_name
from feedsvc.importing.writer.names import portable_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("con", "con-2"),
        ("AUX.jpg", "AUX-2.jpg"),
        ("nul.b.c", "nul-2.b.c"),
        ("lpt1", "lpt1-2"),
        ("console", "console"),
        ("con-2", "con-2"),
    ],
)
def test_no_name_is_that_of_a_device_of_windows(name: str, expected: str) -> None:
    assert portable_name(name) == expected
    assert not is_reserved_name(portable_name(name))
