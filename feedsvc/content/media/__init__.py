"""Files below media/: their types and sizes, narrower copies of images, and images without metadata.

In comes a path; out comes a `MediaFile` or, of an image, the bytes that clients receive. The other packages of `content` check
media files with this package; publication, web and export send them with it.
"""

from feedsvc.content.media.clean_file import (
    CleanFile,
    CleanPieces,
    UncleanableError,
    clean_pieces,
    is_cleaned_type,
    is_sendable,
    open_clean,
    pieces_length,
)
from feedsvc.content.media.files import (
    MEDIA_PREFIX,
    CameraDataError,
    MediaFolder,
    check_usable,
    image_size,
    is_truncated,
    sent_length,
)
from feedsvc.content.media.image_facts import (
    DIGEST_LENGTH,
    VARIANT_WIDTHS,
    can_have_variants,
    digest_of,
    facts_of,
    variant_sizes,
    variant_widths,
)
from feedsvc.content.media.media_types import IMAGE_TYPES, MEDIA_TYPES, media_type
from feedsvc.content.media.offered_widths import (
    MAX_WIDTH,
    THUMBNAIL_WIDTH,
    fit_address,
    fit_html,
    fit_image,
    fitting_variant,
    variants,
)
from feedsvc.content.media.variant_store import VariantStore

__all__ = [
    "DIGEST_LENGTH",
    "IMAGE_TYPES",
    "MAX_WIDTH",
    "MEDIA_PREFIX",
    "MEDIA_TYPES",
    "THUMBNAIL_WIDTH",
    "VARIANT_WIDTHS",
    "CameraDataError",
    "CleanFile",
    "CleanPieces",
    "MediaFolder",
    "UncleanableError",
    "VariantStore",
    "can_have_variants",
    "check_usable",
    "clean_pieces",
    "digest_of",
    "facts_of",
    "fit_address",
    "fit_html",
    "fit_image",
    "fitting_variant",
    "image_size",
    "is_cleaned_type",
    "is_sendable",
    "is_truncated",
    "media_type",
    "open_clean",
    "pieces_length",
    "sent_length",
    "variant_sizes",
    "variant_widths",
    "variants",
]
