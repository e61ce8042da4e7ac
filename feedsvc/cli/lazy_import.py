"""Lazy imports of command modules, so that printing a problem does not wait for a database library."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from feedsvc.support import gc_control


def import_cli_module(name: str) -> Any:
    """Import a module of this package with garbage collection paused, because most of the new objects stay alive."""
    with gc_control.paused():
        return import_module(f"feedsvc.cli.{name}")
