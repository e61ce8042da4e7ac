"""Insert an id into files of any layout: its removal gives the former bytes, or the file is unchanged."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedsvc.content.reading import article as reader
from feedsvc.editing.article_files import insert_id, parse_source
from tests.helpers.content_invariants import REFERENCES, SITE

no_deadline: Final = settings(deadline=None)
OTHER_CONTEXT: Final = replace(REFERENCES, site=replace(SITE, id_domain="elsewhere.example"))

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
    start, separator, end = draw(
        st.sampled_from([("{", ", ", "}"), ("{\n  ", ",\n  ", "\n}\n"), ("{ # c\n ", ",", " }"), ("{", ",\n", ",}")])
    )
    return draw(HEADS) + start + separator.join(keys) + end


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    text = draw(blocks() | braces())
    is_markdown = draw(st.booleans())
    if is_markdown:
        text = f"---\n{text}\n---\nid: in the text\n"
    lines = text.split("\n")
    line_ends = (
        draw(st.lists(ENDS, min_size=len(lines), max_size=len(lines))) if draw(st.booleans()) else [draw(ENDS)] * len(lines)
    )
    text = "".join(line + end for line, end in zip(lines, line_ends, strict=True))[: -len(line_ends[-1])]
    data = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()
    return f"articles/{draw(STEMS)}.{'md' if is_markdown else 'yaml'}", data


def check_insertion(path: str, data: bytes) -> bool:
    """Return True if an id was inserted; fail if the article read from the file changed, also with another id_domain."""
    article = reader.parse_article(path, data, REFERENCES).article
    source = parse_source(path, data)
    if article is None or source.yaml.value.get("id") is not None:
        return False
    after = insert_id(source, article, REFERENCES)
    if after is None:
        return False
    assert reader.parse_article(path, after, REFERENCES).article == article
    other_article = reader.parse_article(path, after, OTHER_CONTEXT).article
    assert other_article
    assert other_article.id == article.id
    assert_only_the_id_was_inserted(data, after, article.id)
    return True


def assert_only_the_id_was_inserted(data: bytes, after: bytes, article_id: str) -> None:
    """Fail unless the inserted bytes are one piece around the id, which replaced at most a null."""
    index = after.index(article_id.encode())
    starts = range(index - 6, index + 1)
    ends = range(index + len(article_id), index + len(article_id) + 10)
    candidates = {
        after[:start] + null + after[end:] for start in starts if start >= 0 for end in ends for null in (b"", b"~", b"null")
    }
    assert data in candidates


@no_deadline
@given(files())
@example(("articles/a.yaml", b"title: A\r\npublished: 2026-01-02"))
def test_removal_of_the_id_gives_the_former_bytes(file: tuple[str, bytes]) -> None:
    check_insertion(*file)


@no_deadline
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
def test_any_values_are_unchanged(
    value: dict[str, object], stem: str, flow_style: bool | None, end: str, is_escaped: bool
) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow_style, line_break=end, allow_unicode=not is_escaped, sort_keys=False)
    path, data = f"articles/{stem}.yaml", text.encode(errors="surrogatepass")
    if reader.parse_article(path, data, REFERENCES).article:
        assert check_insertion(path, data), "a file written by a YAML library always has a place for an id"
