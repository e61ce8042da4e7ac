"""docs/deploy/README.md names every file that ships there, and its commands are commands."""

from __future__ import annotations

import re
import shlex
from typing import Final

import click

from bench.nginx import SHIPPED
from feedsvc.cli import main

README: Final = (SHIPPED / "README.md").read_text("utf-8")


def test_the_table_names_each_file_and_no_other() -> None:
    table = README.partition("| --- | --- |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[1] if row else "")}
    assert named == {file.name for file in SHIPPED.iterdir()} - {"README.md"}


def test_every_command_is_one() -> None:
    commands = re.findall(r"^feedsvc ([a-z]+)\b(.*)$", README, re.MULTILINE)
    assert len(commands) >= 4
    for name, rest in commands:
        command = main.get_command(click.Context(main), name)
        assert command
        assert command.make_context(name, shlex.split(rest)).params


def test_every_file_that_is_included_is_said_where_to_lie() -> None:
    for file in SHIPPED.glob("nginx-*.conf"):
        for included in re.findall(r"^\s*include (\S+);", file.read_text("utf-8"), re.MULTILINE):
            assert f"`{included}`" in README, f"{file.name} includes {included}"
