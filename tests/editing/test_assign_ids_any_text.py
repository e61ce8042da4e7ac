"""Whatever an article's file looks like: an id is written in so that taking it out gives the old bytes, or nothing is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedsvc.content.reading import article as reader
from feedsvc.editing.assign_ids import insert_id
from feedsvc.editing.source_file import parse_source
from tests.helpers.content_invariants import REFERENCES, SITE

modest: Final = settings(deadline=None)
ELSEWHERE: Final = replace(REFERENCES, site=replace(SITE, id_domain="elsewhere.example"))

STEMS: Final = st.sampled_from(["a", "정 상", "100%", "a#b", "a, b", "'", "e\u0301", "a:"])
HEADS: Final = st.sampled_from(
    ["", "# c\n", "\n\n", "--- # c\n", "%YAML 1.1\n---\n", "# 🎉 \u2028 é\n", "\ufeff", "--- !!map\n", "--- &r\n"]
)
TITLES: Final = st.sampled_from(
    [
        "title: A",
        "'title' : 🎉é",
        '"title": "a\\n b"',
        "title: >-\n   folded\n   text",
        "? title\n: A",
        "&a title: &b A",
        "title: A # c",
    ]
)
KEYS: Final = st.sampled_from(
    [
        "id:",
        "id: ~",
        "id: null # c",
        "'id':",
        "slug: x",
        "tags: [b, c]",
        "body: |\n   id: x\n\n   # no",
        "# id: no",
        "",
        "status: draft",
        "? id",
    ]
)
FLOW_KEYS: Final = st.sampled_from(["id: ", "id", "id: ~", "slug: x", "tags: [b, c]", "'id': null", "# c\nsummary: x"])
ENDS: Final = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def blocks(draw: st.DrawFn) -> str:
    indent = " " * draw(st.integers(0, 3))
    keys = draw(st.permutations([draw(TITLES), "published: 2026-01-02", *draw(st.lists(KEYS, max_size=3))]))
    lines = "\n".join(keys).split("\n")
    return draw(HEADS) + "\n".join(indent + line for line in lines) + draw(st.sampled_from(["", "\n", "\n\n# c", "\n...\n"]))


@st.composite
def braces(draw: st.DrawFn) -> str:
    keys = draw(st.permutations(["title: A", '"published":"2026-01-02"', *draw(st.lists(FLOW_KEYS, max_size=2))]))
    opened, between, closed = draw(
        st.sampled_from([("{", ", ", "}"), ("{\n  ", ",\n  ", "\n}\n"), ("{ # c\n ", ",", " }"), ("{", ",\n", ",}")])
    )
    return draw(HEADS) + opened + between.join(keys) + closed


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    text = draw(blocks() | braces())
    is_markdown = draw(st.booleans())
    if is_markdown:
        text = f"---\n{text}\n---\nid: in the text\n"
    lines = text.split("\n")
    mixed = draw(st.lists(ENDS, min_size=len(lines), max_size=len(lines))) if draw(st.booleans()) else [draw(ENDS)] * len(lines)
    text = "".join(line + end for line, end in zip(lines, mixed, strict=True))[: -len(mixed[-1])]
    data = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()
    return f"articles/{draw(STEMS)}.{'md' if is_markdown else 'yaml'}", data


def check(path: str, data: bytes) -> bool:
    """Whether an id was written; the file's reading must then be the same, now that it is written anywhere."""
    article = reader.parse_article(path, data, REFERENCES).article
    source = parse_source(path, data)
    if article is None or source.yaml.value.get("id") is not None:
        return False
    after = insert_id(source, article, REFERENCES)
    if after is None:
        return False
    assert reader.parse_article(path, after, REFERENCES).article == article
    again = reader.parse_article(path, after, ELSEWHERE).article
    assert again
    assert again.id == article.id
    assert_only_the_id_came(data, after, article.id)
    return True


def assert_only_the_id_came(data: bytes, after: bytes, name: str) -> None:
    """What came is one piece around the id; what went for it is at most a null."""
    at = after.index(name.encode())
    starts = range(at - 6, at + 1)
    ends = range(at + len(name), at + len(name) + 10)
    whole = {
        after[:start] + null + after[end:] for start in starts if start >= 0 for end in ends for null in (b"", b"~", b"null")
    }
    assert data in whole


@modest
@given(files())
@example(("articles/a.yaml", b"title: A\r\npublished: 2026-01-02"))
def test_taking_the_id_out_gives_the_old_bytes(file: tuple[str, bytes]) -> None:
    check(*file)


@modest
@given(
    st.fixed_dictionaries(
        {"title": st.text(min_size=1), "published": st.just("2026-01-02")},
        optional={"id": st.none(), "summary": st.text(), "tags": st.lists(st.text(), max_size=3), "body": st.text()},
    ),
    STEMS,
    st.booleans() | st.none(),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_any_words_of_an_editor_stay(value: dict[str, object], stem: str, flow: bool | None, end: str, escaped: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, line_break=end, allow_unicode=not escaped, sort_keys=False)
    path, data = f"articles/{stem}.yaml", text.encode(errors="surrogatepass")
    if reader.parse_article(path, data, REFERENCES).article:
        assert check(path, data), "what a YAML library writes always has a place for an id"


def test_the_usual_layouts_are_stamped_and_not_left() -> None:
    assert check("articles/a.yaml", b"title: A\npublished: 2026-01-02\nid:\n")
    assert check("articles/a.md", b"---\ntitle: A\npublished: 2026-01-02\n---\n")
