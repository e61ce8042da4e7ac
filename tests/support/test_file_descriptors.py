"""How many descriptors a process may have, and what for."""

import errno
import resource
import sqlite3
from typing import Any

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.support.file_descriptors import MIN_LIMIT, Budget, budget, current_limit, is_exhausted, raise_limit

_NO_LIMIT = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "raised", "most"),
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
def test_the_limit_is_raised_as_far_as_it_may_be(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], raised: tuple[int, int] | None, most: int
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: told.append(new))
    assert raise_limit() == most
    assert told == ([raised] if raised else [])


@pytest.mark.parametrize("limits", [(64, 64), (64, MIN_LIMIT - 1)])
def test_a_limit_that_cannot_be_raised_to_what_a_server_needs(monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int]) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    with pytest.raises(FeedsvcError, match=rf"a process may have {limits[1]} open files .* needs {MIN_LIMIT}"):
        raise_limit()


@pytest.mark.parametrize("most", [MIN_LIMIT, 1024, 65_536])
def test_connections_and_files_leave_descriptors_for_the_rest(most: int) -> None:
    divided = budget(most)
    assert divided.connections + divided.files == most - 64
    assert divided.connections > 2 * divided.files


def test_a_thousand_and_twenty_four() -> None:
    assert budget(1024) == Budget(connections=720, files=240)
    assert current_limit() > 0


def chain(first: BaseException, second: BaseException, *, hidden: bool) -> BaseException:
    try:
        try:
            raise first
        except type(first):
            raise second from (None if hidden else first)
    except type(second) as error:
        return error


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_an_error_that_comes_from_a_missing_descriptor_is_known(number: int, *, hidden: bool) -> None:
    first = OSError(number, "none left")
    assert is_exhausted(first)
    assert is_exhausted(chain(first, FeedsvcError("no copy"), hidden=hidden))
    assert not is_exhausted(chain(OSError(errno.ENOENT, "gone"), FeedsvcError("no copy"), hidden=hidden))
    assert not is_exhausted(None)


def test_a_database_that_cannot_be_opened_counts_as_one() -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect("/nowhere/at/all").execute("SELECT 1")
    assert is_exhausted(caught.value)
