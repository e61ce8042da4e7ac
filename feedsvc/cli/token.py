"""Commands feedsvc token add, list and revoke."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import click

from feedsvc.access import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    Token,
    TokenState,
    check_name,
    new_token,
    open_token_store,
    token_digest,
)
from feedsvc.cli.content_folder import load_settings
from feedsvc.cli.options import (
    base_url_option,
    content_argument,
    database_option,
    json_option,
    report_errors,
    state_folder,
    state_option,
)
from feedsvc.cli.output import aligned_lines, print_json
from feedsvc.cli.settings import Command, option
from feedsvc.content.folder import Settings
from feedsvc.content.schema.dates import parse_age, parse_instant
from feedsvc.content.text import did_you_mean
from feedsvc.errors import FeedsvcError
from feedsvc.feeds import FORMATS
from feedsvc.model import CustomFeed
from feedsvc.routes import private_feed_path
from feedsvc.support.clock import wall_clock
from feedsvc.uris import absolute

if TYPE_CHECKING:
    from feedsvc.access import TokenStore

_HEADINGS: Final = ("NAME", "FEED", "CREATED", "LAST USED", "FETCHES", "LIMIT", "EXPIRES", "STATE")
_LIMIT: Final = re.compile(r"([0-9]{1,9})(?:/hour)?")
_DATE_FORMAT: Final = "%Y-%m-%d %H:%M"


@click.group("token")
def token_commands() -> None:
    """Add, list and revoke the tokens of private feeds.

    A feed with access: private in feeds.yaml has no public address. Each token gives one person, or one partner, an address of
    their own. Give --state and --database as for feedsvc serve.

    \b
    Examples:
      feedsvc token add members alice@example.org --expires 2027-01-01
      feedsvc token list
      feedsvc token revoke alice@example.org
    """


def _parse_limit(_context: click.Context, _option: click.Parameter, text: str) -> int:
    match = _LIMIT.fullmatch(text.strip())
    if not match or not 1 <= int(match[1]) <= MAX_LIMIT:
        raise click.BadParameter(f"'{text}' is not a limit; give a number of fetches from 1 to {MAX_LIMIT:,}, such as 60/hour")
    return int(match[1])


@token_commands.command("add", cls=Command)
@click.argument("feed")
@click.argument("name")
@content_argument
@option("--expires", metavar="WHEN", help="Date (2027-01-01), time (2027-01-01T09:00) or age (90d, 12h) of its end.")
@option(
    "--limit-fetches",
    metavar="N/hour",
    default=f"{DEFAULT_LIMIT}/hour",
    show_default=True,
    callback=_parse_limit,
    help="Number of fetches in an hour.",
)
@json_option
@base_url_option
@state_option
@database_option
@report_errors
def add(
    *,
    feed: str,
    name: str,
    content: Path,
    expires: str | None,
    limit_fetches: int,
    json: bool,
    base_url: str,
    state: Path | None,
    database: str,
) -> None:
    """Print an address of the private feed FEED for NAME, with a new random token.

    The token is stored only as a digest: the address cannot be shown again. NAME stands in the access log in place of the token.
    A date ends the token at its beginning, 00:00 in the site's time zone. With --json, print the addresses of all formats and
    the values of feedsvc token list --json.

    \b
    Examples:
      feedsvc token add members alice@example.org
      feedsvc token add partner "Harbour Radio" --expires 90d --limit-fetches 12/hour
    """
    settings, now = load_settings(content, base_url), wall_clock()
    private_feed = _find_private_feed(settings, feed, content)
    site, token_text = settings.references.site, new_token()
    token = Token(
        digest=token_digest(token_text) or b"",
        name=check_name(name),
        feed=private_feed.id,
        created_at=now,
        # An empty text is an error: a script whose variable is empty must not make a token that never ends.
        expires_at=None if expires is None else _parse_end(expires, site.timezone, now),
        hourly_limit=limit_fetches,
    )
    with closing(_open_store(content, state, database)) as store:
        store.add(token)
        location = store.location
    addresses = {suffix: absolute(site.base_url, private_feed_path(token_text, suffix)) for suffix in FORMATS}
    if json:
        print_json({"addresses": addresses, **_facts(token, settings, now)})
    else:
        click.echo(next(iter(addresses.values())))
    others = " or ".join(f".{suffix}" for suffix in [*FORMATS][1:])
    end = f" until {_local(token.expires_at, site.timezone)}" if token.expires_at else ""
    click.echo(
        f"feedsvc: the address is for {token.name} only{end}; it is stored nowhere, so keep it now (.rss can be {others}); "
        f"its token is in {location}",
        err=True,
    )


@token_commands.command("list", cls=Command)
@content_argument
@json_option
@state_option
@database_option
@report_errors
def list_tokens(*, content: Path, json: bool, state: Path | None, database: str) -> None:
    """List the tokens with their names, feeds, dates and numbers of fetches. Times are in the site's time zone.

    STATE is active, expired or revoked; "no feed" if feeds.yaml does not contain the feed any more, and "public" if it is not
    private any more.
    """
    settings, now = load_settings(content, ""), wall_clock()
    with closing(_open_store(content, state, database)) as store:
        facts = [_facts(token, settings, now) for token in store.tokens()]
    if json:
        print_json(facts)
        return
    zone = settings.references.site.timezone
    for line in aligned_lines([_HEADINGS, *(_table_row(token, zone) for token in facts)]):
        click.echo(line)


@token_commands.command("revoke", cls=Command)
@click.argument("name")
@content_argument
@state_option
@database_option
@report_errors
def revoke(*, name: str, content: Path, state: Path | None, database: str) -> None:
    """End the token of NAME now and for ever: its address answers with status 410, on all servers within two seconds.

    Programs that have fetched the feed keep what they have.
    """
    with closing(_open_store(content, state, database)) as store:
        if token := store.revoke(check_name(name), wall_clock()):
            click.echo(f"feedsvc: the token of {token.name} for the feed {token.feed} is revoked", err=True)
            return
        _raise_unknown_name(check_name(name), store.tokens())


def _raise_unknown_name(name: str, tokens: Sequence[Token]) -> None:
    names = [token.name for token in tokens if token.revoked_at is None]
    if any(token.name == name for token in tokens):
        raise FeedsvcError(f"the token of {name} is revoked already; feedsvc token list shows when it was used last")
    raise FeedsvcError(f"no token is named '{name}'; {did_you_mean(name, names) or 'feedsvc token list shows all names'}")


def _open_store(content: Path, state: Path | None, database: str) -> TokenStore:
    """Return the token store that `feedsvc serve` uses with the same options.

    Raises FeedsvcError if `database` is invalid or its driver is missing; if it is "", also if there is no state folder;
    and if the state folder is inside the content folder.
    """
    folder = state_folder(content, state)
    if not database and not folder.is_dir():
        hint = (
            "start feedsvc serve once, which makes it; if the server has --state, give the same folder here"
            if state is None
            else "start feedsvc serve with it once, or correct it"
        )
        raise FeedsvcError(f"there is no state folder {folder}, in which the server and this command find the tokens; {hint}")
    return open_token_store(folder, database)


def _find_private_feed(settings: Settings, name: str, content: Path) -> CustomFeed:
    if feed := settings.private_feeds.get(name):
        return feed
    problems = " (it has errors: feedsvc check shows them)" if any(p.path == "feeds.yaml" for p in settings.problems) else ""
    if name in settings.custom_feeds:
        raise FeedsvcError(
            f"the feed '{name}' is public, so it needs no token; write access: private in {content / 'feeds.yaml'}"
        )
    hint = did_you_mean(name, settings.private_feeds) or "feedsvc feeds lists all feeds"
    raise FeedsvcError(f"{content / 'feeds.yaml'} has no feed '{name}'{problems}; {hint}")


def _parse_end(text: str, timezone: str, now: datetime) -> datetime:
    with suppress(ValueError):
        return now.replace(microsecond=0) + parse_age(text.strip())
    try:
        moment, _ = parse_instant(text, ZoneInfo(timezone))
    except ValueError as error:
        raise FeedsvcError(f"--expires: {error}; or give an age such as 90d or 12h") from None
    if moment <= now:
        raise FeedsvcError(f"--expires: {_local(moment, timezone)} is over already; give a later time")
    return moment


def _facts(token: Token, settings: Settings, now: datetime) -> dict[str, Any]:
    state = token.state(now).value
    if token.state(now) is TokenState.ACTIVE and token.feed not in settings.private_feeds:
        state = "public" if token.feed in settings.custom_feeds else "no feed"
    return {
        "name": token.name,
        "feed": token.feed,
        "created": token.created_at,
        "last_used": token.last_used_at,
        "fetches": token.fetches,
        "limit_per_hour": token.hourly_limit,
        "expires": token.expires_at,
        "revoked": token.revoked_at,
        "state": state,
    }


def _table_row(facts: Mapping[str, Any], timezone: str) -> tuple[str, ...]:
    used, expires = (_local(facts[key], timezone) for key in ("last_used", "expires"))
    limit = f"{facts['limit_per_hour']}/hour"
    created, fetches = _local(facts["created"], timezone), str(facts["fetches"])
    return facts["name"], facts["feed"], created, used, fetches, limit, expires, facts["state"]


def _local(moment: datetime | None, timezone: str) -> str:
    return moment.astimezone(ZoneInfo(timezone)).strftime(_DATE_FORMAT) if moment else "-"
