"""Feeds in the shape of the systems that write them, made for these tests."""

from __future__ import annotations

from typing import Final

# WordPress: RSS 2.0 with content:encoded, categories in CDATA, entities of HTML in titles.
WORDPRESS: Final = """\
<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
  xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
<channel>
  <title>Harbour &#038; Hills</title>
  <atom:link href="https://old.example/feed/" rel="self" type="application/rss+xml" />
  <link>https://old.example</link>
  <description>News &amp; views</description>
  <language>en-GB</language>
  <generator>https://wordpress.org/?v=6.5</generator>
  <item>
    <title>Fish &#038; chips &#8211; a &#8220;study&#8221;</title>
    <link>https://old.example/2026/01/fish/</link>
    <dc:creator><![CDATA[Mina Park]]></dc:creator>
    <dc:creator><![CDATA[Lê Tuấn]]></dc:creator>
    <pubDate>Fri, 02 Jan 2026 09:30:00 +0530</pubDate>
    <category><![CDATA[Food & drink]]></category>
    <category domain="https://old.example/tag/harbour/"><![CDATA[harbour]]></category>
    <guid isPermaLink="false">https://old.example/?p=12</guid>
    <description><![CDATA[<p>In short, &#8230; [&hellip;]</p>]]></description>
    <content:encoded><![CDATA[<p>Long &amp; full, see <a href="/about/">about us</a>.</p>
<img src="photo.jpg" alt="">]]></content:encoded>
    <enclosure url="https://old.example/talk.mp3" length="1234" type="audio/mpeg" />
  </item>
  <item>
    <title>No id at all</title>
    <link>https://old.example/2026/01/no-id/</link>
    <pubDate>Thu, 01 Jan 2026 10:00:00 GMT</pubDate>
    <description>Only a description &lt;b&gt;here&lt;/b&gt;</description>
  </item>
</channel>
</rss>
"""

# RSS 1.0 with Dublin Core, as Movable Type and academic journals write it.
RDF: Final = """\
<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE rdf:RDF [<!ENTITY % HTMLlat1 PUBLIC "-//W3C//ENTITIES Latin 1 for XHTML//EN" "http://www.w3.org/x.ent">
%HTMLlat1;
<!ENTITY hello "h&#228;llo">
]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel rdf:about="https://journal.example/"><title>Journal</title><link>https://journal.example/</link>
  <description>Papers</description><dc:language>de</dc:language></channel>
  <item rdf:about="urn:paper:1"><title>Caf&eacute; &hello;</title><link>https://journal.example/1</link>
  <description>Text</description><dc:date>2026-01-02T03:04:05+01:00</dc:date><dc:creator>Ana &amp; Eva</dc:creator>
  <dc:subject>Physics</dc:subject></item>
</rdf:RDF>
"""

# RSS 0.91 with a document type of Netscape, and dates of another form.
RSS_091: Final = """\
<?xml version="1.0"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><title>Old news</title><link>http://ancient.example/</link><description>d</description>
<language>en</language><item><title>Item&nbsp;one</title><link>/one.html</link><description>R&D and AT&T</description></item>
</channel></rss>
"""

ATOM: Final = """\
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xml:base="https://blog.example/posts/">
  <title type="html">A &amp;amp; B</title><subtitle>Notes</subtitle>
  <id>https://blog.example/</id><updated>2026-01-02T00:00:00Z</updated>
  <link rel="self" href="../atom.xml"/><link href="/"/>
  <link rel="prev-archive" href="../2025.xml"/><link rel="next" href="?page=2"/>
  <author><name>Ana Silva</name><email>ana@blog.example</email><uri>/ana</uri></author>
  <entry>
    <id>tag:blog.example,2026:1</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">One <em>two</em></div></title>
    <link rel="alternate" type="text/html" href="one"/><link rel="enclosure" href="one.mp3" type="audio/mpeg" length="9"/>
    <published>2026-01-01T00:00:00+02:00</published><updated>2026-01-02T00:00:00Z</updated>
    <category term="x" label="The X"/><category term="y" scheme="https://blog.example/tags/y"/>
    <summary>Short &lt; long</summary>
    <content type="xhtml" xml:base="one/">
      <div xmlns="http://www.w3.org/1999/xhtml"><p>Text <img src="a.png" alt="A"/></p></div></content>
  </entry>
  <entry xml:lang="ko">
    <id>tag:blog.example,2026:2</id><title>Plain &lt;b&gt;</title><link href="two"/><updated>2025-12-31T00:00:00Z</updated>
    <author><name>Bo</name></author><author><name>Cy</name></author>
    <content type="html">&lt;p&gt;Two&lt;/p&gt;</content>
  </entry>
</feed>
"""

