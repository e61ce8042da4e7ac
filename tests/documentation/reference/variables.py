"""Generate docs/reference/variables.md from the options, and from a table of the variables that belong to no option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from feedsvc.cli.settings import FILE_KEYS, PREFIX, VARIABLE_NAMES, Option, variable_of
from feedsvc.support import watchdog
from tests.documentation.reference.commands import all_commands, value_of
from tests.documentation.reference.markdown import code, introduction, table

_INTRODUCTION: Final = introduction(
    "Environment variables",
    "the options of the program",
    "Each option has a variable: `FEEDSVC_` and its name. A flag is `1` or `0`. A variable of an option that may be repeated "
    "has several values, separated by spaces. An empty variable counts as absent. The command line takes precedence. A command "
    "warns of an unknown variable that begins with `FEEDSVC_`. The same names, as in the column *key*, may be in "
    "[feedsvc.toml](command-line.md#settings-file). `feedsvc config` prints which value comes from where.",
)
_ARGUMENTS: Final[Mapping[str, tuple[str, str, str]]] = {
    f"{PREFIX}CONTENT": (
        "all that have it",
        "path; default `content`",
        "Content folder: the argument CONTENT of commands, FOLDER of `feedsvc init`.",
    )
}
# Variables that are no options -> value and meaning.
OTHER_VARIABLES: Final[Mapping[str, tuple[str, str]]] = {
    watchdog.LIMIT_VARIABLE: (
        "seconds; default `30`",
        "Time after which a server that hangs is ended. 0 disables the watchdog, for use with a debugger.",
    ),
    "NO_COLOR": ("any text", "Print no colors. It takes precedence over `FORCE_COLOR`."),
    "FORCE_COLOR": ("any text", "Print colors also if the output is no terminal."),
    "XDG_STATE_HOME": (
        "path; default `~/.local/state`",
        "Folder of the default state folders, which are in `feedsvc/` below it.",
    ),
    "PYTHONIOENCODING": ("as in Python", "Encoding of the output on Windows, which is UTF-8 otherwise."),
    "PYTHONUTF8": ("as in Python", "1 makes file names UTF-8 in any locale; `feedsvc build` needs that."),
    "JOURNAL_STREAM": ("set by systemd", "Write the log as the journal reads it: with its priorities, without times."),
    "LANG, LC_ALL, LC_TIME, TZ": ("as in other programs", "Language and time zone that `feedsvc init` proposes."),
    "AWS_*": ("as in other programs", "Credentials, region and endpoint of object storage (`feedsvc build s3://...`)."),
}


def variables_page() -> str:
    """Return the text of docs/reference/variables.md."""
    options = table(
        ("variable", "key", "commands", "value", "meaning"), (row for name in sorted(VARIABLE_NAMES) for row in _rows(name))
    )
    others = table(("variable", "value", "meaning"), ((_names(name), *texts) for name, texts in OTHER_VARIABLES.items()))
    return f"{_INTRODUCTION}\n## Options\n\n{options}\n## Other variables\n\n{others}"


def _rows(name: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield a row for each meaning that a variable has in some commands."""
    commands: dict[tuple[str, str], list[str]] = {}
    for one in all_commands():
        for option in one.options:
            if isinstance(option, Option) and variable_of(option) == name:
                commands.setdefault((value_of(option), option.help or ""), []).append(one.name.removeprefix("feedsvc "))
    total = sum(not hasattr(one.command, "commands") for one in all_commands())
    key = name.removeprefix(PREFIX).lower().replace("_", "-")
    shown_key = code(key) if key in FILE_KEYS else ""
    if name in _ARGUMENTS:
        where, value, meaning = _ARGUMENTS[name]
        yield code(name), shown_key, where, value, meaning
    for (value, meaning), names in commands.items():
        where = "all" if len(names) == total else ", ".join(code(command) for command in names)
        yield code(name), shown_key, where, value, meaning


def _names(names: str) -> str:
    return ", ".join(code(name) for name in names.split(", "))
