"""Field types: annotated types for pydantic 2. A validator returns the value to use, or raises ValueError with a message."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Annotated, Any, Final
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from feedsvc import uris
from feedsvc.content.schema.dates import AGE_FORMAT
from feedsvc.content.text import did_you_mean
from feedsvc.errors import FeedsvcError
from feedsvc.redirects import normalize_address
from feedsvc.routes import PRIVATE_PREFIX

_INVISIBLE_CATEGORIES: Final = ("Zs", "Zl", "Zp", "Cf")
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
# RFC 5646 section 2.1, as far as feeds use it: language, script, region, variants.
_LANGUAGE: Final = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
)
# RFC 3986 section 3 without a fragment; RFC 4151 for tag: URIs.
_URI_CHARACTERS: Final = r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=]*"
# Matching runs takes a third of the time of matching characters. Must be valid JavaScript, too, for the JSON Schemas.
URI: Final = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?=.){_URI_CHARACTERS}(?:%[0-9A-Fa-f]{{2}}{_URI_CHARACTERS})*")
TAG_URI: Final = re.compile(r"tag:[A-Za-z0-9][A-Za-z0-9._-]*(?:@[A-Za-z0-9.-]+)?,\d{4}(?:-\d{2}(?:-\d{2})?)?:.*")
_GUID: Final = re.compile(r"[^ \t\r\n](?:[^\t\r\n]*[^ \t\r\n])?")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
_TIME_OF_DAY: Final = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]")
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]*")
_COLOR: Final = re.compile(r"#(?:[0-9A-Fa-f]{3}){1,2}")
_SHORT_COLOR: Final = re.compile("#(.)(.)(.)$")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
# Product token of RFC 9309 section 2.2.1, and digits, because some crawlers have them in their names (AI2Bot, img2dataset).
_CRAWLER: Final = re.compile(r"\*|[A-Za-z0-9_-]+")
# RFC 9309 section 2.2.2: a path with * and $; "#" begins a comment.
_ROBOTS_PATH: Final = re.compile(r"[/*][^\s#]*")
# Minimal similarity, as difflib computes it. The usual 0.6 would suggest "Indian/Mahe" for "India".
_ZONE_CUTOFF: Final = 0.8
# Vocabularies of RSL 1.0, section 3.4.1.
_USAGE_TOKENS: Final = ("all", "ai-all", "ai-train", "ai-input", "ai-index", "search")
_USER_TOKENS: Final = ("commercial", "non-commercial", "education", "government", "personal")
# ISO 3166-1 alpha-2.
_COUNTRY_TEXT: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD "
    "CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF "
    "GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
    "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA "
    "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI "
    "SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
    "VN VU WF WS YE YT ZA ZM ZW"
)
_COUNTRIES: Final = tuple(_COUNTRY_TEXT.split())
TOKENS_BY_KIND: Final = (_USAGE_TOKENS, _USER_TOKENS, _COUNTRIES)
LICENSE_TOKENS: Final = tuple(chain.from_iterable(TOKENS_BY_KIND))
# Token of a draft of RSL, or of another vocabulary -> today's.
_FORMER_TOKENS: Final = {
    "ai-search": "ai-index",
    "ai-summarize": "ai-input",
    "ai-use": "ai-input",
    "train-ai": "ai-train",
    "train-genai": "ai-train",
    "uk": "GB",
}


def _collapse_spaces(text: str) -> str:
    # Of white space, only " " is printable. Most texts have nothing to collapse, and finding that takes a third of the time.
    is_collapsed = text.isprintable() and "  " not in text and text == text.strip(" ")
    return text if is_collapsed else " ".join(text.split())


def single_line(text: str) -> str:
    """Return a text with each run of white space as one space, none at its ends. Raises ValueError if nothing is visible."""
    text = _collapse_spaces(text)
    if not text[:1].isalnum() and not any(unicodedata.category(char) not in _INVISIBLE_CATEGORIES for char in text):
        raise ValueError("is empty")
    return text


@dataclass(frozen=True, slots=True)
class PatternValidator:
    """Validator that returns a text unchanged if `pattern` matches all of it; else raises ValueError with `message`.

    In `message`, "{}" stands for the rejected text.
    """

    pattern: re.Pattern[str]
    message: str

    def __call__(self, text: str) -> str:
        if not self.pattern.fullmatch(text):
            raise ValueError(self.message.format(text))
        return text


class _AsciiPatternValidator(PatternValidator):
    """Pattern validator that rejects non-ASCII characters, as mail programs and feed readers do, and names the first one."""

    def __call__(self, text: str) -> str:
        if character := next((char for char in text if not char.isascii()), ""):
            raise ValueError(f"{self.message.format(text)} in ASCII; write it without '{character}', a domain as xn--...")
        return super().__call__(text)


def is_host(text: str) -> bool:
    """Return True if a text is an ASCII domain name or IPv4 address, as tag: URIs may contain (RFC 4151 section 2.1)."""
    return bool(_HOST.fullmatch(text))


def _uri(text: str) -> str:
    if not URI.fullmatch(text) or (text.startswith("tag:") and not TAG_URI.fullmatch(text)):
        raise ValueError(f"'{text}' is not a URI, as an id must be; write it like tag:example.org,2026:a-name")
    return text


def is_article_id(text: str) -> bool:
    """Return True if a text can be the id of an article: a URI without fragment, and a valid one if it is a tag: URI."""
    try:
        return bool(_uri(text))
    except ValueError:
        return False


def is_guid(text: str) -> bool:
    """Return True if a text can be the `guid` of an article: a line of 1 to 1,000 characters without tabs and outer spaces."""
    return len(text) <= MAX_GUID_LENGTH and _GUID.fullmatch(text) is not None


def is_language_tag(text: str) -> bool:
    """Return True if a text has the form of a language tag (RFC 5646): language, and optional script, region and variants."""
    return bool(_LANGUAGE.fullmatch(text))


def normalize_language_case(text: str) -> str:
    """Return a language tag in the letter case of RFC 5646 section 2.1.1, so that one language has one spelling."""
    language, *subtags = text.split("-")
    normalized = (part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part.lower() for part in subtags)  # noqa: PLR2004
    return "-".join((language.lower(), *normalized))


def _slug(text: str) -> str:
    if not uris.is_slug(text):
        raise ValueError(
            f"'{text}' cannot stand in an address; use letters, digits and '-', like '{uris.slugify(text) or 'a-name'}'"
        )
    return unicodedata.normalize("NFC", text)


def _alias(text: str) -> str:
    """Return a former slug, or a former address in its one spelling."""
    if not text.startswith("/"):
        return _slug(text)
    if text.endswith("*"):
        raise ValueError(f"'{text}' has a *; write the address in full, or such a rule into redirects.yaml")
    address = normalize_address(text)
    if address == "/" or address.startswith(PRIVATE_PREFIX):
        raise ValueError(f"'{text}' cannot be a former address: this site has a page or private feeds there")
    return address


def _as_list(value: Any) -> Any:
    if isinstance(value, dict):
        raise ValueError("expected text or a list, found keys with values; each entry of a list is a line that begins with '- '")  # noqa: TRY004
    return [value] if isinstance(value, str | int | float) else value


def _number_as_text(value: Any) -> Any:
    """Return an integer as text, so that AGE_FORMAT rejects it with a message about the unit; any other value unchanged."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _require_date_text(value: Any) -> Any:
    """Return a text unchanged. Raise an error of type date_type for another value, such as 2026, which YAML reads as a number.

    With pydantic's own error, the editor would be told to quote the number, which does not make it a date.
    """
    if not isinstance(value, str):
        raise PydanticCustomError("date_type", "not a date")
    return value


