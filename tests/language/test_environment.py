"""A language gives the same output in every environment, thread and order of use."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from feedsvc.language import direction, get_language
from tests.language.catalogs import MODULE, MORNING, language_in_india

PROGRAM_WITH_LANGUAGE_ORDER: Final = f"""
import sys
from datetime import UTC, datetime
from {MODULE} import get_language
moment = datetime(2026, 10, 2, 3, 5, tzinfo=UTC)
for tag in sorted(sys.argv[1:], key=lambda tag: (tag != sys.argv[1], tag)):
    one = get_language(tag, "UTC")
    one.period_name("2026-10"), one.date_time(moment), one.number(1)
for tag in sorted(sys.argv[1:]):
    print(tag, get_language(tag, "UTC").period_name("2026-10"), get_language(tag, "UTC").date_time(moment))
"""


@pytest.mark.slow
def test_output_does_not_depend_on_the_order_of_languages() -> None:
    tags = ["wa", "mzn", "ar", "bs", "en", "ko", "ne"]  # Babel without the workaround uses names of the first two for the others
    outputs = {
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", PROGRAM_WITH_LANGUAGE_ORDER, *tags[n:], *tags[:n]],
            capture_output=True,
            check=True,
        ).stdout
        for n in range(len(tags))
    }
    assert len(outputs) == 1
    assert "bs oktobar 2026. pet, 2. okt 2026. 03:05 (GMT)" in outputs.pop().decode()


def test_threads_get_equal_output() -> None:
    tags = ["en", "ko", "zh-Hant", "ja", "ar-EG", "hi", "fa", "pt-BR", "sw", "xx"] * 40
    get_language.cache_clear()
    direction.cache_clear()

    def samples(tag: str) -> tuple[str, ...]:
        language = language_in_india(tag)
        return language.direction, language.date_time(MORNING), language.period_name("2026-01"), language.count("views", 1234)

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(samples, tags))
    assert results == [samples(tag) for tag in tags]
