"""Schema of the editors' files: types, validation, descriptions and JSON Schemas of their keys.

`validate_document` turns the plain values of a YAML file into a model of its valid keys, and adds problems to the document.
`content.reading` validates files with this package; `editing` and `cli` write JSON Schemas; others validate single values.
"""

from feedsvc.content.schema.dates import parse_age, parse_day, parse_instant
from feedsvc.content.schema.descriptions import KEY_DESCRIPTIONS
from feedsvc.content.schema.field_types import (
    MAX_REFERENCES,
    is_article_id,
    is_guid,
    is_host,
    is_language_tag,
    normalize_language_case,
    single_line,
)
from feedsvc.content.schema.json_schema import SCHEMA_NAMES, build_schema
from feedsvc.content.schema.json_schema_rules import Json
from feedsvc.content.schema.license_tokens import TOKENS_BY_KIND
from feedsvc.content.schema.models import (
    ArticleKeys,
    AuthorKeys,
    CategoryKeys,
    CrawlersKeys,
    CustomFeedKeys,
    DigestKeys,
    EmbedKeys,
    EnclosureKeys,
    ExcludeKeys,
    ImageKeys,
    IncludeKeys,
    LicenseKeys,
    ListingFeedKeys,
    PaymentKeys,
    RedirectsKeys,
    RobotsKeys,
    SiteKeys,
    TagKeys,
)
from feedsvc.content.schema.page_models import MenuEntryKeys, PageKeys
from feedsvc.content.schema.site_values import parse_site_value
from feedsvc.content.schema.validation import validate_document, validate_mapping
from feedsvc.content.schema.web_addresses import base_url_fault, http_url, is_base_url, require_base_url

__all__ = [
    "KEY_DESCRIPTIONS",
    "MAX_REFERENCES",
    "SCHEMA_NAMES",
    "TOKENS_BY_KIND",
    "ArticleKeys",
    "AuthorKeys",
    "CategoryKeys",
    "CrawlersKeys",
    "CustomFeedKeys",
    "DigestKeys",
    "EmbedKeys",
    "EnclosureKeys",
    "ExcludeKeys",
    "ImageKeys",
    "IncludeKeys",
    "Json",
    "LicenseKeys",
    "ListingFeedKeys",
    "MenuEntryKeys",
    "PageKeys",
    "PaymentKeys",
    "RedirectsKeys",
    "RobotsKeys",
    "SiteKeys",
    "TagKeys",
    "base_url_fault",
    "build_schema",
    "http_url",
    "is_article_id",
    "is_base_url",
    "is_guid",
    "is_host",
    "is_language_tag",
    "normalize_language_case",
    "parse_age",
    "parse_day",
    "parse_instant",
    "parse_site_value",
    "require_base_url",
    "single_line",
    "validate_document",
    "validate_mapping",
]
