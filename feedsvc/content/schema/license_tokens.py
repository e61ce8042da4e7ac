"""Tokens of licenses: the vocabularies of usages, users and countries of RSL 1.0, section 3.4.1."""

from __future__ import annotations

from itertools import chain
from typing import Final

from feedsvc.content.text import did_you_mean

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
