"""Escaping of XML texts and attributes."""

from xml.sax import saxutils

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.feeds.escaping import escape, quote_attribute

TEXTS = st.text(st.sampled_from("a<>&\"'\n\r\t é\U0001f600") | st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_any_text_is_escaped_like_in_the_standard_library(text: str) -> None:
    assert escape(text) == saxutils.escape(text)
    assert quote_attribute(text) == saxutils.quoteattr(text)
