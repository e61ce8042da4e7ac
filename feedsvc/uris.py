"""URIs and slugs: absolute and root-relative references, references that authors write, and slugs made of texts.

A root-relative reference includes the path of base_url: "/blog/x/". References are percent-encoded, paths are decoded.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

# RFC 3986 section 2: characters that a URI may contain as they are; "%" only before two hex digits.
_SAFE: Final = "!#$&'()*+,/:;=?@[]~-._%"
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9/!$&'()*+,;=:@~._-]*")
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.~-]{0,199}")
_PLAIN_URI: Final = re.compile(
    r"https?://(?=[a-z0-9.-]{1,253}(?:[/?]|\Z))[a-z0-9]+(?:[.-][a-z0-9]+)*"
    r"(?:/[A-Za-z0-9!$&'()*+,/:;=@~._-]*)?(?:\?[A-Za-z0-9!$&'()*+,/:;=@~._-]+)?"
)
_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_MAX_HOST_LENGTH: Final = 253  # characters (RFC 1035 section 2.3.4 allows 255 octets with their lengths)
_MAX_NAME_BYTES: Final = 200  # bytes; file systems allow 255 for a name in the static tree


def absolute(base_url: str, path: str) -> str:
    """Return the absolute URI of a decoded path, which starts with a slash. `base_url` has no trailing slash."""
    # Most paths are plain, and matching one takes a tenth of the time of quoting it.
    return base_url + (path if _PLAIN_PATH.fullmatch(path) else quote(path, safe="/!$&'()*+,;=:@~-._"))


@lru_cache(maxsize=8)
def mount_path(base_url: str) -> str:
    """Return the path of `base_url`, decoded and without a trailing slash; "" for a site at the root of its host."""
    return unquote(urlsplit(base_url).path).rstrip("/")


def root_relative(base_url: str, path: str) -> str:
    """Return the root-relative, percent-encoded reference to a path: "/blog/x/" for "/x/" if `base_url` ends in "/blog"."""
    return absolute(_root_path(base_url), path)


@lru_cache(maxsize=8)
def _root_path(base_url: str) -> str:
    return urlsplit(base_url).path.rstrip("/")


def uri(text: str) -> str:
    """Return an http, https, mailto or tel address as a URI (RFC 3987 section 3.1: hosts by IDNA, the rest percent-encoded).

    White space at both ends, user and password, and the fragment of mailto and tel are removed. Scheme and host are lower-cased.
    Raises ValueError if the text is no such address, or if an http or https address has no valid host.
    """
    if _PLAIN_URI.fullmatch(text):
        return text
    split = urlsplit(text.strip())
    scheme = split.scheme.lower()
    if scheme in ("mailto", "tel") and split.path:
        return _percent_encode(f"{scheme}:{split.path}" + (f"?{split.query}" if split.query else ""))
    if scheme not in ("http", "https") or not split.hostname:
        raise ValueError("not an http or https address")
    parts = map(_percent_encode, (split.path, split.query, split.fragment.replace("#", "%23")))
    return urlunsplit((scheme, _netloc(split.hostname, split.port), *parts))


def _netloc(host: str, port: int | None) -> str:
    if "%" in host:
        if ":" in host or unquote(host).isascii():
            raise ValueError("a zone means something on one machine only")
        host = unquote(host)  # the Markdown parser percent-encodes hosts in other scripts
    if ":" not in host:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
        if not _HOST.fullmatch(host) or ".." in host or len(host.removesuffix(".")) > _MAX_HOST_LENGTH:
            raise ValueError("not a host name")
    return (f"[{host}]" if ":" in host else host) + (f":{port}" if port is not None else "")


def _percent_encode(text: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=_SAFE.replace("[", "").replace("]", ""))


def resolve(base_url: str, page: str, reference: str) -> str:
    """Return a reference that an author wrote as an absolute http, https, mailto or tel URI, "" if that is impossible.

    `page` is the address of the page with the reference: the base of "" and of a lone #fragment or ?query. "/x" and "x" both
    mean the path x below `base_url`, so links stay valid if a site moves to another path. "//host/x" gets the scheme of
    `base_url`. An absolute address is only encoded, as by `uri`.
    """
    reference = reference.strip()
    if _PLAIN_URI.fullmatch(reference):
        return reference  # urljoin takes ten times as long, for nearly every link
    if not reference or reference[0] in "#?":
        base = page
    elif reference.startswith("/") and not reference.startswith("//"):
        base, reference = f"{base_url}/", f"./{reference.lstrip('/')}"
    else:
        base = f"{base_url}/"
    try:
        return uri(urljoin(base, reference))
    except (ValueError, UnicodeError):
        return ""


def split_at_query(address: str) -> tuple[str, str]:
    """Return an address before its first "?" or "#", and the rest from there on, which is its query and fragment."""
    before = address.partition("#")[0].partition("?")[0]
    return before, address[len(before) :]


def path_below(base_url: str, address: str) -> str:
    """Return the part of an absolute address after `base_url`: a path, decoded and with its leading slash.

    The address's query and fragment are left out. Returns "" if the address does not start with `base_url` and a slash.
    """
    address, _ = split_at_query(address)
    return unquote(address[len(base_url) :]) if address.startswith(f"{base_url}/") else ""


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _is_word(char: str) -> bool:
    return char.isalnum() or _is_mark(char)


def is_slug(text: str) -> bool:
    """Return whether a text can be a path segment as it is.

    It can if it begins with a letter or digit of any script, has only letters, digits, combining marks and - _ . ~ after that,
    and has at most 200 bytes in UTF-8.
    """
    return bool(_PLAIN_SLUG.fullmatch(text)) or _is_slug(text)


def _is_slug(text: str) -> bool:
    return text[:1].isalnum() and all(_is_word(c) or c in "-_.~" for c in text) and len(text.encode()) <= _MAX_NAME_BYTES


def _without_leading_marks(word: str) -> str:
    """Return a word without the combining marks at its beginning, because they follow no letter."""
    return word.lstrip("".join(filter(_is_mark, word)))


@lru_cache(maxsize=4096)
def slugify(text: str) -> str:
    """Return the case-folded words of a text in any script, joined by "-"; "" if there are none.

    Words are runs of letters, digits and combining marks, in NFKC; accents stay, but marks at the start of a word are dropped.
    All else separates words, the full stop, too. A slug of more than 200 bytes in UTF-8 is cut at its end, even within a word.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    words = "".join(c if _is_word(c) else "-" for c in folded).split("-")
    slug = "-".join(filter(None, (_without_leading_marks(word) for word in words)))
    return slug.encode()[:_MAX_NAME_BYTES].decode(errors="ignore").strip("-")
