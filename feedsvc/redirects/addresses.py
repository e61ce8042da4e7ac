"""Old addresses: paths below base_url, some with a query, in the one spelling that rules and requests are compared in.

An address is a decoded path in Unicode form NFC, and for a rule with a query "?" with its parameters in the order of their names
and their values percent-encoded: "/2014/old/", "/?feed=rss2&p=12". A last segment without a dot has a slash after it. The address
of a rule may end in "/*", which stands for all addresses that begin so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, unquote_to_bytes

MAX_ADDRESS_LENGTH: Final = 2000  # characters
_MAX_PARAMETERS: Final = 4
_MAX_QUERY_LENGTH: Final = 4096  # characters of a request's query; longer ones match no rule
INDEX_FILE: Final = "index.html"
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Control characters, surrogates, and the replacement character, for which a request's invalid UTF-8 stands.
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
# The form of nearly all addresses: a path without dots at the beginning of segments, or "/" with one parameter.
_PLAIN_ADDRESS: Final = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?|/\?[A-Za-z0-9_]+=[A-Za-z0-9._~-]+")
_PARAMETER_NAME: Final = re.compile(r"[A-Za-z0-9_]+")


def normalize_address(text: str) -> str:
    """Return the address for the text of an editor, percent-encoded or not: decoded and in NFC, its parameters sorted by name.

    The path ends in a slash if its last segment has no dot; an index.html at its end is left out. A "*" may be its last segment.
    Raises ValueError with a message for the editor if the text is no such address.
    """
    if len(text) <= MAX_ADDRESS_LENGTH and _PLAIN_ADDRESS.fullmatch(text):
        return text if "?" in text else normalize_path(text)
    if "{" in text or "}" in text:
        raise ValueError(f"'{text}' has braces; write them as %7B and %7D")
    if text.endswith("/*") and "?" not in text:
        return f"{normalize_address(text[:-1])}*"
    path, _, query = _split(text)
    decoded = normalize_path(decode_part(path))
    if "*" in decoded or query.endswith("*"):
        raise ValueError(f"'{text}' has a * that is not its last part; write it after a slash at the end, like /blog/*")
    check_segments(decoded)
    return decoded + (f"?{join_parameters(dict(_parse_parameters(query)))}" if query else "")


def _split(text: str) -> tuple[str, str, str]:
    """Return the path, "?" and the query of an address, or "" for the last two; all as written, not decoded.

    Raises ValueError, with a message for the editor, for a text without a slash at its start, with "#" or above 2,000
    characters.
    """
    if not text.startswith("/"):
        raise ValueError(f"'{text}' is not a path of this site; write it without the host, like /2014/05/old-title/")
    if len(text) > MAX_ADDRESS_LENGTH:
        raise ValueError(f"the address has {len(text):,} characters, at most {MAX_ADDRESS_LENGTH:,} are allowed")
    if "#" in text:
        raise ValueError(f"'{text}' has a #, which no request contains; write the address without it and what follows")
    return text.partition("?")


def decode_part(text: str) -> str:
    """Return a part of an address percent-decoded, in NFC; "+" stays.

    Raises ValueError with a message for the editor if it is badly encoded, or has a control character or "?" once decoded.
    """
    if stray := _STRAY_PERCENT.search(text):
        raise ValueError(f"'{text[stray.start() : stray.start() + 3]}' is no percent-encoded character; write % as %25")
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise ValueError(f"'{text}' is not percent-encoded UTF-8; addresses of other encodings cannot redirect") from None
    if _FORBIDDEN.search(decoded):
        raise ValueError(f"{text!a} has a control character, which no address contains")
    if "?" in decoded:
        raise ValueError(f"'{text}' has a %3F, which is not supported; write ? before a query")
    return unicodedata.normalize("NFC", decoded)


def check_segments(path: str, shown: str = "") -> None:
    """Raise ValueError if a decoded path has an empty segment, "." or "..". The message has `shown` or, if "", the path."""
    if path != "/" and not {"", ".", ".."}.isdisjoint(path[1:].removesuffix("/").split("/")):
        raise ValueError(
            f"'{shown or path}' has an empty segment, . or .., which browsers remove; write the address as browsers show it"
        )


def _parse_parameters(query: str) -> list[tuple[str, str]]:
    """Return (name, decoded value) of each parameter in a rule's query, in its order.

    Raises ValueError with a message for the editor if the query is badly written, or has a parameter without value, a repeated
    one or more than four.
    """
    parameters = []
    for field in query.split("&"):
        name, _, value = field.partition("=")
        if not _PARAMETER_NAME.fullmatch(name) or not value:
            raise ValueError(f"'?{query}' is not a query like ?p=12 or ?feed=rss2&cat=7; names have letters, digits and _")
        parameters.append((name, decode_part(value.replace("+", "%20"))))
    if len(parameters) > _MAX_PARAMETERS or len({name for name, _ in parameters}) < len(parameters):
        raise ValueError(f"'?{query}' has a parameter twice, or more than {_MAX_PARAMETERS}; keep those that decide")
    return parameters


def join_parameters(parameters: Mapping[str, str]) -> str:
    """Return the query of an address, without "?", for parameters with decoded values: sorted by name, values percent-encoded."""
    return "&".join(f"{name}={quote(parameters[name], safe='')}" for name in sorted(parameters))


def request_parameters(query: str) -> Mapping[str, str]:
    """Return a request's parameters with decoded values in NFC, the first of a repeated one, without those whose value is empty.

    {} if the query has more than 4,096 characters.
    """
    if len(query) > _MAX_QUERY_LENGTH:
        return {}
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, encoding="utf-8", errors="replace"):
        parameters.setdefault(name, unicodedata.normalize("NFC", value))
    return parameters


def normalize_path(path: str) -> str:
    """Return the spelling of a decoded path in addresses, also of a request's: in NFC, without a trailing index.html.

    A slash is added at the end unless there is one or the last segment has a dot.
    """
    path = normal_form(path)
    if path.endswith(f"/{INDEX_FILE}"):
        path = path[: -len(INDEX_FILE)]
    return path if path.endswith("/") or "." in path[path.rfind("/") :] else f"{path}/"


def normal_form(path: str) -> str:
    """Return a path in Unicode form NFC."""
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def other_spelling(path: str) -> str:
    """Return a normalized path with its trailing slash removed or, if it has none, added."""
    return path[:-1] if path.endswith("/") else f"{path}/"


def without_slash(address: str) -> str:
    """Return an address without the slashes at the end of its path ("" for "/"), as a key for both spellings of an address."""
    path, mark, query = address.partition("?")
    return path.rstrip("/") + mark + query
