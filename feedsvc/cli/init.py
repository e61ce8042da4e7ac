"""Command feedsvc init."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

import click

from feedsvc import uris
from feedsvc.cli.options import DEFAULT_CONTENT, PATH_TYPE, folder_argument, report_errors, utf8_text
from feedsvc.cli.settings import command, option
from feedsvc.content.schema.validation import parse_site_value
from feedsvc.editing import RESERVED_DOMAIN, SiteAnswers, check_is_free, create_newsroom, starter_files
from feedsvc.errors import FeedsvcError
from feedsvc.language import get_language, windows_time_zone
from feedsvc.support.clock import wall_clock
from feedsvc.support.posix import CAN_FORK, IS_WINDOWS

_LOCALE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")  # in the order of POSIX
_COMMON_FOLDER_NAMES: Final = ("", "content")  # names that say nothing about the site
_DOMAIN_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ZONE_FOLDER: Final = re.compile(r"^(?:.*/zoneinfo/|:)?(?:posix/|right/)?")
_LOCAL_TIME_FILE: Final = Path("/etc/localtime")


class _Question(NamedTuple):
    """Question of the command. `default` takes the folder and the answers to the questions before it."""

    option: str
    text: str
    default: Callable[[Path, Mapping[str, str]], str]


# Key of site.yaml -> question.
_QUESTIONS: Final[Mapping[str, _Question]] = {
    "title": _Question("--title", "Title of the site", lambda folder, _: default_title(folder)),
    "base_url": _Question("--base-url", "Address of the public site", lambda _, answers: default_base_url(answers["title"])),
    "language": _Question("--language", "Language of the articles", lambda *_: default_language(os.environ)),
    "timezone": _Question("--timezone", "Time zone of dates", lambda *_: default_timezone(os.environ)),
}


@command("init")
@click.argument("content", metavar="[FOLDER]", type=PATH_TYPE, default=DEFAULT_CONTENT, envvar="FEEDSVC_CONTENT")
@option("--title", metavar="TEXT", help="Title of the site. The default is made from the folder's name.")
@option("--base-url", metavar="URL", help="Address at which readers will reach the site, such as https://example.org.")
@option("--language", metavar="TAG", help="Language of the articles, such as en, ko or pt-BR. The default is that of the locale.")
@option("--timezone", metavar="ZONE", help="Time zone of dates, such as Asia/Kolkata. The default is that of the system.")
@option("--yes", is_flag=True, help="Ask nothing, and use the defaults of options that are not given.")
@report_errors
def init(*, content: Path, yes: bool, **given: str | None) -> None:
    """Write a new newsroom into FOLDER (./content): settings, articles, a page, schemas.

    The schemas are for text editors. A file .gitignore is written, too. The command asks for values that are not given as
    options. It overwrites nothing: if FOLDER has files of a newsroom, it writes nothing. Other files in FOLDER, such as .git,
    stay.

    \b
    Examples:
      feedsvc init
      feedsvc init content --title "Harbour News" --base-url https://harbour.example --yes
    """
    check_is_free(content)
    answers = _collect_answers(content, {key: value for key, value in given.items() if value is not None}, asks=not yes)
    shared = create_newsroom(content, starter_files(SiteAnswers(**answers), wall_clock()))
    click.echo(f"feedsvc: {content} is a newsroom now, with three articles and a page", err=True)
    for name in shared:
        click.echo(f"feedsvc: {content / name} existed and stays as it is", err=True)
    click.echo(os.fsencode(_next_steps(content)))  # bytes, because the content's name may not be UTF-8


def _collect_answers(folder: Path, given: Mapping[str, str], *, asks: bool) -> dict[str, str]:
    """Return a valid value for each key of _QUESTIONS: a given one, an answer of the user, or the default.

    Raises FeedsvcError for an invalid given value, or if there is a question but no terminal.
    """
    valid = {key: _parse_option(key, text) for key, text in given.items()}
    missing = [question.option for key, question in _QUESTIONS.items() if key not in valid]
    if missing and asks and not sys.stdin.isatty():
        raise FeedsvcError(f"there is no terminal to ask for {', '.join(missing)}; give these options, or --yes for defaults")
    if missing and asks:
        click.echo("The value in brackets is used if you press Enter. Ctrl-C ends the command, and nothing is written.", err=True)
    answers: dict[str, str] = {}
    for key, question in _QUESTIONS.items():
        if key in valid:
            answers[key] = valid[key]
        else:
            default = question.default(folder, answers)
            answers[key] = _ask(key, question.text, default) if asks else default
    return answers


def _parse_option(key: str, text: str) -> str:
    try:
        return parse_site_value(key, utf8_text(text))
    except ValueError as error:
        message = str(error).removeprefix(f"{key}: ")  # the option says the same
        raise FeedsvcError(f"{_QUESTIONS[key].option}: {message}") from None


def _ask(key: str, text: str, default: str) -> str:
    def parse(answer: str) -> str:
        try:
            return parse_site_value(key, utf8_text(answer))
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    answer: str = click.prompt(text, default=default, value_proc=parse, err=True)
    return answer


def _next_steps(folder: Path) -> str:
    argument = folder_argument(folder)
    steps = {
        f"feedsvc serve{argument} --preview": "look at it, drafts too, at http://127.0.0.1:8000/; pages reload after each save",
        f'feedsvc new "A headline"{argument}': "write the next article",
        f"feedsvc check{argument}": "find mistakes, with line and correction",
        f"feedsvc serve{argument}": "serve the site as readers get it",
    }
    lines = (f"  {line}\n      {purpose}" for line, purpose in steps.items() if CAN_FORK or not line.startswith("feedsvc serve"))
    site_file = folder / "site.yaml"
    return "\n".join(("Next:", *lines, f"Before you publish, check base_url and id_domain in {site_file}: ids never change."))


def default_title(folder: Path) -> str:
    """Return a title made from the folder's name, or if that is "content", its parent's; "Newsroom" if that is no valid title."""
    path = Path(os.path.realpath(folder))
    name = path.parent.name if path.name in _COMMON_FOLDER_NAMES else path.name
    words = re.sub(r"[-_\s]+", " ", os.fsencode(name).decode(errors="replace")).strip()
    try:
        return parse_site_value("title", words[:1].upper() + words[1:])
    except ValueError:
        return "Newsroom"


def default_base_url(title: str) -> str:
    """Return an address in the reserved domain .example, such as https://harbour-news.example for Harbour News.

    If the title's slug cannot be a label of a domain, as with letters beyond ASCII or over 63 characters, return
    https://newsroom.example.
    """
    label = uris.slugify(title)
    return f"https://{f'{label}.example' if _DOMAIN_LABEL.fullmatch(label) else RESERVED_DOMAIN}"


def default_language(variables: Mapping[str, str]) -> str:
    """Return the tag of the message catalogue nearest to the locale's language; "en" if there is none.

    The locale is that of the environment `variables`, else the one of Windows.
    """
    locale = next((variables[name] for name in _LOCALE_VARIABLES if variables.get(name)), "") or _windows_locale()
    tag = re.split("[.@]", locale)[0].replace("_", "-")
    return get_language(tag, "UTC").words


def _windows_locale() -> str:
    """Return the locale that the user of Windows has chosen, such as de-DE; "" if it cannot be read, and on other systems."""
    if not IS_WINDOWS:
        return ""
    registry = import_module("winreg")
    try:
        with registry.OpenKey(registry.HKEY_CURRENT_USER, r"Control Panel\International") as key:
            return str(registry.QueryValueEx(key, "LocaleName")[0])
    except OSError:
        return ""


def default_timezone(variables: Mapping[str, str], local_time_file: Path = _LOCAL_TIME_FILE) -> str:
    """Return the time zone that TZ in the environment `variables` names; "UTC" if it is unknown.

    Without TZ, it is that of Windows, or on other systems that of the zone file to which the link `local_time_file` leads.
    """
    zone = variables.get("TZ") or (windows_time_zone() if IS_WINDOWS else os.path.realpath(local_time_file))
    try:
        return parse_site_value("timezone", _ZONE_FOLDER.sub("", zone, count=1))
    except ValueError:
        return "UTC"
