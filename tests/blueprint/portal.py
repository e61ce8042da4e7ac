"""An application that is not feedsvc: a portal with pages, templates, error pages and a login check of its own."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Flask, Response, abort, render_template, request, session

from feedsvc import flask as newsroom

SECRET = "portal"


def create_app(content: str, state: str = "", base_url: str = "https://example.org/news") -> Flask:
    """Return the portal with one newsroom at /news, as an application factory does."""
    return create_portal([newsroom.blueprint(content, url_prefix="/news", base_url=base_url, state=state)])


def create_portal(blueprints: Iterable[Blueprint], *, members: Iterable[str] = ()) -> Flask:
    """Return the portal with some blueprints. Those whose names are `members` are only for people who have logged in."""
    app = Flask(__name__)
    app.secret_key = SECRET
    _add_login_check(app, frozenset(members))
    _add_pages(app)
    for code in (401, 404, 500):
        app.register_error_handler(code, lambda error: (render_template("error.html", error=error), error.code))
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def _add_login_check(app: Flask, members: frozenset[str]) -> None:
    @app.before_request
    def check_login() -> None:
        if request.blueprint in members and "user" not in session:
            abort(401)

    @app.after_request
    def add_header(response: Response) -> Response:
        response.headers["X-Portal"] = "1"
        if request.blueprint in members:
            response.headers["Cache-Control"] = "private, no-store"
        return response


def _add_pages(app: Flask) -> None:
    @app.get("/")
    def home() -> str:
        return render_template("listing.html", title="The portal")

    @app.get("/login/<name>")
    def login(name: str) -> str:
        session["user"] = name
        return "welcome"

    @app.get("/fault")
    def fault() -> str:
        raise RuntimeError("a fault of the portal")