# Blogger's export until 2024. Programs that rewrote it lost the declaration of the prefix app.
BLOGGER: Final = """\
<?xml version='1.0' encoding='UTF-8'?><?xml-stylesheet href="https://www.blogger.com/styles/atom.css" type="text/css"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005"
  xmlns:thr="http://purl.org/syndication/thread/1.0"><id>tag:blogger.com,1999:blog-7.archive</id><title type="text">Quay</title>
<link rel="self" type="application/atom+xml" href="https://www.blogger.com/feeds/7/archive"/>
<link rel="alternate" type="text/html" href="http://quay.example/"/><generator>Blogger</generator>
<entry><id>tag:blogger.com,1999:blog-7.layout</id><published>2010-11-27T07:08:20-08:00</published>
  <category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#template"/>
  <title type="text">Template: Quay</title><content type="text">body { color: red }</content></entry>
<entry><id>tag:blogger.com,1999:blog-7.settings.BLOG_READER_PERMISSION</id><published>2010-11-27T07:08:20-08:00</published>
  <category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#settings"/>
  <title type="text">The list of emails for users that have permission to read the blog</title>
  <content type="text">reader@secret.example</content><author><name>Ana Silva</name></author></entry>
<entry><id>tag:blogger.com,1999:blog-7.post-1</id><published>2010-11-27T08:21:00-08:00</published>
  <app:control><app:draft>yes</app:draft></app:control>
  <category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#post"/>
  <title type="text">Not yet</title><content type="html">Secret plans</content>
  <link rel="self" type="application/atom+xml" href="https://www.blogger.com/feeds/7/posts/default/1"/></entry>
<entry><id>tag:blogger.com,1999:blog-7.post-2</id><published>2010-11-28T08:21:00-08:00</published>
  <category scheme="http://www.blogger.com/atom/ns#" term="Ferries"/>
  <category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#post"/>
  <title type="text">The ferry</title><content type="html">&lt;p&gt;It sails.&lt;/p&gt;</content>
  <link rel="replies" type="text/html" href="http://quay.example/2010/11/the-ferry.html#comment-form"/>
  <link rel="alternate" type="text/html" href="http://quay.example/2010/11/the-ferry.html"/></entry>
<entry><id>tag:blogger.com,1999:blog-7.page-3</id><published>2010-11-29T08:21:00-08:00</published>
  <app:control><app:draft>yes</app:draft></app:control>
  <category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#page"/>
  <title type="text">Prices</title><content type="html">Secret prices</content></entry>
<entry><id>tag:blogger.com,1999:blog-7.page-4</id><published>2010-11-29T08:21:00-08:00</published>
  <category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#page"/>
  <title type="text">About</title><content type="html">About the quay</content>
  <link rel="alternate" type="text/html" href="http://quay.example/p/about.html"/></entry>
<entry><id>tag:blogger.com,1999:blog-7.post-5</id><published>2010-11-30T08:21:00-08:00</published>
  <category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#comment"/>
  <title type="text">Well said</title><content type="html">Well said</content><author><name>Passer-by</name></author>
  <link rel="alternate" type="text/html" href="http://quay.example/2010/11/the-ferry.html?showComment=1#c5"/>
  <thr:in-reply-to href="http://quay.example/2010/11/the-ferry.html" ref="tag:blogger.com,1999:blog-7.post-2"/></entry>
</feed>
"""

