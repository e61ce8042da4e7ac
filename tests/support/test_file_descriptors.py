"""The limit on file descriptors of a process is raised; half of the free ones are for connections."""

import errno
import resource
import sqlite3
from typing import Any

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.support.file_descriptors import MIN_LIMIT, is_exhausted, max_connections, raise_limit

_NO_LIMIT = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "raised", "expected_limit"),
    [
        ((1024, 4096), (4096, 4096), 4096),
        ((1024, 1024), None, 1024),
        ((1024, _NO_LIMIT), (65_536, _NO_LIMIT), 65_536),
        ((1024, 1_000_000), (65_536, 1_000_000), 65_536),
        ((200_000, 1_000_000), None, 65_536),
        ((_NO_LIMIT, _NO_LIMIT), None, 65_536),
        ((64, 256), (256, 256), 256),
    ],
)
def test_limit_is_raised_to_the_hard_limit(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], raised: tuple[int, int] | None, expected_limit: int
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: calls.append(new))
    assert raise_limit() == expected_limit
    assert calls == ([raised] if raised else [])


@pytest.mark.parametrize("limits", [(64, 64), (64, MIN_LIMIT - 1)])
def test_hard_limit_below_the_minimum_is_an_error(monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int]) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    with pytest.raises(FeedsvcError, match=rf"a process may have {limits[1]} open files .* needs {MIN_LIMIT}"):
        raise_limit()


@pytest.mark.parametrize(("limit", "connections"), [(MIN_LIMIT, 96), (1024, 480), (65_536, 32_736)])
def test_each_connection_has_a_descriptor_for_a_file_and_64_are_left_for_other_uses(limit: int, connections: int) -> None:
    assert max_connections(limit) == connections


def chained_error(first: BaseException, second: BaseException, *, hidden: bool) -> BaseException:
    """Return `second` raised because of `first`; if `hidden`, `from None`."""
    try:
        try:
            raise first
        except type(first):
            raise second from (None if hidden else first)
    except type(second) as error:
        return error


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_error_caused_by_descriptor_exhaustion_is_recognized(number: int, *, hidden: bool) -> None:
    first = OSError(number, "none left")
    assert is_exhausted(first)
    assert is_exhausted(chained_error(first, FeedsvcError("no copy"), hidden=hidden))
    assert not is_exhausted(chained_error(OSError(errno.ENOENT, "gone"), FeedsvcError("no copy"), hidden=hidden))
    assert not is_exhausted(None)


def test_database_that_cannot_be_opened_counts_as_descriptor_exhaustion() -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect("/nowhere/at/all").execute("SELECT 1")
    assert is_exhausted(caught.value)
