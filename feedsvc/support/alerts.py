"""Alerts: faults that an operator can fix while the service continues. Their start and end are logged."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

AlertKind: TypeAlias = Literal[
    "base_url", "clock", "dates", "hook", "pictures", "push", "reads", "records", "theme", "themes", "tokens"
]
ALERT_KINDS: Final[tuple[AlertKind, ...]] = get_args(AlertKind)
_LOG: Final = logging.getLogger(__name__)


class Alerts:
    """Active alerts, at most one for each kind and subject. A message is a sentence that says what to do. Thread-safe."""

    def __init__(self) -> None:
        self._active: dict[tuple[AlertKind, str], tuple[str, str]] = {}  # message and end message by kind and subject
        self._lock = threading.Lock()

    @property
    def active(self) -> Mapping[str, str]:
        """Messages of the active alerts by kind, or by kind and subject."""
        with self._lock:
            return {" ".join(filter(None, key)): message for key, (message, _) in self._active.items()}

    def count(self, kind: AlertKind) -> int:
        with self._lock:
            return sum(active == kind for active, _ in self._active)

    def raise_alert(
        self, kind: AlertKind, message: str, end_message: str = "", *, subject: str = "", log_again: bool = False
    ) -> None:
        """Activate the alert of a kind and subject, or update the message of an active one.

        A new alert's message is logged, an update only with `log_again`. `clear` logs `end_message`. If that is "", this class
        logs nothing about the alert: its caller must.
        """
        key = (kind, subject)
        with self._lock:
            is_logged = bool(end_message) and (log_again or key not in self._active)
            self._active[key] = message, end_message
        if is_logged:
            _LOG.warning("feedsvc: %s", message)

    def clear(self, kind: AlertKind, subject: str = "") -> None:
        """End an alert, and log its end message unless that is "". Does nothing if there is no such active alert."""
        with self._lock:
            _, end_message = self._active.pop((kind, subject), ("", ""))
        if end_message:
            _LOG.warning("feedsvc: %s", end_message)


def unwritable_message(subject: str, path: object, error: object, effect: str) -> str:
    """Return the alert message for a file or folder in the state folder that cannot be written.

    `subject` is that of the sentence, such as "Last-Modified dates"; `effect` is a clause on the effect while it lasts. The
    message says that writing is tried again by itself: the caller must do so.
    """
    return (
        f"{subject} cannot be written to {path} ({error}): see that its disk has room and may be written to; "
        f"{effect}, and feedsvc tries again"
    )
