"""Theme adoption with its verdicts in the state folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from feedsvc.pages import ThemeAdoption
from feedsvc.support.alerts import Alerts
from feedsvc.support.hang_reports import FaultyThemes

_VERDICT_FOLDER: Final = "themes"


def theme_adoption(home: Path | None, alerts: Alerts | None = None, *, is_required: bool = False) -> ThemeAdoption:
    """Return the theme adoption with verdicts in the state folder `home`; None stores none.

    `is_required` is `required` of ThemeAdoption.
    """
    if home is None:
        return ThemeAdoption(None, _renderer_version, alerts=alerts, required=is_required)
    return ThemeAdoption(
        home / _VERDICT_FOLDER, _renderer_version, alerts=alerts, required=is_required, hung_themes=FaultyThemes(home)
    )


@cache
def _renderer_version() -> str:
    """Return the version of the program and the libraries that render pages."""
    from feedsvc.publication import code_fingerprint  # noqa: PLC0415 - only a newsroom with templates of its own needs it

    return repr(code_fingerprint())
