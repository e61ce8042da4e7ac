"""Web addresses in the editors' files: http and https addresses, and the address of the site."""

from __future__ import annotations

from feedsvc import uris
from feedsvc.errors import FeedsvcError


def http_url(text: str) -> str:
    """Return an http or https address as a URI: host by IDNA, the rest percent-encoded. Raises ValueError for other texts."""
    try:
        address = uris.uri(text)
    except (ValueError, UnicodeError):
        address = ""
    if not address.startswith(("http://", "https://")):
        raise ValueError(f"'{text}' is not a web address, which begins with https:// and names a host")
    return address


def valid_base_url(text: str) -> str:
    """Return a text that is valid as `base_url` (see `is_base_url`), as a URI without a slash at its end. Raises ValueError."""
    try:
        address = http_url(text)
    except ValueError as error:
        if "://" not in text and "." in text.partition("/")[0] and is_base_url(f"https://{text}"):
            raise ValueError(f"{error}; did you mean 'https://{text}'?") from None
        raise
    path = address.partition("//")[2].partition("/")[2].rstrip("/")
    if "?" in address or "#" in address or (path and not {"", ".", ".."}.isdisjoint(path.split("/"))):
        raise ValueError(f"'{text}' is no address of a front page; write it like https://example.org or https://example.org/news")
    return address.rstrip("/")


def is_base_url(text: str) -> bool:
    """Return True if a text is valid as `base_url` of site.yaml: an http or https address without query and fragment.

    Its path, if any, must have no empty, "." or ".." segment; slashes at its end and white space around it are allowed.
    """
    return not base_url_fault(text)


def base_url_fault(text: str) -> str:
    """Return a message that says why a text is not valid as `base_url` of site.yaml (see `is_base_url`); "" if it is valid."""
    try:
        valid_base_url(text)
    except ValueError as error:
        return str(error)
    return ""


def require_base_url(text: str, name: str) -> None:
    """Raise FeedsvcError if a base URL that replaces that of site.yaml is not valid. "" is valid: it replaces nothing.

    `name` is the name of the option or argument, for the message.
    """
    if text and not is_base_url(text):
        raise FeedsvcError(
            f"{name} '{text}' is not the address of a site; give one such as https://example.org or https://example.org/news"
        )
