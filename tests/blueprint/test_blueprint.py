"""Blueprint of a newsroom in the application of another program."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Blueprint, Flask, request, url_for
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from feedsvc.errors import ContentError, FeedsvcError
from feedsvc.flask import NewsroomBlueprint, blueprint
from tests import ROOT
from tests.audience.waiting import wait_until
from tests.blueprint import portal
from tests.cli.command_line import run_feedsvc
from tests.helpers.newsrooms import picture, write
from tests.web.newsroom import TALK, write_article, write_newsroom

URL = "https://example.org/news"
ARTICLE = "title: A gale\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return write_newsroom(tmp_path / "content")


@pytest.fixture
def newsroom(tmp_path: Path, content: Path) -> Iterator[NewsroomBlueprint]:
    with closing(blueprint(content, url_prefix="/news", base_url=URL, state=tmp_path / "state")) as site:
        yield site


@pytest.fixture
def client(newsroom: NewsroomBlueprint) -> FlaskClient:
    return portal.create_portal([newsroom]).test_client()


def test_portal_keeps_its_pages_and_the_newsroom_has_its_own(client: FlaskClient) -> None:
    assert "Page of the portal" in client.get("/").text
    page = client.get("/news/")
    assert (page.status_code, page.headers["X-Portal"]) == (200, "1")
    assert "Harbour &amp; Hills" in page.text
    assert "portal" not in page.text.lower()
    assert client.get("/news/articles/bay/").status_code == 200


def test_pages_learn_that_the_application_counts_no_reads(client: FlaskClient) -> None:
    """Otherwise each of them would send a beacon to an address without an answer."""
    response = client.get("/news/views.json")
    assert (response.status_code, response.json) == (200, {"counted": False, "articles": []})


def test_first_reader_of_a_new_portal_sees_the_picture_before_its_narrower_copy_is_made(
    content: Path, client: FlaskClient
) -> None:
    """The browser showed a broken picture: the answer was 503, and only the server of feedsvc lets a request wait."""
    (content / "media/wide.jpg").write_bytes(picture(2000, 1500))
    write_article(content, "wide", f"{ARTICLE}\nimage: {{src: media/wide.jpg, alt: A, credit: B}}")
    wait_until(lambda: "/sized/" in client.get("/news/articles/wide/").text)
    match = re.search(r"/news/sized/[^ ,\"]*", client.get("/news/articles/wide/").text)
    assert match
    first = client.get(match[0])
    assert (first.status_code, first.mimetype) == (200, "image/jpeg")
    wait_until(lambda: client.get(match[0]).headers["Cache-Control"] != "no-store")
    assert len(client.get(match[0]).data) < (content / "media/wide.jpg").stat().st_size


@pytest.mark.parametrize("suffix", ["rss", "atom", "json"])
def test_absolute_addresses_in_feeds_have_the_prefix(client: FlaskClient, suffix: str) -> None:
    feed = client.get(f"/news/feed.{suffix}")
    assert feed.status_code == 200
    assert f"{URL}/feed.{suffix}" in feed.text
    assert f"{URL}/articles/fish/" in feed.text
    assert "https://example.org/articles" not in feed.text


def test_every_address_in_a_feed_is_answered(client: FlaskClient) -> None:
    items = json.loads(client.get("/news/feed.json").text)["items"]
    addresses = [item["url"] for item in items] + [file["url"] for item in items for file in item.get("attachments", ())]
    assert len(addresses) > len(items)
    # The notice of a withdrawn article leads to the page that says the same.
    assert {client.get(urlsplit(address).path).status_code for address in addresses} == {200, 410}


@pytest.mark.parametrize("path", ["/news/nothing", "/news/articles/nothing/", "/news//feed.rss", "/news/%FF", "/news/status"])
def test_unknown_path_below_the_prefix_gets_the_page_of_the_newsroom(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "Error page of the portal" not in response.text
    assert 'href="/news/"' in response.text


@pytest.mark.parametrize("path", ["/nothing", "/newsletter", "/feed.rss", "/news2/feed.rss"])
def test_unknown_path_elsewhere_gets_the_page_of_the_portal(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, "Error page of the portal" in response.text) == (404, True)


def test_portal_may_have_its_error_page_below_the_prefix_too(newsroom: NewsroomBlueprint) -> None:
    newsroom.register_error_handler(404, lambda _: ("nothing here", 404))
    assert portal.create_portal([newsroom]).test_client().get("/news/nothing").text == "nothing here"


def test_fault_of_the_portal_gets_its_page(client: FlaskClient) -> None:
    client.application.testing = client.application.config["PROPAGATE_EXCEPTIONS"] = False
    assert "Error page of the portal" in client.get("/fault").text


def test_redirects_have_the_prefix(client: FlaskClient) -> None:
    assert client.get("/news").headers["Location"] == "/news/"
    assert client.get("/news/rss.xml?x=1").headers["Location"] == "/news/feed.rss"
    assert client.get("/news/category/economy/").headers["Location"] == "/news/category/business/"
    assert client.get("/news/articles/bay").headers["Location"] == "/news/articles/bay/"


def test_old_addresses_with_and_without_a_query_are_redirected(content: Path, client: FlaskClient) -> None:
    (content / "redirects.yaml").write_text("exact:\n  /?p=1: /articles/bay/\n  /?p=2: gone\n  /old/: /articles/bay/\n")
    for path in ("/news/?p=1", "/news/old/", "/news/?p=1&utm_source=mail"):
        response = client.get(path)
        assert (response.status_code, response.headers["Location"]) == (301, "/news/articles/bay/")
    assert client.get("/news/?p=2").status_code == 410
    assert client.get("/news/?p=3").status_code == 200


def test_head_and_conditional_requests_and_ranges(client: FlaskClient) -> None:
    feed = client.get("/news/feed.rss")
    head = client.head("/news/feed.rss")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", feed.headers["Content-Length"])
    unchanged = client.get("/news/feed.rss", headers={"If-None-Match": feed.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["ETag"] == feed.headers["ETag"]
    part = client.get("/news/media/talk.mp3", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, TALK[10:20])
    assert client.get("/news/media/talk.mp3", headers={"Range": f"bytes={len(TALK)}-"}).status_code == 416
    assert client.post("/news/feed.rss").status_code == 405
    assert client.options("/news/feed.rss").headers["Allow"] == "GET, HEAD, OPTIONS"


def test_form_of_the_page_subscribe_leads_to_a_feed_below_the_prefix(client: FlaskClient) -> None:
    response = client.post("/news/feed/", data={"include": ["category:business", "category:culture"]})
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/news/feed/category:")
    assert client.get(response.headers["Location"]).status_code == 200


def test_form_works_if_the_portal_has_read_it_before(newsroom: NewsroomBlueprint) -> None:
    app = portal.create_portal([newsroom])

    @app.before_request
    def read_form() -> None:
        assert "include" in request.form or request.method == "GET"

    response = app.test_client().post("/news/feed/", data={"include": ["category:business", "category:culture"]})
    assert response.headers["Location"].startswith("/news/feed/category:")


def test_save_shows_at_the_next_requests(content: Path, client: FlaskClient) -> None:
    assert "A gale" not in client.get("/news/feed.rss").text
    write_article(content, "gale", ARTICLE)
    wait_until(lambda: "A gale" in client.get("/news/feed.rss").text)


def test_private_feed_is_for_the_holder_of_its_token(tmp_path: Path, content: Path, client: FlaskClient) -> None:
    (content / "feeds.yaml").write_text("wire: {title: The wire, include: {categories: [business]}, access: private}\n")
    assert client.get("/news/").status_code == 200
    options = (content, "--state", tmp_path / "state")
    address = run_feedsvc("token", "add", "wire", "alice", *options, "--base-url", URL).stdout.strip()
    assert address.startswith(f"{URL}/private/")
    path = urlsplit(address).path
    feed = wait_until(lambda: (response := client.get(path)).status_code == 200 and response)
    assert f"{URL}/articles/" in feed.text
    assert feed.headers["Cache-Control"] == "private, no-store"
    assert client.get("/news/private/wrong/feed.rss").status_code == 404
    assert run_feedsvc("token", "revoke", "alice", *options).returncode == 0
    wait_until(lambda: client.get(path).status_code == 410)


def test_login_check_of_the_portal_guards_every_address_of_the_newsroom(newsroom: NewsroomBlueprint) -> None:
    client = portal.create_portal([newsroom], members=["feedsvc"]).test_client()
    for path in ("/news/", "/news", "/news/feed.rss", "/news/media/talk.mp3", "/news/nothing", "/news/private/x/feed.rss"):
        response = client.get(path)
        assert (response.status_code, "Error page of the portal" in response.text) == (401, True), path
    client.get("/login/alice")
    for _ in range(2):  # no cache answers in place of the check
        feed = client.get("/news/feed.rss")
        assert (feed.status_code, feed.headers["Cache-Control"]) == (200, "private, no-store")


def test_two_newsrooms_in_one_application_have_their_own_articles_and_addresses(tmp_path: Path) -> None:
    with ExitStack() as stack:
        sites = []
        for name in ("east", "west"):
            root = write_newsroom(tmp_path / name, base_url=f"https://example.org/{name}")
            write_article(root, name, f"title: News from the {name}\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le")
            sites.append(stack.enter_context(closing(blueprint(root, url_prefix=f"/{name}", name=name))))
        client = portal.create_portal(sites, members=["west"]).test_client()
        assert "News from the east" in client.get("/east/feed.rss").text
        assert "News from the west" not in client.get("/east/feed.rss").text
        assert client.get("/west/feed.rss").status_code == 401
        client.get("/login/alice")
        west = client.get("/west/feed.rss").text
        assert ("News from the west" in west, "https://example.org/west/articles/west/" in west) == (True, True)
        assert client.get("/east/articles/west/").status_code == 404


def test_second_newsroom_needs_a_name_of_its_own(content: Path) -> None:
    sites = [blueprint(content, url_prefix=prefix, base_url=f"https://example.org{prefix}") for prefix in ("/a", "/b")]
    with pytest.raises(ValueError, match="Use 'name='"):
        portal.create_portal(sites)


def test_factory_may_be_called_for_each_test_of_the_portal(tmp_path: Path, content: Path) -> None:
    for number in range(2):
        app = portal.create_app(str(content), str(tmp_path / f"state-{number}"))
        assert app.test_client().get("/news/feed.rss").status_code == 200
        site = app.blueprints["feedsvc"]
        assert isinstance(site, NewsroomBlueprint)
        site.close()


def test_flask_lists_the_endpoints_and_url_for_makes_addresses(content: Path, newsroom: NewsroomBlueprint) -> None:
    line = [sys.executable, "-m", "flask", "--app", f"tests.blueprint.portal:create_app('{content}')", "routes"]
    routes = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert {"feedsvc.site_feed", "feedsvc.article", "feedsvc.media_file", "feedsvc.private_feed"} <= set(routes.split())
    app = portal.create_portal([newsroom])
    with app.test_request_context():
        assert url_for("feedsvc.site_feed", suffix="rss") == "/news/feed.rss"
        assert url_for("feedsvc.article", slug="bay") == "/news/articles/bay/"
        assert url_for("feedsvc.media_file", path="a/b.png") == "/news/media/a/b.png"


def test_newsroom_at_the_root_leaves_other_paths_to_the_portal(content: Path) -> None:
    with closing(blueprint(content, base_url="https://example.org", name="root")) as site:
        app = Flask("own")
        app.register_error_handler(404, lambda _: ("page of the portal", 404))
        app.register_blueprint(site)
        client = app.test_client()
        assert client.get("/feed.rss").status_code == 200
        assert client.get("/").status_code == 200
        assert client.get("/nothing/at/all").text == "page of the portal"


@pytest.mark.parametrize("errors", [404, HTTPException, Exception])
def test_pages_and_root_files_of_a_newsroom_at_the_root_are_served(content: Path, errors: int | type[Exception]) -> None:
    write(content, {"pages/about.md": "---\ntitle: About\n---\n", "root/ads.txt": "ads", "root/.well-known/a.txt": "known"})
    with closing(blueprint(content, base_url="https://example.org", name="root")) as site:
        app = Flask("own")
        app.register_error_handler(errors, lambda _: ("page of the portal", 404))
        app.register_blueprint(site)
        client = app.test_client()
        assert "<h1>About</h1>" in client.get("/about/").text
        assert client.get("/about").headers["Location"] == "/about/"
        assert [client.get(path).text for path in ("/ads.txt", "/.well-known/a.txt")] == ["ads", "known"]
        for path in ("/nothing", "/nothing/", "/.well-known/nothing"):
            assert (client.get(path).status_code, client.get(path).text) == (404, "page of the portal"), path
        assert "page of the portal" not in client.get("/articles/nothing/").text


def test_prefix_may_be_given_at_registration_and_by_an_outer_blueprint(content: Path) -> None:
    with closing(blueprint(content, base_url="https://example.org/app/news")) as site:
        outer = Blueprint("outer", __name__, url_prefix="/app")
        outer.register_blueprint(site, url_prefix="/news")
        app = Flask("own")
        app.register_blueprint(outer)
        assert app.test_client().get("/app/news/feed.rss").status_code == 200
        assert app.test_client().get("/app/news/rss.xml").headers["Location"] == "/app/news/feed.rss"


@pytest.mark.parametrize("script_name", ["/app", ""], ids=["mounted", "prefix removed by a proxy"])
def test_application_itself_may_be_below_a_path(content: Path, script_name: str) -> None:
    with closing(blueprint(content, url_prefix="/news", base_url="https://example.org/app/news")) as site:
        app = portal.create_portal([site])
        application = DispatcherMiddleware(Flask("empty"), {"/app": app}) if script_name else app
        client = Client(application)
        assert client.get(f"{script_name}/news/feed.rss").status_code == 200
        assert client.get(f"{script_name}/news/rss.xml").headers["Location"] == "/app/news/feed.rss"


@pytest.mark.parametrize(
    ("base_url", "prefix", "sentence"),
    [
        (
            "https://example.org",
            "/news",
            "the blueprint is at /news, but base_url is https://example.org, so links in feeds would",
        ),
        ("https://example.org", "/news", "give base_url https://example.org/news, in site.yaml or as argument of blueprint()"),
        ("https://example.org/daily", "/news", "give base_url https://example.org/daily/news, .* or url_prefix /daily"),
        ("https://example.org/xnews", "/news", "the blueprint is at /news"),
        ("https://example.org/news", "news", "url_prefix 'news' does not begin with a slash; write '/news'"),
        ("https://example.org/en", "/<language>", "has a variable part, but a site has one address"),
    ],
)
def test_prefix_that_contradicts_base_url_is_an_error_at_registration(
    content: Path, base_url: str, prefix: str, sentence: str
) -> None:
    with pytest.raises(FeedsvcError, match=sentence):
        Flask("own").register_blueprint(blueprint(content, url_prefix=prefix, base_url=base_url))


def test_base_url_of_site_yaml_is_checked_and_a_later_contradiction_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_newsroom(tmp_path / "content", base_url=URL)
    with closing(blueprint(root, url_prefix="/news")) as site:
        app = Flask("own")
        app.register_blueprint(site)
        client = app.test_client()
        assert client.get("/news/feed.rss").status_code == 200
        text = (root / "site.yaml").read_text()
        (root / "site.yaml").write_text(text.replace(URL, "https://example.org/other"))
        wait_until(lambda: "the blueprint is at /news, but base_url is https://example.org/other" in caplog.text)
        assert client.get("/news/feed.rss").status_code == 200
        (root / "site.yaml").write_text(text)
        wait_until(lambda: "base_url of site.yaml fits the blueprint again" in caplog.text)


@pytest.mark.parametrize(("base_url", "sentence"), [("news", "base_url 'news' is not the address of a site"), ("", "no folder")])
def test_error_is_raised_by_the_factory_and_not_by_the_first_request(tmp_path: Path, base_url: str, sentence: str) -> None:
    with pytest.raises((FeedsvcError, ContentError), match=sentence):
        blueprint(tmp_path / "nowhere", url_prefix="/news", base_url=base_url)


def test_problem_in_a_file_and_its_correction_are_in_the_log_of_the_portal(
    content: Path, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert client.get("/news/feed.rss").status_code == 200
    write_article(content, "broken", "titel: A mistake\npublished: 2026-02-20")
    wait_until(lambda: "articles/broken.yaml:2:1: error: " in caplog.text)
    assert client.get("/news/feed.rss").status_code == 200
    write_article(content, "broken", "title: A mistake\npublished: 2026-02-20\nsummary: Mended.")
    wait_until(lambda: "articles/broken.yaml: no problem any more" in caplog.text)


def test_child_process_of_the_portal_follows_saves_itself(tmp_path: Path, content: Path) -> None:
    """gunicorn --preload forks after the application was made; the threads of the parent do not exist in the child."""
    program = (
        "import os, sys, time\n"
        "from tests.blueprint import portal\n"
        "client = portal.create_app(sys.argv[1], sys.argv[2]).test_client()\n"
        "assert client.get('/news/feed.rss').status_code == 200\n"
        "if os.fork():\n"
        "    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "assert 'A gale' not in client.get('/news/feed.rss').text\n"
        "print('ready', flush=True)\n"
        "end = time.monotonic() + 20\n"
        "while 'A gale' not in client.get('/news/feed.rss').text:\n"
        "    assert time.monotonic() < end\n"
        "    time.sleep(0.01)\n"
    )
    line = [sys.executable, "-W", "ignore", "-c", program, str(content), str(tmp_path / "state")]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        write_article(content, "gale", ARTICLE)
        assert process.wait(30) == 0


def test_unusable_state_folder_is_an_error_at_the_start_and_names_the_argument(tmp_path: Path, content: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for state, reason in ((Path("/proc/nope"), "."), (file, "Not a directory"), (file / "state", "Not a directory")):
        message = rf"^{state} cannot be used \({reason}.*\); give another folder as the argument state$"
        with pytest.raises(FeedsvcError, match=message):
            blueprint(content, base_url=URL, state=state)


def test_state_folder_is_not_created_before_the_first_request(tmp_path: Path, newsroom: NewsroomBlueprint) -> None:
    assert [path.name for path in tmp_path.iterdir()] == ["content"]
    portal.create_portal([newsroom]).test_client().get("/news/")
    assert (tmp_path / "state").is_dir()