@lru_cache(maxsize=4096)
def _reference_id(text: str) -> str:
    """Return a reference to an author or category (id or alias) or an article (slug) in NFC. White space becomes one space.

    What it refers to need not exist. Raises ValueError if nothing of the text is visible.
    """
    return unicodedata.normalize("NFC", single_line(text))


def menu_target(text: str) -> str:
    """Return the target of a menu entry: id, slug or path in NFC, or http, https, mailto or tel URI. Else raises ValueError."""
    text = single_line(text)
    if text.startswith("/") and not text.startswith("//"):
        return _decoded_path(text)
    if text.lower().startswith(("mailto:", "tel:")):
        return uris.uri(text)
    if ":" in text:
        return http_url(text)
    if not uris.is_slug(text):
        raise ValueError(f"'{text}' is no id of a category, no name of a page, no path like /archive/ and no https address")
    return unicodedata.normalize("NFC", text)


def _decoded_path(text: str) -> str:
    """Return a path, perhaps with a query or fragment, in NFC. The path is percent-decoded if it means the same then."""
    path, rest = uris.split_at_query(text)
    decoded = unquote(path)
    is_equal = "\ufffd" not in decoded and {"?", "#", "%"}.isdisjoint(decoded)
    return unicodedata.normalize("NFC", (decoded if is_equal else path) + rest)


