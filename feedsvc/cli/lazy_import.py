"""The commands' modules, each read when it is called for: to print a problem need not wait for a database's library."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from feedsvc.support import gc_control


def module(name: str) -> Any:
    """A module of this room, and all that it imports: much that stays."""
    with gc_control.paused():
        return import_module(f"feedsvc.cli.{name}")
