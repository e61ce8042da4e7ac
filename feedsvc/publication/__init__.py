"""Publication of one catalog: resolves paths to documents, files and redirects. Documents are rendered on request.

Input: a catalog and a theme. Output: documents, files and redirects, with their headers, dates and dependencies. The live
edition, the web server and exports use it.
"""

from feedsvc.publication.addresses import is_withdrawn, root_content_types, withdrawn_places
from feedsvc.publication.affected_paths import differing_paths
from feedsvc.publication.dependencies import code_fingerprint, site_fingerprint
from feedsvc.publication.document import UNCOUNTED_READS, Document, FileResource, Redirect, Resource, digest
from feedsvc.publication.headers import (
    CACHE_CONTROL,
    CACHE_CONTROL_MISSING,
    EXPOSED_HEADERS,
    FRAME_ANCESTORS,
    SANDBOX_POLICY,
    cache_control,
    cache_directives,
    content_type,
    file_content_type,
    root_media_type,
    seconds_until_change,
)
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.publication.old_addresses import (
    exact_redirects,
    exact_target,
    has_query_rules,
    query_redirects,
    query_target,
    redirect_target,
    rule_target,
    sources_of,
    wildcard_target,
)
from feedsvc.publication.publication import Publication
from feedsvc.publication.renderer import no_last_modified

__all__ = [
    "CACHE_CONTROL",
    "CACHE_CONTROL_MISSING",
    "EXPOSED_HEADERS",
    "FRAME_ANCESTORS",
    "SANDBOX_POLICY",
    "UNCOUNTED_READS",
    "Document",
    "FileResource",
    "LastModifiedStore",
    "Publication",
    "Redirect",
    "Resource",
    "cache_control",
    "cache_directives",
    "code_fingerprint",
    "content_type",
    "differing_paths",
    "digest",
    "exact_redirects",
    "exact_target",
    "file_content_type",
    "has_query_rules",
    "is_withdrawn",
    "no_last_modified",
    "query_redirects",
    "query_target",
    "redirect_target",
    "root_content_types",
    "root_media_type",
    "rule_target",
    "seconds_until_change",
    "site_fingerprint",
    "sources_of",
    "wildcard_target",
    "withdrawn_places",
]
