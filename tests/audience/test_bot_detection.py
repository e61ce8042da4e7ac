"""Classify requests by their headers as readers, bots, other programs, prefetches or requests of other sites."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.audience.bot_detection import BOT_SIGNATURES, classify_non_reader, is_cross_origin

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
BROWSER_USER_AGENTS = [
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
    f"{PHONE} Mobile/15E148 Feedly/103.0",
    f"{PHONE} Mobile/15E148 NewsBlur iPhone App v13.2",
    f"{CHROME} inoreader",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
    "Opera/9.80 (Android; Opera Mini/88.0/191.299; U; en) Presto/2.12.423 Version/12.16",
]
USER_AGENTS_BY_KIND = {
    "program": (
        *("HTTPie/3.2.4", "reqwest/0.12", "PowerShell/7.4.1", "Bun/1.1.29", "insomnia/10.0.0", "k6/0.53.0 (https)"),
        *("got (sindre)", "Dart/3.5 (dart:io)", "libcurl-agent/1.0", "aria2/1.37.0", "Java-http-client/21.0.4"),
        *("Faraday v2.12.0", "ApacheBench/2.3", "hey/0.0.1", "x", "Links (2.29; Linux 6.1 x86_64; GNU C 12.2; text)"),
        *("Dalvik/2.1.0 (Linux; U; Android 14)", "not Mozilla/5.0", "WhatsApp/2.25.18.80 A", "http.rb/5.2.0 (Mastodon/4.4.2)"),
        *("Feedly/1.0", "Tiny Tiny RSS/24.1", "FreshRSS/1.26.3 (Linux)", "NetNewsWire (RSS Reader)", "Miniflux/2.2.10"),
        *("newsboat/2.40", "curl/8.15.0", "Wget/1.25.0", "python-requests/2.32.4", "Python/3.12 aiohttp/3.12"),
        *("Go-http-client/2.0", "okhttp/5.1.0", "node", "axios/1.11.0"),
        "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1",
        "Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/20.0.3",
    ),
    "robot": (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/604.1 (Applebot/0.1)",
        *("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; bingbot", "Mozilla/5.0 (compatible; YandexBot/3.0)"),
        *("Baiduspider", "GPTBot/1.2", "ClaudeBot/1.0", "Googlebot-Image/1.0", "Slackbot 1.0", "TelegramBot (like TwitterBot)"),
        *("SomeBots 1", "Crawler someone@example.org", "Mediapartners-Google", "Google-InspectionTool/1.0"),
        "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/139 Safari/537.36 (compatible; Google-Read-Aloud)",
        "Mozilla/5.0 (compatible; theoldreader.com; 1 subscribers; feed-id=abc)",
        *(f"{CHROME} {name}" for name in ("BUbiNG", "Barkrowler/0.9", "DataForSeo", "Nutch-1.19")),
    ),
    "preview": ("facebookexternalhit/1.1", "SkypeUriPreview Preview/0.5", "Mozilla/5.0 (Windows NT 6.1) BingPreview/1.0b"),
    "feed reader": ("UniversalFeedParser/6.0.11",),
    "automaton": (
        "Pingdom.com_1.4",
        *(f"{CHROME} {name}" for name in ("Chrome-Lighthouse", "Prerender", "DatadogSynthetics", "NewRelicSynthetics/1.0")),
        *(f"{CHROME} {name}" for name in ("Ghost Inspector", "Cypress/13.6", "Checkly/1.0", "CatchpointAnalyzer")),
        CHROME.replace("Chrome/", "HeadlessChrome/"),
    ),
    "nameless": ("", "  "),
}


@pytest.mark.parametrize("agent", BROWSER_USER_AGENTS)
def test_browsers_are_readers(agent: str) -> None:
    assert classify_non_reader({"user-agent": agent}) == ""
    assert classify_non_reader({"user-agent": agent, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "dnt": "1"}) == ""


@pytest.mark.parametrize("kind", USER_AGENTS_BY_KIND)
def test_programs_are_classified_by_their_user_agent(kind: str) -> None:
    for agent in USER_AGENTS_BY_KIND[kind]:
        assert classify_non_reader({"user-agent": agent, "sec-fetch-site": "same-origin"}) == kind, agent
        assert classify_non_reader({"user-agent": agent.upper()}) == kind, agent


def test_request_without_user_agent_of_another_site_or_for_a_prefetch_is_no_read() -> None:
    assert classify_non_reader({}) == "nameless"
    for header in ("sec-purpose", "purpose", "x-purpose", "x-moz"):
        for value in ("prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip", "Prefetch", "preview"):
            assert classify_non_reader({"user-agent": CHROME, header: value}) == "prefetch"
    for site in ("cross-site", "same-site", "none", "nonsense"):
        assert classify_non_reader({"user-agent": CHROME, "sec-fetch-site": site}) == "another site"


def test_no_signature_matches_an_empty_header() -> None:
    assert [signature for signature in BOT_SIGNATURES if signature.pattern.search("")] == []


@given(st.text(), st.text())
def test_any_header_values_are_classified(agent: str, site: str) -> None:
    assert isinstance(classify_non_reader({"user-agent": agent, "sec-fetch-site": site}), str)


OWN_HEADERS = {"user-agent": CHROME, "host": "News.example"}


def test_only_the_own_origin_with_its_port_is_not_cross_origin() -> None:
    own = ("", "https://www.news.example", "http://news.example", "https://news.example", "HTTPS://NEWS.EXAMPLE")
    assert not is_cross_origin(OWN_HEADERS, "https://www.news.example:443/daily")
    for origin in own:
        assert not is_cross_origin({**OWN_HEADERS, "origin": origin}, "https://www.news.example:443/daily")
    for origin in ("https://evil.example", "null", "http://www.news.example", "https://news.example.evil.example"):
        assert is_cross_origin({**OWN_HEADERS, "origin": origin}, "https://www.news.example/daily")
    assert is_cross_origin({**OWN_HEADERS, "origin": "https://news.example:444"}, "https://www.news.example/daily")
    assert not is_cross_origin({"origin": "http://127.0.0.1:8000", "host": "x"}, "http://127.0.0.1:8000")
    assert is_cross_origin({"origin": "http://127.0.0.1", "host": "x"}, "http://127.0.0.1:8000")
