"""The limit of the nesting of HTML, checked before a tree is built, with unclosed and misnested tags."""

from __future__ import annotations

from typing import Final

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedsvc.content.markdown import nesting
from feedsvc.content.markdown.elements import ALLOWED_ELEMENTS
from feedsvc.content.markdown.nesting import MAX_DEPTH, CheckedHtml, TooDeep, check


def depth(html: str) -> int:
    """Return the depth of the tree that a browser builds of a fragment."""
    deepest, stack = 0, [(html5lib.parseFragment(html, namespaceHTMLElements=False), 0)]
    while stack:
        element, level = stack.pop()
        deepest = max(deepest, level)
        stack += [(child, level + 1) for child in element]
    return deepest


def is_too_deep(html: str) -> bool:
    return isinstance(check(html, is_generated=False), TooDeep)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 90 + "</div>" * 90,
        "<p>a<p>b" * 500,
        "<ul>" + "<li>a" * 500 + "</ul>",
        "<dl>" + "<dt>a<dd>b" * 500 + "</dl>",
        "<table>" + "<tr><td>a<td><p>b" * 500 + "</table>",
        "<div><p>a</div>" * 500,
        "<ul><li><p>a</ul>" * 500,
        "<a name=x>" * 500,
        "<b>a</b> <i>b <em>c</em></i><br><img src=x>" * 500,
        "<table><tbody><tr><th>a</th></tr></tbody></table>" * 500,
        '<div title="</div>"></div>' * 500,
        "<blink>" * 500,
        "<!-- " + "<div>" * 500 + " -->",
        "<script>" + "<div>" * 500 + "</script>",
        "a < b <" * 500,
        "",
    ],
)
def test_long_but_flat_html_is_accepted(html: str) -> None:
    assert not is_too_deep(html)


@pytest.mark.parametrize(
    "unit",
    [
        *("<div>", "<b>", "<span>", "<li><ul>", "<table><td>", "<rt>", "<li><section>", "<li><dd>", "<DIV>", "<div/>", "<div\n>"),
        *('<div title="</div>">', "<div title='</div>'>", "<div title=</div>>", '<div a"=</div>>', "<div><!--></div>-->"),
        *("<div><table></div>", "<span><p></span></p>", "<b><div></b>", "<div><!-- </div> -->", "<div><x y='</div>'>"),
        *("<div><script></div></script>", "<div><textarea></div></textarea>", "<div><svg></div>", "<div><![CDATA[</div>]]>"),
        *(
            "<table><b a={}><td></b></td></table>",
            "<div><b a={}></div>",
            "<p><b a={}></p>",
            "<li><s a={}></li>",
            "<a><b></a></div>",
        ),
    ],
)
def test_misnested_tags_do_not_hide_depth(unit: str) -> None:
    text = "".join(unit.replace("{}", str(number)) for number in range(400)) + "text"
    result = check(text, is_generated=False)
    assert isinstance(result, TooDeep) or depth(result.html) <= 3 * MAX_DEPTH


TOKENS: Final = st.lists(
    st.sampled_from(
        [
            *(f"<{name}>" for name in sorted(ALLOWED_ELEMENTS)),
            *(f"</{name}>" for name in sorted(ALLOWED_ELEMENTS)),
            *("<b a={}>", "<i a={}>", "<a a={}>", "text", " ", "<x>", "</x>", "<script>", "</script>", "<!--", "-->", '"', "'"),
            *("=",),
        ]
    ),
    min_size=1,
    max_size=7,
).map("".join)


@settings(deadline=None)
@given(TOKENS)
@example("<table><s a={}></s><th><span><span>")
@example("<table><td>")
def test_a_tree_is_at_most_three_times_as_deep_as_counted(unit: str) -> None:
    text = "".join(unit.replace("{}", str(number)) for number in range(120)) + "text"
    result = check(text, is_generated=False)
    if isinstance(result, TooDeep):
        result = check(text[: result.offset], is_generated=False)
        assert isinstance(result, CheckedHtml)
    assert depth(result.html) <= 3 * MAX_DEPTH


@settings(deadline=None)
@given(TOKENS)
def test_only_allowed_elements_remain(unit: str) -> None:
    result = check(unit, is_generated=False)
    assert isinstance(result, CheckedHtml)
    tree = html5lib.parseFragment(result.html, namespaceHTMLElements=False)
    assert {element.tag for element in tree.iter() if isinstance(element.tag, str)} <= ALLOWED_ELEMENTS | {"DOCUMENT_FRAGMENT"}


def test_unclosed_formatting_elements_count_in_every_block() -> None:
    text = "<p>" + "".join(f"<b a={number}>" for number in range(90)) + "</p>" + "<p>text</p>" * 100_000
    assert is_too_deep(text)


def test_removed_elements_are_returned_with_their_offsets() -> None:
    result = check("a <iframe src=x>b</iframe><script>c</script><div><x/></div>", is_generated=False)
    assert isinstance(result, CheckedHtml)
    assert result.html == "a <!---->b<!----><!----><div><!----></div>"
    assert result.removed == (
        nesting.RemovedElement("iframe", 2),
        nesting.RemovedElement("script", 26),
        nesting.RemovedElement("x", 49),
    )


def test_a_tag_with_very_many_attributes_is_removed() -> None:
    tag = "<div " + " ".join(f"a{number}" for number in range(5_000)) + ">"
    result = check(f"{tag}a</div>", is_generated=False)
    assert isinstance(result, CheckedHtml)
    assert result.html == "<!---->a</div>"
