"""Who is a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.audience.person import SIGNS, stranger

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
PEOPLE = [
    CHROME,
    f"{CHROME} Edg/139.0.0.0",
    f"{CHROME} OPR/120.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
    f"{PHONE} Version/18.6 Mobile/15E148 Safari/604.1",
    f"{PHONE} GSA/380.0.788317806 Mobile/15E148 Safari/604.1",
    f"{PHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/525.0.0.53.107;FBBV/754;FBDV/iPhone16,2;FBLC/en_US]",
    f"{PHONE} Mobile/15E148 Instagram 392.0.0.30.84",
    f"{PHONE} Mobile/22G86 [Pinterest/iOS]",
    "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; CUBOT_X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; arm_64; Android 14) AppleWebKit/537.36 Chrome/136 YaBrowser/25.6 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; KAKAOTALK 25.6.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138 Mobile",
    "Mozilla/5.0 (Linux; Android 14; SM-S921B; wv) AppleWebKit/537.36 Version/4.0 Chrome/138 Mobile MicroMessenger/8.0.61",
    "Links (2.29; Linux 6.1 x86_64; GNU C 12.2; text)",
]
STRANGERS = {
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "robot",
    "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/604.1 (Applebot/0.1)": "robot",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; bingbot": "robot",
    "Mozilla/5.0 (compatible; YandexBot/3.0)": "robot",
    "Baiduspider": "robot",
    "GPTBot/1.2": "robot",
    "ClaudeBot/1.0": "robot",
    "Googlebot-Image/1.0": "robot",
    "Slackbot 1.0": "robot",
    "TelegramBot (like TwitterBot)": "robot",
    "SomeBots 1": "robot",
    "Crawler someone@example.org": "robot",
    "Mediapartners-Google": "robot",
    "Google-InspectionTool/1.0": "robot",
    "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/139 Safari/537.36 (compatible; Google-Read-Aloud)": "robot",
    "facebookexternalhit/1.1": "preview",
    "WhatsApp/2.25.18.80 A": "preview",
    "SkypeUriPreview Preview/0.5": "preview",
    "Mozilla/5.0 (Windows NT 6.1) BingPreview/1.0b": "preview",
    "http.rb/5.2.0 (Mastodon/4.4.2)": "preview",
    "Feedly/1.0": "feed reader",
    "Tiny Tiny RSS/24.1": "feed reader",
    "FreshRSS/1.26.3 (Linux)": "feed reader",
    "NetNewsWire (RSS Reader)": "feed reader",
    "Miniflux/2.2.10": "feed reader",
    "newsboat/2.40": "feed reader",
    "UniversalFeedParser/6.0.11": "feed reader",
    "curl/8.15.0": "program",
    "Wget/1.25.0": "program",
    "python-requests/2.32.4": "program",
    "Python/3.12 aiohttp/3.12": "program",
    "Go-http-client/2.0": "program",
    "okhttp/5.1.0": "program",
    "node": "program",
    "axios/1.11.0": "program",
    CHROME.replace("Chrome/", "HeadlessChrome/"): "automaton",
    f"{CHROME} Chrome-Lighthouse": "automaton",
    "Pingdom.com_1.4": "automaton",
    "": "nameless",
    "  ": "nameless",
}


@pytest.mark.parametrize("agent", PEOPLE)
def test_browsers_are_people(agent: str) -> None:
    assert stranger({"user-agent": agent}) == ""
    assert stranger({"user-agent": agent, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "dnt": "1"}) == ""


@pytest.mark.parametrize(("agent", "who"), STRANGERS.items())
def test_machines_are_not(agent: str, who: str) -> None:
    assert stranger({"user-agent": agent, "sec-fetch-site": "same-origin"}) == who
    assert stranger({"user-agent": agent.upper()}) == who


def test_who_has_no_user_agent_is_nobody() -> None:
    assert stranger({}) == "nameless"


@pytest.mark.parametrize("header", ["sec-purpose", "purpose", "x-purpose", "x-moz"])
@pytest.mark.parametrize("value", ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip", "Prefetch", "preview"])
def test_fetching_ahead_is_not_reading(header: str, value: str) -> None:
    assert stranger({"user-agent": CHROME, header: value}) == "prefetch"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "nonsense"])
def test_a_beacon_comes_from_the_page_itself(site: str) -> None:
    assert stranger({"user-agent": CHROME, "sec-fetch-site": site}) == "another site"


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: f"{sign.who}, {sign.header}")
def test_no_sign_sees_anything_in_nothing(sign: object) -> None:
    assert not sign.pattern.search("")


@given(st.text(), st.text())
def test_any_text_is_told(agent: str, site: str) -> None:
    assert isinstance(stranger({"user-agent": agent, "sec-fetch-site": site}), str)
