"""Alerts: faults that an operator can fix while the service continues. Their start and end are logged."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Final

_LOG: Final = logging.getLogger(__name__)


class Alerts:
    """Active alerts, at most one for each name. An alert's message is a sentence that says what to do. Thread-safe."""

    def __init__(self) -> None:
        self._active: dict[str, str] = {}
        self._end_messages: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def active(self) -> Mapping[str, str]:
        """Messages of the active alerts by name."""
        with self._lock:
            return dict(self._active)

    def raise_alert(self, name: str, message: str, end_message: str = "", *, log_again: bool = False) -> None:
        """Activate the alert `name`, or update the message of an active one.

        A new alert's message is logged, an update only with `log_again`. `clear` logs `end_message`. If that is "", this class
        logs nothing about the alert: its caller must.
        """
        with self._lock:
            is_logged = bool(end_message) and (log_again or name not in self._active)
            self._active[name], self._end_messages[name] = message, end_message
        if is_logged:
            _LOG.warning("feedsvc: %s", message)

    def clear(self, name: str) -> None:
        """End an alert, and log its end message unless that is "". Does nothing if there is no active alert of this name."""
        with self._lock:
            self._active.pop(name, None)
            end_message = self._end_messages.pop(name, "")
        if end_message:
            _LOG.warning("feedsvc: %s", end_message)


def unwritable_message(subject: str, path: object, error: object, effect: str) -> str:
    """Return the alert message for a file or folder in the state folder that cannot be written.

    `subject` is that of the sentence, such as "Last-Modified dates"; `effect` is a clause on the effect while it lasts. The
    message says that writing is tried again by itself: the caller must do so.
    """
    return (
        f"{subject} cannot be written to {path} ({error}): see that its disk has room and may be written to; "
        f"{effect}, and it is tried again by itself"
    )
