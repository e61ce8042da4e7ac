"""Planted faults in JSON Feed 1.1."""

from typing import Final

_VERSION: Final = '"version": "https://jsonfeed.org/version/1.1"'
_ID: Final = '"id": "tag:news.example,2026:second-summit"'
_QUIET: Final = '"title": "A quiet day"'
_TEXT: Final = '"content_text": "Nothing much happened."'
_JIA: Final = '"authors": [{"name": "Jia Liu"}]'

FEED: Final = (
    ("missing-key", '"title": "Asia & Pacific In News",', ""),
    ("missing-key", '"feed_url": "https://news.example/feed.json",', ""),
    ("missing-key", '"language": "en",', ""),
    ("missing-key", f"{_ID},", ""),
    ("missing-key", ', "mime_type": "audio/mpeg"', ""),
    ("missing-key", '"type": "WebSub", ', ""),
    ("unknown-key", _QUIET, f'{_QUIET}, "published": "2026-01-01"'),
    ("unknown-key", _JIA, '"author": {"name": "Jia Liu"}'),
    ("unknown-key", '"size_in_bytes"', '"size"'),
    ("value", _VERSION, '"version": "1.1"'),
    ("value", _VERSION, '"version": 1.1'),
    ("value", _ID, '"id": 17'),
    ("value", _ID, '"id": ""'),
    ("value", _QUIET, '"title": null'),
    ("value", '"url": "https://news.example/articles/quiet-day/"', '"url": "/articles/quiet-day/"'),
    ("value", '"image": "https://news.example/media/summit.jpg"', '"image": "summit.jpg"'),
    ("value", '"date_published": "2026-01-01T18:30:00Z"', '"date_published": "2026-01-01"'),
    ("value", '"date_modified": "2026-01-01T18:30:00Z"', '"date_modified": "Thu, 01 Jan 2026 18:30:00 GMT"'),
    ("value", '"language": "ne"', '"language": "Nepali"'),
    ("value", '"tags": ["Asia In News"]', '"tags": "Asia In News"'),
    ("value", _JIA, '"authors": {"name": "Jia Liu"}'),
    ("value", '"mime_type": "audio/mpeg"', '"mime_type": "mp3"'),
    ("value", '"size_in_bytes": 123456', '"size_in_bytes": "123456"'),
    ("value", '"size_in_bytes": 123456', '"size_in_bytes": true'),
    ("value", '"description"', '"expired": "no", "description"'),
    ("extension", '"_feedsvc"', '"_feedsvc.example"'),
    ("extension", '"_feedsvc"', '"_1"'),
    ("extension", '"_feedsvc"', '"_views": 3, "_feedsvc"'),
    ("repeated-key", _QUIET, f"{_QUIET}, {_QUIET}"),
    ("self-link", "https://news.example/feed.json", "https://news.example/feed.rss"),
    ("link-cycle", "https://news.example/archive/2025-12/feed.json", "https://news.example/feed.json"),
    ("unique-id", _ID, '"id": "https://news.example/articles/quiet-day/"'),
    ("content", f"{_TEXT},", ""),
    ("empty-author", '{"name": "Jia Liu"}', '{"_id": {}}'),
    ("plain-text", "A quiet day", "A <i>quiet</i> day"),
    ("plain-text", "Xi & Lee", "Xi &amp; Lee"),
    ("plain-text", '"china"', '"R&amp;D"'),
    ("date", '"date_published": "2026-01-01T18:30:00Z"', '"date_published": "2999-01-01T18:30:00Z"'),
    ("character", "A quiet day", "A quiet\\u0085 day"),
    ("character", "A quiet day", "A quiet\\ud800 day"),
    ("well-formed", _VERSION, "version: 1.1"),
    ("well-formed", '"size_in_bytes": 123456', '"size_in_bytes": NaN'),
    ("well-formed", "{\n", "\ufeff{\n"),
)
