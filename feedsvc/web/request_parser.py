"""Request parser of waitress, with further checks that RFC 9112 requires of a server."""

from __future__ import annotations

import re
from typing import Final

from waitress.parser import HTTPRequestParser, ParsingError, get_header_lines

_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")
# RFC 3986 section 3.2: a registered name or an address, then a port. Host may be empty (RFC 9112 section 3.2).
_HOST: Final = re.compile(
    r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*|\[(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+\])(?::[0-9]*)?"
)
_TRANSFER_ENCODING: Final = b"transfer-encoding"


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
        """Parse the request line and the header fields. Raises ParsingError or TransferEncodingNotImplemented to refuse it.

        Bytes beyond ASCII in the request line are percent-encoded, because people paste addresses with such letters.
        """
        line, end, fields = header_plus.partition(b"\r\n")
        line = _NON_ASCII.sub(lambda letter: b"%%%02X" % ord(letter[0]), line)
        codings = _transfer_codings(fields) if _TRANSFER_ENCODING in fields.lower() else None
        if codings and codings[-1] != b"chunked":
            raise ParsingError("Transfer-Encoding does not end with chunked")
        try:
            super().parse_header(line + end + fields)
        except ValueError:  # from urlsplit: http://[/ would close the connection without a response
            raise ParsingError("Bad URI") from None
        if codings is not None:
            self._check_framing(codings)
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

    def _check_framing(self, codings: list[bytes]) -> None:
        """Raise ParsingError if servers could disagree where the body ends (RFC 9112 sections 6.1 and 6.3).

        `codings` are the transfer codings, of which the last one is chunked.
        """
        if self.version != "1.1":
            raise ParsingError("Transfer-Encoding requires HTTP/1.1")
        if "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Transfer-Encoding and Content-Length exclude each other")
        if codings != [b"chunked"]:
            raise ParsingError("Transfer-Encoding is chunked more than once")

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


def _transfer_codings(fields: bytes) -> list[bytes] | None:
    """Return the transfer codings in the header fields, in order and lower case; None if there is no Transfer-Encoding."""
    pairs = (field.partition(b":") for field in get_header_lines(fields))
    values = [value for name, _, value in pairs if name.lower() == _TRANSFER_ENCODING]
    return [coding.strip(b" \t").lower() for value in values for coding in value.split(b",")] if values else None
