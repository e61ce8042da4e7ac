"""rss2email and feed2exec, which write an e-mail message for each article into a maildir."""

import email
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

from tests.subscribers.program import Item, run

_RSS2EMAIL = """\
[DEFAULT]
from = reader@mail.example
to = reader@mail.example
email-protocol = maildir
maildir-path = {home}/mail
maildir-mailbox = inbox
date-header = True
reply-changes = True
"""
_FEED2EXEC = "[{name}]\nurl = {address}\noutput = feed2exec.plugins.maildir\nmailbox = {home}/mail\nargs = reader@mail.example\n"


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    return str(body.get_content()) if body else ""


def _item(message: EmailMessage) -> Item:
    return Item(
        title=str(message["Subject"]),
        link=str(message["X-RSS-URL"] or message["Archived-At"]),
        byline=message["From"].addresses[0].display_name,
        date=parsedate_to_datetime(message["Date"]).astimezone(UTC),
        text=_text(message),
    )


@cache
def _read_message(file: Path) -> EmailMessage:
    return email.message_from_bytes(file.read_bytes(), policy=default)


def _read_maildir(folder: Path) -> list[EmailMessage]:
    """Return the messages of a maildir. Programs never change a message, so each is read once, although tests look often."""
    return [*map(_read_message, sorted(folder.glob("new/*")) + sorted(folder.glob("cur/*")))]


class Rss2email:
    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "config").write_text(_RSS2EMAIL.format(home=home))
        for folder in ("new", "cur", "tmp"):
            (home / "mail" / "inbox" / folder).mkdir(parents=True)

    def run(self, *arguments: str) -> None:
        run(self.home, "r2e", "-c", self.home / "config", "-d", self.home / "seen.json", *arguments)

    def subscribe(self, name: str, address: str) -> None:
        """Have the program add the first feed. Write further ones as it writes them: each start takes 0.2 s."""
        config = self.home / "config"
        if "[feed." not in config.read_text():
            return self.run("add", name, address)
        with config.open("a") as feeds:
            feeds.write(f"\n[feed.{name}]\nurl = {address}\n")
        return None

    def refresh(self, minutes: int) -> None:
        self.run("run")

    def items(self, name: str) -> list[Item]:
        messages = _read_maildir(self.home / "mail" / "inbox")
        return [_item(message) for message in messages if message["List-ID"] == f"<{name}.localhost>"]


class Feed2exec:
    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "feeds.ini").touch()

    def subscribe(self, name: str, address: str) -> None:
        with (self.home / "feeds.ini").open("a") as feeds:
            feeds.write(_FEED2EXEC.format(name=name, address=address, home=self.home))

    def refresh(self, minutes: int) -> None:
        # It sends no request until max-age is over, so that its clock is set forward.
        clock = ("faketime", "-f", f"+{minutes}m")
        run(self.home, *clock, "feed2exec", "--config", self.home / "feeds.ini", "--database", self.home / "seen.db", "fetch")

    def items(self, name: str) -> list[Item]:
        return [_item(message) for message in _read_maildir(self.home / "mail" / name)]


@contextmanager
def rss2email(home: Path) -> Iterator[Rss2email]:
    yield Rss2email(home)


@contextmanager
def feed2exec(home: Path) -> Iterator[Feed2exec]:
    yield Feed2exec(home)