def _as_menu_entry(value: Any) -> Any:
    """Return the mapping {"to": value} for a menu entry that is only a text, its target; any other value unchanged."""
    return {"to": value} if isinstance(value, str) else value


def _normalize_color(text: str) -> str:
    """Return a color, "#" and three or six hexadecimal digits, as "#" and six lower-case digits."""
    return _SHORT_COLOR.sub(r"#\1\1\2\2\3\3", text.lower())


def license_token(text: str) -> str:
    """Return a token of RSL 1.0 (a usage, a kind of user or a country) unchanged; letter case counts.

    Raises ValueError for another text, with a message for the editor that names the token that may be meant, else examples.
    """
    if text not in LICENSE_TOKENS:
        former = _FORMER_TOKENS.get(text.casefold(), "")
        hint = f"did you mean '{former}'?" if former else did_you_mean(text, LICENSE_TOKENS)
        words = ", ".join((*_USAGE_TOKENS, *_USER_TOKENS))
        raise ValueError(f"no token '{text}' in RSL 1.0; {hint or f'the tokens are {words}, and countries like DE'}")
    return text


def time_zone_name(text: str) -> str:
    """Return the name of a time zone unchanged. Raises ValueError with a hint for the editor if there is no such zone."""
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone '{text}'; {_zone_hint(text)}") from None
    return text


def _zone_hint(text: str) -> str:
    """Return a hint that names the zone of the city `text`, such as Berlin, else the most similar zone, else examples."""
    zones, city = zoneinfo.available_timezones(), text.strip().casefold().replace(" ", "_")
    of_city = sorted(zone for zone in zones if zone.casefold().rpartition("/")[2] == city)
    hint = f"did you mean '{of_city[0]}'?" if of_city else did_you_mean(text, zones, cutoff=_ZONE_CUTOFF)
    return hint or "write it like Asia/Kolkata or UTC"


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


