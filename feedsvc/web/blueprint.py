"""Flask blueprint of a site, for the application of another program: its addresses below the prefix of the blueprint.

The blueprint has no addresses for operators (/status), and leaves unexpected errors to the application.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, current_app, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, NotFound

from feedsvc.access import TokenAuthorizer
from feedsvc.errors import PluginError, TextUnavailableError
from feedsvc.live import Live
from feedsvc.routes import COMBINATION_FORM
from feedsvc.url_rules import URL_RULES
from feedsvc.web.combination_form import FORM_ENDPOINT, FORM_METHODS, form_view
from feedsvc.web.document_endpoints import (
    PATH_CONVERTER,
    PREFIX_KEY,
    RETRIEVAL_METHODS,
    DocumentView,
    FilePathConverter,
    ViewFunction,
    exhausted_response,
    internal_error_response,
    not_found_response,
    plugin_failed_response,
    text_unavailable_response,
)
from feedsvc.web.private_feeds import PRIVATE_ENDPOINT, PRIVATE_RULE, PrivateView

# Endpoint of paths below the prefix at which there is nothing, so that they get the 404 page of the site.
_OTHER_ENDPOINT: Final = "other"
_OTHER_RULES: Final = ("", f"/<{PATH_CONVERTER}:path>")
_FREE_RULES: Final = frozenset((*URL_RULES["static_page"], *URL_RULES["root_file"]))  # without a prefix before them
_View = Callable[..., ResponseReturnValue]
_FILE_WRAPPER: Final = "wsgi.file_wrapper"  # servers disagree on which part of the file it sends


@dataclass(frozen=True, slots=True)
class SiteViews:
    """View functions of one site by endpoint, and the live edition from which they respond."""

    live: Live
    by_endpoint: Mapping[str, ViewFunction]


def site_views(live: Live, token_authorizer: TokenAuthorizer | None) -> SiteViews:
    """Return the view functions of a site. Without `token_authorizer`, there are no private feeds.

    Proxies are not trusted: wrong tokens are limited only for clients that connect directly from a public address.
    """
    document_view = DocumentView(live)
    private = PrivateView(live, token_authorizer, ()) if token_authorizer else document_view
    own = {FORM_ENDPOINT: form_view(live, document_view), PRIVATE_ENDPOINT: private, _OTHER_ENDPOINT: document_view}
    return SiteViews(live, {**dict.fromkeys(URL_RULES, document_view), **own})


def add_site_endpoints(blueprint: Blueprint, get_views: Callable[[], SiteViews], check_prefix: Callable[[str], None]) -> None:
    """Add the endpoints of a site, and handlers of 404, TextUnavailableError and PluginError, to a blueprint.

    `get_views` is called for each request. `check_prefix` is called with the prefix, without a slash at its end, when the
    blueprint is registered; it may raise an exception to refuse the prefix. At the root of an application (prefix ""), the
    application itself responds to paths that no URL rule of the site matches, and to the paths of static pages and files of
    root/ that do not exist (`_not_found`).
    """

    def register(state: BlueprintSetupState) -> None:
        prefix = (state.url_prefix or "").rstrip("/")
        check_prefix(prefix)
        state.app.url_map.converters[PATH_CONVERTER] = FilePathConverter
        rules = {**URL_RULES, PRIVATE_ENDPOINT: (PRIVATE_RULE,), **({_OTHER_ENDPOINT: _OTHER_RULES} if prefix else {})}
        for endpoint, endpoint_rules in rules.items():
            view = _view(endpoint, prefix, get_views)
            for rule in endpoint_rules:
                _add_rule(state, rule, endpoint, view, RETRIEVAL_METHODS)
        _add_rule(state, COMBINATION_FORM, FORM_ENDPOINT, _view(FORM_ENDPOINT, prefix, get_views), FORM_METHODS)

    blueprint.record(register)
    # The application may register handlers of its own on the blueprint instead.
    blueprint.register_error_handler(404, lambda error: _not_found(error, get_views().live))
    blueprint.register_error_handler(TextUnavailableError, text_unavailable_response)
    blueprint.register_error_handler(PluginError, plugin_failed_response)


def _not_found(error: NotFound, live: Live) -> ResponseReturnValue:
    """Return the response to a 404 `error` in the blueprint: the 404 page of the site, or the application's own response.

    It is the application's own if the blueprint is at the root of the application and the URL rule that matched is that of
    static pages or of /.well-known/. The rule of static pages matches every path of one segment, whether or not there is such a
    page.
    """
    rule = request.url_rule
    is_applications = rule is not None and rule.rule in _FREE_RULES
    if not is_applications:
        return not_found_response(live)
    handler = _application_handler(error)
    response: ResponseReturnValue = current_app.ensure_sync(handler)(error) if handler else error
    return response


def _application_handler(error: NotFound) -> Callable[..., Any] | None:
    """Return the application's handler of an error: that of its status code, else of its class or a base class, else None."""
    by_code = current_app.error_handler_spec[None]
    handlers = (by_code.get(code, {}).get(kind) for code in (error.code, None) for kind in type(error).__mro__)
    return next(filter(None, handlers), None)


def _add_rule(state: BlueprintSetupState, rule: str, endpoint: str, view: _View, methods: tuple[str, ...]) -> None:
    # The edition redirects to the canonical path itself, from any other.
    options: dict[str, Any] = {"strict_slashes": False, "merge_slashes": False, "provide_automatic_options": False}
    state.add_url_rule(rule, endpoint, view, methods=methods, **options)


def _view(endpoint: str, prefix: str, get_views: Callable[[], SiteViews]) -> _View:
    def view(**_: str) -> ResponseReturnValue:
        environ = request.environ
        environ[PREFIX_KEY] = prefix
        environ.pop(_FILE_WRAPPER, None)
        site_view = get_views().by_endpoint[endpoint]
        try:
            return site_view()
        except Exception as error:
            if endpoint == PRIVATE_ENDPOINT and not isinstance(error, HTTPException):
                return internal_error_response(error)  # the application would log the path, which contains a token
            if response := exhausted_response(error):
                return response
            raise

    return view
