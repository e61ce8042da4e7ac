"""Schema of the editors' files: types, validation, descriptions and JSON Schemas of their keys.

`validate_document` turns the plain values of a YAML file into a model of its valid keys, and adds problems to the document.
`content.reading` validates files with this package; `editing` and `cli` write JSON Schemas.
"""

from feedsvc.content.schema.dates import parse_age, parse_day, parse_instant
from feedsvc.content.schema.descriptions import KEY_DESCRIPTIONS
from feedsvc.content.schema.field_types import TOKENS_BY_KIND, http_url, is_base_url, is_host, single_line
from feedsvc.content.schema.json_schema import SCHEMA_NAMES, Json, build_schema
from feedsvc.content.schema.models import (
    ArticleKeys,
    AuthorKeys,
    CategoryKeys,
    CrawlersKeys,
    CustomFeedKeys,
    DigestKeys,
    EnclosureKeys,
    ExcludeKeys,
    ImageKeys,
    IncludeKeys,
    LicenseKeys,
    ListingFeedKeys,
    PaymentKeys,
    SiteKeys,
    TagKeys,
)
from feedsvc.content.schema.site_values import parse_site_value
from feedsvc.content.schema.validation import validate_document, validate_mapping

__all__ = [
    "KEY_DESCRIPTIONS",
    "SCHEMA_NAMES",
    "TOKENS_BY_KIND",
    "ArticleKeys",
    "AuthorKeys",
    "CategoryKeys",
    "CrawlersKeys",
    "CustomFeedKeys",
    "DigestKeys",
    "EnclosureKeys",
    "ExcludeKeys",
    "ImageKeys",
    "IncludeKeys",
    "Json",
    "LicenseKeys",
    "ListingFeedKeys",
    "PaymentKeys",
    "SiteKeys",
    "TagKeys",
    "build_schema",
    "http_url",
    "is_base_url",
    "is_host",
    "parse_age",
    "parse_day",
    "parse_instant",
    "parse_site_value",
    "single_line",
    "validate_document",
    "validate_mapping",
]