# Blogger's export of today, the file feed.atom of Google Takeout: it names no host.
BLOGGER_TAKEOUT: Final = """\
<?xml version='1.0' encoding='utf-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:blogger='http://schemas.google.com/blogger/2018'>
<id>tag:blogger.com,1999:blog-7</id><title>Quay</title>
<entry><id>tag:blogger.com,1999:blog-7.post-1</id><blogger:type>POST</blogger:type><blogger:status>LIVE</blogger:status>
  <author><name>Ana Silva</name><uri></uri><blogger:type>BLOGGER</blogger:type></author>
  <title>The ferry &amp;amp; the pier</title>
  <content type='html'>&lt;p&gt;It sails.&lt;/p&gt;</content><blogger:metaDescription/><published>2022-12-05T05:10:00Z</published>
  <blogger:location/><category scheme='tag:blogger.com,1999:blog-7' term='Ferries'/>
  <blogger:filename>/2022/12/ferry.html</blogger:filename><link/><enclosure/><blogger:trashed/></entry>
<entry><id>tag:blogger.com,1999:blog-7.post-2</id><blogger:type>POST</blogger:type><blogger:status>DRAFT</blogger:status>
  <title>Not yet</title><content type='html'>Secret plans</content><published>2022-12-06T05:10:00Z</published></entry>
<entry><id>tag:blogger.com,1999:blog-7.post-3</id><blogger:type>POST</blogger:type><blogger:status>SOFT_TRASHED</blogger:status>
  <title>Never</title><content type='html'>Secret waste</content><published>2022-12-06T05:10:00Z</published></entry>
<entry><id>tag:blogger.com,1999:blog-7.page-4</id><blogger:type>PAGE</blogger:type><blogger:status>LIVE</blogger:status>
  <title>About</title><content type='html'>About the quay</content><published>2022-12-07T05:10:00Z</published>
  <blogger:filename>/p/about.html</blogger:filename></entry>
<entry><id>tag:blogger.com,1999:blog-7.post-5</id><blogger:parent>tag:blogger.com,1999:blog-7.post-1</blogger:parent>
  <blogger:inReplyTo/><blogger:type>COMMENT</blogger:type><blogger:status>LIVE</blogger:status>
  <author><name>Passer-by</name><uri></uri><blogger:type>ANONYMOUS</blogger:type></author><title/>
  <content type='html'>Well said</content><published>2022-12-08T05:10:00Z</published></entry>
</feed>
"""

ATOM_03: Final = """\
<feed version="0.3" xmlns="http://purl.org/atom/ns#" xml:lang="en"><title>Old Atom</title><tagline>Tag</tagline>
<link rel="alternate" type="text/html" href="http://atom.example/"/>
<entry><title mode="escaped" type="text/html">A &amp;lt;b&amp;gt;</title><id>tag:atom.example,2004:1</id>
<link rel="alternate" type="text/html" href="http://atom.example/1"/>
<issued>2004-05-06T07:08:09-05:00</issued><modified>2004-05-07T00:00:00Z</modified>
<content type="text/html" mode="escaped">&lt;p&gt;Hi&lt;/p&gt;</content></entry></feed>
"""

JSON_FEED: Final = """\
{"version": "https://jsonfeed.org/version/1.1", "title": "J", "home_page_url": "https://j.example/", "language": "en",
 "feed_url": "https://j.example/feed.json", "next_url": "https://j.example/feed.json?page=2",
 "authors": [{"name": "Jo", "url": "https://j.example/jo"}],
 "items": [
  {"id": 7, "url": "https://j.example/7", "title": "Seven", "content_html": "<p><a href='x'>x</a></p>", "summary": "S",
   "image": "https://j.example/7.jpg", "date_published": "2026-01-07T00:00:00+09:00", "date_modified": "2026-01-08T00:00:00Z",
   "tags": ["a", "a", "b"], "authors": [{"name": "Kim", "url": "mailto:kim@j.example"}],
   "attachments": [{"url": "7.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 70, "title": "Talk"}]},
  {"id": "8", "content_text": "One <two>\\n\\nThree", "language": "ko"},
  "nonsense"
 ]}
"""

# Media RSS and iTunes, as news agencies and podcasts write them.
MEDIA: Final = """\
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
<channel><title>M</title><link>https://m.example/</link><description>d</description>
<item><title>Group</title><guid>https://m.example/1</guid><media:group>
  <media:content url="https://m.example/small.jpg" medium="image"/>
  <media:content url="https://m.example/large.jpg" medium="image" isDefault="true" fileSize="99"/>
  <media:credit>Ana</media:credit><media:description>Caption &amp;amp; more</media:description><media:title>Alt</media:title>
  </media:group></item>
<item><title>Thumb</title><guid isPermaLink="false">2</guid><media:thumbnail url="/t.jpg"/>
  <media:content url="https://m.example/film.mp4" type="video/mp4"/></item>
<item><title>Cover</title><guid isPermaLink="false">3</guid><itunes:image href="https://m.example/cover.jpg"/>
  <itunes:author>Host</itunes:author><itunes:summary>About the episode</itunes:summary>
  <enclosure url="https://m.example/3.mp3" type="audio/mpeg" length="unknown"/></item>
</channel></rss>
"""