OneLineText = Annotated[str, AfterValidator(_collapse_spaces)]
RequiredLine = Annotated[str, AfterValidator(single_line)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
Slug = Annotated[str, AfterValidator(_slug)]
DateText = Annotated[str, BeforeValidator(_require_date_text), AfterValidator(single_line)]
ReferenceId = Annotated[str, AfterValidator(_reference_id)]
LanguageTag = Annotated[
    str,
    AfterValidator(PatternValidator(_LANGUAGE, "'{}' is not a language tag; write it like en, ko or zh-Hant")),
    AfterValidator(normalize_language_case),
]
Age = Annotated[
    str,
    BeforeValidator(_number_as_text),
    AfterValidator(PatternValidator(AGE_FORMAT, "'{}' is not an age in days or hours; write it like 30d or 48h")),
]
TimeOfDay = Annotated[
    str,
    AfterValidator(
        PatternValidator(_TIME_OF_DAY, "'{}' is not a time of the day from 00:00 to 23:59; write it in quotes, like \"06:00\"")
    ),
]
MediaType = Annotated[str, AfterValidator(PatternValidator(_MEDIA_TYPE, "'{}' is not a media type; write it like image/jpeg"))]
Color = Annotated[
    str,
    AfterValidator(PatternValidator(_COLOR, "'{}' is not a color; write it in quotes, with # and six digits, like \"#0b6fa4\"")),
    AfterValidator(_normalize_color),
]
Currency = Annotated[
    str, AfterValidator(PatternValidator(_CURRENCY, "'{}' is not a currency; write its three letters in ISO 4217, like EUR"))
]
CrawlerName = Annotated[
    str,
    AfterValidator(PatternValidator(_CRAWLER, "'{}' is not the name of a crawler; write it without its version, like GPTBot")),
]
RobotsPath = Annotated[
    str, AfterValidator(PatternValidator(_ROBOTS_PATH, "'{}' is no path for robots.txt; write it like /drafts/ or /*.pdf$"))
]
MenuTarget = Annotated[str, AfterValidator(menu_target)]
LicenseToken = Annotated[str, AfterValidator(license_token)]
Email = Annotated[str, AfterValidator(_AsciiPatternValidator(_EMAIL, "'{}' is not an e-mail address"))]
# Limits on the entries of a list, because one page may show all of them, and a file of 1 MiB can hold 100,000.
MAX_REFERENCES: Final = 100
MAX_LIST_LENGTH: Final = 1000
MAX_TAG_LENGTH: Final = 200  # characters
MAX_GUID_LENGTH: Final = 1000  # characters

TagTitle = Annotated[str, Field(max_length=MAX_TAG_LENGTH), AfterValidator(single_line)]
TagTitles = Annotated[list[TagTitle], Field(max_length=MAX_REFERENCES), BeforeValidator(_as_list)]
ReferenceIds = Annotated[list[ReferenceId], Field(max_length=MAX_REFERENCES), BeforeValidator(_as_list)]
LanguageTags = Annotated[list[LanguageTag], Field(max_length=MAX_REFERENCES), BeforeValidator(_as_list)]
Slugs = Annotated[list[Slug], Field(max_length=MAX_LIST_LENGTH), BeforeValidator(_as_list)]
Aliases = Annotated[list[Annotated[str, AfterValidator(_alias)]], Field(max_length=MAX_LIST_LENGTH), BeforeValidator(_as_list)]
Uri = Annotated[str, AfterValidator(_uri)]
Guid = Annotated[
    str,
    Field(max_length=MAX_GUID_LENGTH),
    AfterValidator(PatternValidator(_GUID, "'{}' is not one line of text without spaces around it")),
]
BaseUrl = Annotated[str, AfterValidator(valid_base_url)]
DomainName = Annotated[str, AfterValidator(PatternValidator(_HOST, "'{}' is not a domain name; write it like example.org"))]
TimeZoneName = Annotated[str, AfterValidator(time_zone_name)]
HttpUrls = Annotated[list[HttpUrl], Field(max_length=20), BeforeValidator(_as_list)]
LicenseTokens = Annotated[list[LicenseToken], Field(max_length=MAX_LIST_LENGTH), BeforeValidator(_as_list)]
CrawlerNames = Annotated[list[CrawlerName], Field(max_length=MAX_LIST_LENGTH), BeforeValidator(_as_list)]
RobotsPaths = Annotated[list[RobotsPath], Field(max_length=MAX_LIST_LENGTH), BeforeValidator(_as_list)]
AS_MENU_ENTRY: Final = BeforeValidator(_as_menu_entry)
