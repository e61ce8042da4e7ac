"""HTML content of an entry: an article's lead image, text, sources and corrections, and a list of its enclosures."""

from __future__ import annotations

from html import escape

from feedsvc.catalog import Catalog
from feedsvc.content.markdown.figures import replace_bare_links
from feedsvc.content.media import fit_html, fit_image
from feedsvc.feed_model import enclosure_name
from feedsvc.language import Language, get_language
from feedsvc.model import Article, Correction, Enclosure, FeedContent, Image, Site, Source


def content_html(catalog: Catalog, article: Article, summary: str, content: FeedContent) -> str:
    """Return the HTML content of an article's entry: in feeds of full texts, the article (image, text, sources, corrections).

    Then comes a list of its enclosures, if it has any, because most readers offer only one. In place of the article, there is
    its plain-text `summary` as a paragraph, in feeds of summaries and if the article has nothing of the above. The content is
    "" in a feed of summaries if there are no enclosures. Raises FeedsvcError if the text cannot be read.
    """
    enclosures = _enclosures(article_language(catalog.site, article), article.enclosures)
    if content == "full":
        text = _article_html(catalog, article) or f"<p>{escape(summary)}</p>"
    else:
        text = f"<p>{escape(summary)}</p>" if enclosures else ""
    return "\n".join(filter(None, (text, enclosures)))


def article_language(site: Site, article: Article) -> Language:
    """Return the language of an article: the site's, unless the article names another one."""
    return get_language(article.language or site.language, site.timezone)


def lead_image(catalog: Catalog, image: Image | None) -> Image | None:
    """Return an article's lead image as feeds show it; None if `image` is None.

    Of a file wider than 1280 pixels, it is the widest variant up to that width, or the file itself if there is no such variant.
    """
    return fit_image(catalog.media, catalog.site.base_url, image) if image else None


def _article_html(catalog: Catalog, article: Article) -> str:
    """Return the article as HTML: image, text, sources, corrections, with headings in its language; "" if it has none."""
    lang, image = article_language(catalog.site, article), lead_image(catalog, article.image)
    parts = (
        figure(image) if image else "",
        fit_html(catalog.media, catalog.site.base_url, _body_html(catalog, article)),
        _sources(lang, article.sources),
        corrections_html(lang, article.corrections),
    )
    return "\n".join(filter(None, parts))


def _body_html(catalog: Catalog, article: Article) -> str:
    """Return the article's text as HTML. A bare link to one of its `embeds` has the title as its text; feeds have no cards."""
    markup, titles = catalog.content.html(article), {embed.url: embed.title for embed in article.embeds}

    def titled_link(address: str) -> str:
        return f"<p>{_link_html(titles[address], address)}</p>" if address in titles else ""

    return replace_bare_links(markup, titled_link) if titles else markup


def figure(image: Image) -> str:
    """Return the HTML of a lead image as a figure, with caption, credit and disclaimer if it has any."""
    disclaimer = f"<small>{escape(image.disclaimer)}</small>" if image.disclaimer else ""
    caption = " ".join(filter(None, (escape(image.caption), _credit(image), disclaimer)))
    caption_element = f"<figcaption>{caption}</figcaption>" if caption else ""
    size = f'width="{image.width}" height="{image.height}"'
    return f'<figure><img src="{escape(image.url)}" alt="{escape(image.alt)}" {size}>{caption_element}</figure>'


def _credit(image: Image) -> str:
    return f"<small>{_link_html(image.credit, image.credit_url)}</small>" if image.credit else ""


def _link_html(name: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(name)}</a>' if url else escape(name)


def _enclosures(lang: Language, enclosures: tuple[Enclosure, ...]) -> str:
    """Return an HTML list of links to the enclosures with media type and size; "" if there are none."""
    items = "\n".join(f"<li>{_enclosure(lang, enclosure)}</li>" for enclosure in enclosures)
    return f"<p>{_label(lang, lang.say('attachments'))}</p>\n<ul>\n{items}\n</ul>" if items else ""


def _enclosure(lang: Language, enclosure: Enclosure) -> str:
    type_and_size = lang.say("comma").join(filter(None, (enclosure.type, lang.file_size(enclosure.length))))
    return f"{_link_html(enclosure_name(enclosure), enclosure.url)} ({escape(type_and_size)})"


def _sources(lang: Language, sources: tuple[Source, ...]) -> str:
    names = lang.say("comma").join(_link_html(source.name, source.url) for source in sources)
    return f"<p>{_label(lang, lang.say('sources'))} {names}</p>" if names else ""


def corrections_html(lang: Language, corrections: tuple[Correction, ...]) -> str:
    """Return the HTML of an article's corrections, a paragraph for each in the same order, with its date; "" without any."""
    return "\n".join(_correction(lang, correction) for correction in corrections)


def _correction(lang: Language, correction: Correction) -> str:
    heading = lang.say("correction", date=lang.period_name(correction.date.isoformat()))
    return f"<p>{_label(lang, heading)} {escape(correction.text)}</p>"


def _label(lang: Language, word: str) -> str:
    """Return the HTML of a word before a list or a text, in bold and with the language's colon (French has a space before it)."""
    return f"<strong>{escape(lang.say('label', label=word))}</strong>"
