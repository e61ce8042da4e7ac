"""Request parser of waitress, with further checks that RFC 9112 requires of a server."""

from __future__ import annotations

import re
from typing import Final

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest

_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")
# RFC 3986 section 3.2: a registered name or an address, then a port. Host may be empty (RFC 9112 section 3.2).
_HOST: Final = re.compile(
    r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*|\[(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+\])(?::[0-9]*)?"
)
_TRANSFER_ENCODING: Final = re.compile(rb"^transfer-encoding:", re.IGNORECASE | re.MULTILINE)


class LengthRequired(BadRequest):
    """Response 411, which waitress lacks (RFC 9112 section 6.3)."""

    code = 411
    reason = "Length Required"


class RequestParser(HTTPRequestParser):
    """Parser of one request. A refused request has an `error`; the connection is closed after the error response is sent.

    `first_wait` is when the request was first suspended, in seconds of time.monotonic; None if it never was.
    """

    first_wait: float | None = None  # when the request was first suspended, in seconds of time.monotonic

    def received(self, data: bytes) -> int:
        parsed_bytes: int = super().received(data)
        if self.completed:
            # The body has been received or the request is refused, so no 100 Continue (RFC 9110 section 10.1.1).
            self.expect_continue = False
        return parsed_bytes

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the header fields. Raises ParsingError to refuse it.

        A request with Transfer-Encoding gets 411: no feed reader sends one, and waitress parses 8 kB of one-byte chunks in 24 ms.
        Bytes beyond ASCII in the request line are percent-encoded, because people paste addresses with such letters.
        """
        line, end, fields = header_plus.partition(b"\r\n")
        line = _NON_ASCII.sub(lambda letter: b"%%%02X" % ord(letter[0]), line)
        has_coding = _TRANSFER_ENCODING.search(fields) is not None
        try:
            super().parse_header(line + end + (b"" if has_coding else fields))
        except ValueError:  # from urlsplit: http://[/ would close the connection without a response
            raise ParsingError("Bad URI") from None
        if has_coding:
            self.error = LengthRequired("Send Content-Length instead of Transfer-Encoding.")
            return
        self._check_host()
        if "," in self.headers.get("CONNECTION", ""):
            self._reduce_connection()

    def _reduce_connection(self) -> None:
        """Replace the header Connection, a list such as "TE, close", by "close" or else "keep-alive", if the list contains it.

        libwww-perl sends such lists (RFC 9112 section 9.6), but waitress compares the whole field.
        """
        options = {option.strip(" \t").lower() for option in self.headers["CONNECTION"].split(",")}
        known_option = next((option for option in ("close", "keep-alive") if option in options), None)
        if known_option:
            self.headers = {**self.headers, "CONNECTION": known_option}
            self.connection_close = known_option == "close"

    def _check_host(self) -> None:
        """Raise ParsingError if Host is invalid, or missing in HTTP/1.1 (RFC 9112 section 3.2).

        Repeated Host fields are invalid, too: waitress joins them by a comma.
        """
        host = self.headers.get("HOST")
        if host is None:
            if self.version == "1.1":
                raise ParsingError("Host is missing")
        elif not _HOST.fullmatch(host):
            raise ParsingError("Host is invalid or repeated")
