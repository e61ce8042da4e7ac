"""Planted faults in Atom 1.0, its archives and its tombstones."""

from typing import Final

_ID: Final = "<id>tag:news.example,2026:second-summit</id>"
_SITE: Final = "<id>tag:news.example,2000:site</id>"
_SELF: Final = '<link rel="self" type="application/atom+xml" href="https://news.example/feed.atom"/>'
_QUIET: Final = "<title>A quiet day</title>"
_ALTERNATE: Final = '<link rel="alternate" type="text/html" href="https://news.example/articles/quiet-day/"/>'
_SUMMARY: Final = '<summary type="html">&lt;p&gt;Nothing &lt;b&gt;much&lt;/b&gt; happened.&lt;/p&gt;</summary>'
_SUMMIT: Final = "<summary>The two leaders meet in Beijing.</summary>"
_UPDATED: Final = "<updated>2026-01-01T18:30:00Z</updated>"
_TERM: Final = '<category term="Asia In News"/>'
_GENERATOR: Final = '<generator uri="https://feedsvc.example/" version="1.0">feedsvc</generator>'
_JPEG: Final = 'type="image/jpeg" length="204800" href'

FEED: Final = (
    # Elements
    ("root", 'xmlns="http://www.w3.org/2005/Atom"', 'xmlns="http://www.w3.org/2005/atom"'),
    ("missing-element", _SITE, ""),
    ("missing-element", "<title>Asia &amp; Pacific In News</title>", ""),
    ("missing-element", _UPDATED, ""),
    ("missing-element", "<name>Jia Liu</name>", ""),
    ("missing-element", _TERM, f"{_TERM}<source><title>The Wire</title></source>"),
    ("repeated-element", _SUMMARY, _SUMMARY + _SUMMARY),
    ("repeated-element", "<name>Jia Liu</name>", "<name>Jia</name><name>Liu</name>"),
    ("repeated-element", _GENERATOR, _GENERATOR + _GENERATOR),
    ("unknown-element", _TERM, f"{_TERM}<description>x</description>"),
    ("unknown-element", _GENERATOR, "<published>2026-01-02T06:30:00Z</published>"),
    ("unknown-element", "<name>Jia Liu</name>", "<name>Jia Liu</name><url>https://news.example/</url>"),
    ("unknown-element", _GENERATOR, "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'/>"),
    ("unknown-element", "</entry>", "<source:markdown xmlns:source='http://source.scripting.com/'>x</source:markdown></entry>"),
    ("unknown-attribute", "<category term", '<category domain="x" term'),
    ("unknown-attribute", 'xml:lang="en"', 'xml:lang="en" xml:base="https://news.example/"'),
    ("missing-attribute", "<category term", "<category label"),
    ("missing-attribute", 'href="https://hub.example/"', ""),
    ("stray-text", _ALTERNATE, _ALTERNATE.replace("/>", ">Read more</link>")),
    ("stray-text", "<name>Jia Liu</name>", "Jia Liu"),
    ("entries-last", "</entry>\n</feed>", "</entry><category term='x'/></feed>"),
    # Values
    ("attribute-value", 'rel="alternate" type="text/html"', 'rel="alternate" type="html"'),
    ("attribute-value", 'length="123456"', 'length="None"'),
    ("attribute-value", 'xml:lang="en"', 'xml:lang="english"'),
    ("attribute-value", _ALTERNATE, _ALTERNATE.replace("https://news.example", "")),
    ("attribute-value", _ALTERNATE, _ALTERNATE.replace("<link", '<link hreflang="ne_NP"')),
    ("attribute-value", 'scheme="https://news.example/tag/china/"', 'scheme="china"'),
    ("attribute-value", 'uri="https://feedsvc.example/"', 'uri="feedsvc"'),
    ("attribute-value", "<title>A quiet day", '<title type="plain">A quiet day'),
    ("text-value", _ID, "<id>tag:news.example:second-summit</id>"),
    ("text-value", _ID, "<id>tag:NEWS.example,2026:second-summit</id>"),
    ("text-value", _ID, "<id>/articles/second-summit/</id>"),
    ("text-value", _ID, "<id>https://NEWS.example/second-summit</id>"),
    ("text-value", _ID, "<id>urn:uuid:2</id>"),
    ("text-value", _UPDATED, "<updated>2026-01-01T18:30Z</updated>"),
    ("text-value", _UPDATED, "<updated>2026-01-01t18:30:00z</updated>"),
    ("text-value", _UPDATED, "<updated>2026-02-30T18:30:00Z</updated>"),
    ("text-value", "<email>ritesh@news.example</email>", "<email>ritesh</email>"),
    ("text-value", "<name>Jia Liu</name>", "<name>jia@news.example</name>"),
    ("text-value", "<uri>https://news.example/</uri>", "<uri>mailto:desk</uri>"),
    ("text-value", "<uri>https://news.example/</uri>", "<uri>news.example</uri>"),
    ("text-value", "<icon>https://news.example/media/icon.png</icon>", "<icon>/media/icon.png</icon>"),
    ("date", _UPDATED, "<updated>2999-01-01T18:30:00Z</updated>"),
    ("date", "<published>2026-01-01T18:30:00Z", "<published>1989-01-01T18:30:00Z"),
    ("missing-language", ' xml:lang="en"', ""),
    ("namespace", "<feed ", '<feed xmlns:atom="http://www.w3.org/2005/Atom" '),
    # Identity, authors, links
    ("unique-id", "<id>https://news.example/articles/quiet-day/</id>", _ID),
    ("unique-id", _ID, _SITE),
    ("same-updated", _UPDATED, "<updated>2026-01-02T05:30:00Z</updated>"),
    ("content-or-alternate", _ALTERNATE, ""),
    ("content-or-alternate", _SUMMARY, ""),
    ("repeated-alternate", _ALTERNATE, _ALTERNATE + _ALTERNATE),
    ("relation", 'rel="hub"', 'rel="websub"'),
    ("relation", 'rel="prev-archive"', 'rel="prev"'),
    ("self-link", _SELF, ""),
    ("self-link", _SELF, _SELF.replace("https", "http")),
    ("enclosure-type-and-length", _JPEG, 'type="image/jpeg" href'),
    ("enclosure-type-and-length", _JPEG, 'length="204800" href'),
    # Texts
    ("text-construct", _QUIET, '<title type="xhtml">A quiet day</title>'),
    ("text-construct", _QUIET, "<title>A <b>quiet</b> day</title>"),
    ("text-construct", _QUIET, "<title> </title>"),
    ("content-type", '<content type="html">', '<content type="CDATA">'),
    ("content-type", '<content type="html">', '<content type="text/html">'),
    ("content-type", _SUMMARY, f"{_SUMMARY}<content/>"),
    ("content-type", _SUMMARY, f'{_SUMMARY}<content type="text/html" src="https://news.example/a">x</content>'),
    ("base64-content", _SUMMARY, f'{_SUMMARY}<content type="image/png">PNG!</content>'),
    ("summary-for-remote-content", _SUMMARY, '<content type="text/html" src="https://news.example/a"/>'),
    ("plain-text", "A quiet day", "A &lt;i&gt;quiet&lt;/i&gt; day"),
    ("plain-text", "Xi &amp; Lee", "Xi &amp;amp; Lee"),
    ("plain-text", _SUMMARY, _SUMMARY.replace(' type="html"', "")),
    ("plain-text", 'label="Asia In News"', 'label="Asia &amp;amp; News"'),
    # RFC 5005
    ("complete-feed-with-pages", _SELF, f"{_SELF}<fh:complete xmlns:fh='http://purl.org/syndication/history/1.0'/>"),
    ("archive-current-link", _SELF, f"{_SELF}<fh:archive xmlns:fh='http://purl.org/syndication/history/1.0'/>"),
    ("paging-link-in-entry", _ALTERNATE, _ALTERNATE + _ALTERNATE.replace("alternate", "current")),
)
ARCHIVE: Final = (
    ("archive-current-link", "https://news.example/feed.atom", "https://news.example/archive.atom"),
    ("link-cycle", "https://news.example/archive/2026-01/feed.atom", "https://news.example/archive.atom"),
    ("repeated-element", "<fh:archive/>", "<fh:archive/><fh:archive/>"),
    ("stray-text", "<fh:archive/>", "<fh:archive>yes</fh:archive>"),
    ("next-archive-outside-archive", "<fh:archive/>", ""),
    ("xhtml", "<p>It was", '<p onclick="x()">It was'),
    ("xhtml", "<b>long</b>", '<a href="/long">long</a>'),
    ("text-construct", ' xmlns="http://www.w3.org/1999/xhtml"', ""),
)
WITHDRAWN: Final = (
    ("missing-attribute", ' when="2026-01-02T06:30:00Z"', ""),
    ("missing-attribute", ' ref="tag:news.example,2026:wrong-story"', ""),
    ("attribute-value", 'when="2026-01-02T06:30:00Z"', 'when="2026-01-02"'),
    ("attribute-value", "tag:news.example,2026:wrong-story", "wrong-story"),
    ("date", 'when="2026-01-02T06:30:00Z"', 'when="2999-01-02T06:30:00Z"'),
    ("repeated-element", "<at:comment>", "<at:comment>Sorry.</at:comment><at:comment>"),
    ("missing-element", "<name>Jia Liu</name>", ""),
    ("plain-text", "by the editor", "by &lt;b&gt;the editor&lt;/b&gt;"),
    ("repeated-tombstone", '2026:older-story" when="2026-01-01', '2026:wrong-story" when="2026-01-02'),
    ("entry-with-tombstone", "2026:wrong-story", "2026:second-summit"),
    (
        "element-after-entry",
        "</entry>",
        '</entry>\n  <at:deleted-entry ref="tag:news.example,2026:third-story" when="2026-01-01T05:30:00Z"/>',
    ),
    (
        "unknown-element",
        "<summary>",
        '<at:deleted-entry ref="tag:a.example,2026:b" when="2026-01-01T06:30:00Z"/><summary>',
    ),
    ("author", "<author>\n    <name>Asia In News</name>\n  </author>", "<!-- nobody -->"),
)
