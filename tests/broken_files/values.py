"""Cases with values of a wrong type."""

# ruff: noqa: E501 - messages are not wrapped

from __future__ import annotations

from typing import Final

from tests.broken_files.case import Case, article, article_with_remote_image

_FEWER: Final = "keep the {} that matter most, and remove the others"
CASES: Final = (
    Case(
        "image as text",
        article("image: media/p.png\n"),
        ("articles/a.yaml:3:8: image: expected 'key: value' lines, found text; write {src: media/p.png}",),
    ),
    Case(
        "enclosure as text",
        article("enclosures: [media/p.png]\n"),
        ("articles/a.yaml:3:14: enclosures: expected 'key: value' lines, found text; write {src: media/p.png}",),
    ),
    Case(
        "source as text",
        article("sources:\n- Yonhap\n"),
        ("articles/a.yaml:4:3: sources: expected 'key: value' lines, found text; write {name: Yonhap}",),
    ),
    Case(
        "one enclosure without list",
        article("enclosures: {src: media/p.png}\n"),
        (
            "articles/a.yaml:3:13: enclosures: expected a list, found keys with values; each entry is a line that begins with '- '",
        ),
    ),
    *(
        Case(
            f"too many {key}",
            article(f"{key}: [{', '.join([entry] * 101)}]\n"),
            (f"articles/a.yaml:3:{len(key) + 3}: {key}: 101 entries, at most 100 are allowed; {_FEWER.format(100)}",),
        )
        for key, entry in (("tags", "China"), ("categories", "c"), ("authors", "a"))
    ),
    *(
        Case(
            f"too many {key}",
            article(f"{key}:\n{f'- {entry}' * 1001}"),
            (f"articles/a.yaml:4:1: {key}: 1,001 entries, at most 1,000 are allowed; {_FEWER.format('1,000')}",),
        )
        for key, entry in (
            ("aliases", "a-name\n"),
            ("enclosures", "{src: media/p.png}\n"),
            ("sources", "{name: Yonhap}\n"),
            ("corrections", "{date: 2026-01-02, text: Two.}\n"),
        )
    ),
    Case(
        "tag of 201 characters",
        article(f"tags: [China, {'x' * 201}]\n"),
        ("articles/a.yaml:3:15: tags: 201 characters, at most 200 are allowed; shorten it",),
    ),
    Case(
        "text for a list of keys",
        article("enclosures: media/a.mp3\ncorrections: It was line 9.\nwithdrawn: It was wrong\n"),
        (
            "articles/a.yaml:3:13: enclosures: expected a list, found text; write [{src: media/a.mp3}]",
            "articles/a.yaml:4:14: corrections: expected a list, found text; write [{date: 2026-01-02, text: It was line 9.}]",
            "articles/a.yaml:5:12: withdrawn: expected 'key: value' lines, found text; write {notice: It was wrong}",
        ),
    ),
    *(
        Case(
            f"name as the selection of a feed: {name}",
            {"feeds.yaml": f"x: {{title: X, include: {name}}}\n"},
            (f"feeds.yaml:1:24: include: expected 'key: value' lines, found text; write {example}",),
        )
        for name, example in (("all", "{all: true}"), ("news", "{categories: [news]}"))
    ),
    *(
        Case(
            f"status of other programs: {word}",
            article(f"status: {word}\n"),
            (f"articles/a.yaml:3:9: status: expected 'draft', 'published' or 'withdrawn', found '{word}'; {hint}",),
        )
        for word, hint in (
            ("scheduled", "delete this line: a later date in published: schedules the article"),
            ("expired", "delete this line, and write in expires: when that was"),
            ("Retracted", "did you mean 'withdrawn'?"),
            ("public", "did you mean 'published'?"),
        )
    ),
    Case(
        "invalid status",
        article("status: publish\n"),
        (
            "articles/a.yaml:3:9: status: expected 'draft', 'published' or 'withdrawn', found 'publish'; did you mean 'published'?",
        ),
    ),
    Case(
        "translation of itself",
        article("id: tag:x.example,2026:a\ntranslation_of: tag:x.example,2026:a\n"),
        ("articles/a.yaml:4:17: translation_of: is the id of this article; write the id of the article that it translates",),
    ),
    Case(
        "invalid language",
        article("language: english!\n"),
        ("articles/a.yaml:3:11: language: 'english!' is not a language tag; write it like en, ko or zh-Hant",),
    ),
    Case(
        "invalid id",
        article("id: second summit\n"),
        ("articles/a.yaml:3:5: id: 'second summit' is not a URI, as an id must be; write it like tag:example.org,2026:a-name",),
    ),
    Case(
        "tag id without year",
        article("id: tag:example.org:a\n"),
        (
            "articles/a.yaml:3:5: id: 'tag:example.org:a' is not a URI, as an id must be; write it like tag:example.org,2026:a-name",
        ),
    ),
    Case(
        "slug with blanks",
        article("slug: Second Summit\n"),
        (
            "articles/a.yaml:3:7: slug: 'Second Summit' cannot stand in an address; use letters, digits and '-', like 'second-summit'",
        ),
    ),
    Case(
        "alias with slash",
        article("aliases: [old/name]\n"),
        ("articles/a.yaml:3:11: aliases: 'old/name' cannot stand in an address; use letters, digits and '-', like 'old-name'",),
    ),
    Case(
        "invalid link",
        article("link: www.example.org\n"),
        ("articles/a.yaml:3:7: link: 'www.example.org' is not a web address, which begins with https:// and names a host",),
    ),
    Case(
        "width as text",
        article_with_remote_image("type: image/png, width: wide, height: 5"),
        ("articles/a.yaml:3:63: image.width: expected a whole number, found 'wide'",),
    ),
    Case(
        "width zero",
        article_with_remote_image("type: image/png, width: 0, height: 5"),
        ("articles/a.yaml:3:63: image.width: expected a whole number, more than 0, found '0'",),
    ),
    Case(
        "fractional width",
        article_with_remote_image("type: image/png, width: 1.5, height: 5"),
        ("articles/a.yaml:3:63: image.width: expected a whole number, found '1.5'",),
    ),
)
