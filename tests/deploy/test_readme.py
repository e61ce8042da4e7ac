"""docs/deploy/README.md names every file in its folder, and its commands are valid."""

from __future__ import annotations

import re
from typing import Final

from bench.nginx import DEPLOY_FILES

README: Final = (DEPLOY_FILES / "README.md").read_text("utf-8")


def test_table_names_exactly_the_files_in_the_folder() -> None:
    table = README.partition("| --- | --- |")[2].partition("\n\n")[0]
    names = {name for row in table.splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[1] if row else "")}
    assert names == {file.name for file in DEPLOY_FILES.iterdir()} - {"README.md"}


def test_path_of_every_included_file_is_documented() -> None:
    for file in DEPLOY_FILES.glob("nginx-*.conf"):
        for path in re.findall(r"^\s*include (\S+);", file.read_text("utf-8"), re.MULTILINE):
            assert f"`{path}`" in README, f"{file.name} includes {path}"
