"""Distributions as pip installs them: modules and a dist-info folder with entry points, in a folder for PYTHONPATH."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests import ROOT

ACME: Final = Path(__file__).parent / "acme"
FORMATS: Final = "feedsvc.formats"
NAMESPACES: Final = "feedsvc.namespaces"
HOOKS: Final = "feedsvc.edition_hooks"


def install(
    site: Path,
    name: str,
    module: str,
    entry_points: Mapping[str, Mapping[str, str]],
    *,
    version: str = "1.0",
    code_name: str = "",
) -> Path:
    """Install a distribution whose only module has the code `module`, and return the folder `site`."""
    site.mkdir(parents=True, exist_ok=True)
    file_name = name.replace("-", "_")
    (site / f"{code_name or file_name}.py").write_text(module, "utf-8")
    for former in site.glob(f"{file_name}-*.dist-info"):
        for file in former.iterdir():
            file.unlink()
        former.rmdir()
    info = site / f"{file_name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    sections = (
        f"[{group}]\n" + "".join(f"{key} = {target}\n" for key, target in points.items())
        for group, points in entry_points.items()
    )
    (info / "entry_points.txt").write_text("\n".join(sections), "utf-8")
    return site


def install_acme(site: Path, *, version: str = "", replacements: Mapping[str, str] | None = None) -> Path:
    """Install the example plug-in, and return the folder. `replacements` are changes of its code."""
    project = tomllib.loads((ACME / "pyproject.toml").read_text("utf-8"))["project"]
    code = (ACME / "acme_feeds.py").read_text("utf-8")
    for old, new in (replacements or {}).items():
        assert old in code
        code = code.replace(old, new)
    return install(site, project["name"], code, project["entry-points"], version=version or project["version"])


def variables(site: Path, **others: str) -> dict[str, str]:
    """Return environment variables with which feedsvc finds the distributions in `site`. Hooks are called."""
    path = os.pathsep.join((str(ROOT), str(site)))
    return {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "FEEDSVC_ANNOUNCE": "yes", **others}
