"""Lint of `embeds`: entries whose address is no paragraph of its own in the text, so that no reader sees them."""

from __future__ import annotations

from collections.abc import Iterator

from feedsvc.content.lint.context import LintContext
from feedsvc.content.lint.positions import DeferredWarning, warn_at
from feedsvc.content.markdown import bare_links
from feedsvc.content.text import did_you_mean
from feedsvc.model import Article


def check_embeds(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    """Yield a warning for each entry of `embeds` whose address is no paragraph of its own in the body."""
    if not article.embeds:
        return
    addresses = dict.fromkeys(bare_links(context.content.html(article)))
    for index, embed in enumerate(article.embeds):
        if embed.url not in addresses:
            message = f"embeds: no paragraph of the text is only the address {embed.url}, so no card is shown"
            hint = did_you_mean(embed.url, addresses) or "write the address in a line of its own, with empty lines around it"
            yield warn_at("unused-embed", ("embeds", index, "url"), message, hint)
