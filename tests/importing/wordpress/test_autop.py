"""Paragraphs of classic posts, as WordPress shows them."""

from __future__ import annotations

import pytest

from feedsvc.importing.wordpress.autop import add_paragraphs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n ", ""),
        ("one", "<p>one</p>\n"),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>\n"),
        ("one\r\n\r\ntwo", "<p>one</p>\n<p>two</p>\n"),
        ("one\n \n\n\ntwo", "<p>one</p>\n<p>two</p>\n"),
        ("one\ntwo", "<p>one<br />\ntwo</p>\n"),
        ("one  \ntwo", "<p>one<br />\ntwo</p>\n"),
        ("one<br>\ntwo", "<p>one<br />\ntwo</p>\n"),
        ("one<br /><br />two", "<p>one</p>\n<p>two</p>\n"),
        ("<h2>Head</h2>\nText", "<h2>Head</h2>\n<p>Text</p>\n"),
        ("Text\n<h2>Head</h2>", "<p>Text</p>\n<h2>Head</h2>\n"),
        ("one<hr>two", "<p>one</p>\n<hr>\n<p>two</p>\n"),
        ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("<div>text</div>", "<div>text</div>\n"),
        ("<div>one\n\ntwo</div>", "<div>one</p>\n<p>two</p></div>\n"),
        ("<blockquote>one\n\ntwo</blockquote>", "<blockquote><p>one</p>\n<p>two</p></blockquote>\n"),
        ("<pre>a\n\n<b>b</b>\n</pre>\nc", "<pre>a\n\n<b>b</b>\n</pre>\n<p>c</p>\n"),
        ("<pre>a\n\nb", "<pre>a</p>\n<p>b</p>\n"),
        ("a <em>b\nc</em>", "<p>a <em>b<br />\nc</em></p>\n"),
        ('<a href="x"\ntitle="y">z</a>', '<p><a href="x"\ntitle="y">z</a></p>\n'),
        ("<table>\n<tr>\n<td>a</td>\n</tr>\n</table>", "<table>\n<tr>\n<td>a</td>\n</tr>\n</table>\n"),
        ("<p>one</p>\n<p>two</p>", "<p>one</p>\n<p>two</p>\n"),
        ("<p>one\ntwo</p>", "<p>one<br />\ntwo</p>\n"),
        ("<figure>\n<img>\n<figcaption>c</figcaption>\n</figure>", "<figure>\n<img><figcaption>c</figcaption></figure>\n"),
        ('<video>\n<source src="a">\n\n<source src="b">\n</video>', '<p><video><source src="a"><source src="b"></video></p>\n'),
        ("[gallery]\n\ntext", "<p>[gallery]</p>\n<p>text</p>\n"),
    ],
)
def test_paragraphs(text: str, expected: str) -> None:
    assert add_paragraphs(text) == expected
