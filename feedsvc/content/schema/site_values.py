"""Validation of a single value of site.yaml, with the messages that the file would get."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError

from feedsvc.content.schema.models import SiteKeys
from feedsvc.content.text import FORBIDDEN_CHARACTER

_REQUIRED_KEYS: Final = {"title": "-", "base_url": "https://site.invalid"}


def parse_site_value(key: str, text: str) -> str:
    """Return a text as it is after validation as the value of `key` in site.yaml: stripped and normalized, a URL as a URI.

    `key` must be a top-level key whose value is a text. Forbidden characters become spaces. Raises ValueError with the message
    that `check` has for that key: "base_url: ...".
    """
    clean = FORBIDDEN_CHARACTER.sub(" ", text).strip()
    try:
        keys = SiteKeys.model_validate({**_REQUIRED_KEYS, key: clean})
    except ValidationError as error:
        context = error.errors()[0].get("ctx", {})
        raise ValueError(f"{key}: {context.get('error', error.errors()[0]['msg'])}") from None
    return str(getattr(keys, key))
