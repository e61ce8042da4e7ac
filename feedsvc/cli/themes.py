"""The choice of a newsroom's theme, with its verdicts in the state folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from feedsvc.pages.theme_adoption import Adoption
from feedsvc.support.alerts import Troubles
from feedsvc.support.hang_reports import Failures

_FOLDER: Final = "themes"


def adoption(home: Path | None, troubles: Troubles | None = None, *, required: bool = False) -> Adoption:
    """Choose with verdicts in the state folder `home`; None keeps none. `required` as for Adoption."""
    if home is None:
        return Adoption(None, _version, troubles=troubles, required=required)
    return Adoption(home / _FOLDER, _version, troubles=troubles, required=required, stuck=Failures(home))


@cache
def _version() -> str:
    """Stands for the program and the libraries that make pages."""
    from feedsvc.publication.fingerprints import program  # noqa: PLC0415 - only a newsroom with templates of its own needs it

    return repr(program())
