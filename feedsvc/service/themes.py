"""Theme adoption, with its verdicts (results of the trials of themes) in the state folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from feedsvc.pages import ThemeAdoption
from feedsvc.support.alerts import Alerts

_VERDICT_FOLDER: Final = "themes"


def theme_adoption(state_folder: Path | None, alerts: Alerts | None = None, *, is_required: bool = False) -> ThemeAdoption:
    """Return a ThemeAdoption with its verdicts in the state folder, or in memory if `state_folder` is None.

    With `is_required`, its first `apply` raises FeedsvcError if the trial of the theme could not be carried out. Otherwise the
    trial is repeated later, and the theme is in force only after it has passed one.
    """
    if state_folder is None:
        return ThemeAdoption(None, _renderer_version, alerts=alerts, required=is_required)
    return ThemeAdoption(state_folder / _VERDICT_FOLDER, _renderer_version, alerts=alerts, required=is_required)


@cache
def _renderer_version() -> str:
    """Return a text that identifies the versions of the program and of the libraries that render pages."""
    from feedsvc.publication import code_fingerprint  # noqa: PLC0415 - only a newsroom with templates of its own needs it

    return repr(code_fingerprint())
