"""What stands in an XML file is what was meant, whichever characters it has."""

from xml.sax import saxutils

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.feeds.escaping import escape, quote_attribute

TEXTS = st.text(st.sampled_from("a<>&\"'\n\r\t é\U0001f600") | st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_a_text_is_spelled_as_the_standard_library_spells_it(text: str) -> None:
    assert escape(text) == saxutils.escape(text)
    assert quote_attribute(text) == saxutils.quoteattr(text)
