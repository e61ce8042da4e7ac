"""Cases with an invalid authors.yaml, categories.yaml, tags.yaml or feeds.yaml."""

from __future__ import annotations

from typing import Final

from feedsvc.content.schema.hints import MISSING_KEY_HINTS
from tests.broken_files.case import Case, article

_ASCII: Final = "is not an e-mail address in ASCII; write it without 'ü', a domain as xn--..."
CASES: Final = (
    Case(
        "unknown key in author",
        {"authors.yaml": "mina-park:\n  name: Mina\n  mial: x\n"},
        ("authors.yaml:3:3: unknown key 'mial'; did you mean 'email'?",),
    ),
    Case("author without name", {"authors.yaml": "mina-park:\n  bio: x\n"}, ("authors.yaml:2:3: name: is missing",)),
    Case(
        "title instead of name",
        {"authors.yaml": "mina-park:\n  title: Mina\n  name: Mina\n"},
        ("authors.yaml:2:3: unknown key 'title'; did you mean 'name'?",),
    ),
    Case(
        "author without keys",
        {"authors.yaml": "mina-park:\n"},
        ("authors.yaml:1:1: mina-park: expected keys of its own, like name:, indented below it",),
    ),
    Case(
        "author as text",
        {"authors.yaml": "mina-park: Mina Park\n"},
        ("authors.yaml:1:1: mina-park: expected keys of its own, like name:, indented below it",),
    ),
    Case(
        "invalid e-mail address",
        {"authors.yaml": "mina-park: {name: Mina, email: mina at example}\n"},
        ("authors.yaml:1:32: email: 'mina at example' is not an e-mail address",),
    ),
    Case(
        "e-mail with letters outside ASCII",
        {"authors.yaml": "mina-park: {name: Mina, email: ü@a.example}\n"},
        (f"authors.yaml:1:32: email: 'ü@a.example' {_ASCII}",),
    ),
    Case(
        "e-mail of a domain outside ASCII",
        {"authors.yaml": "mina-park: {name: Mina, email: m@ü.example}\n"},
        (f"authors.yaml:1:32: email: 'm@ü.example' {_ASCII}",),
    ),
    Case(
        "missing avatar",
        {"authors.yaml": "mina-park: {name: Mina, avatar: media/mina.jpg}\n"},
        ("authors.yaml:1:33: avatar: no file 'media/mina.jpg'; did you mean 'media/p.png'?",),
    ),
    Case(
        "author id with blank",
        {"authors.yaml": "Mina Park: {name: Mina}\n"},
        ("authors.yaml:1:1: 'Mina Park' cannot stand in an address; use letters, digits and '-', like 'mina-park'",),
    ),
    Case(
        "authors as list",
        {"authors.yaml": "- mina-park\n"},
        ("authors.yaml:1:1: expected one 'author-id:' after another, each with keys of its own",),
    ),
    Case(
        "empty authors",
        {"authors.yaml": ""},
        ("authors.yaml:1:1: the file is empty; write its keys, or delete it if it is not needed",),
    ),
    Case(
        "same author id twice",
        {"authors.yaml": "m: {name: M}\nm: {name: N}\n"},
        ("authors.yaml:2:1: 'm' stands here a second time; the first is in line 1; delete one",),
    ),
    Case(
        "alias of another author",
        {"authors.yaml": "m: {name: M}\nn: {name: N, aliases: [m]}\n"},
        ("authors.yaml:2:24: n.aliases: 'm' is already an id of its own; delete it here",),
    ),
    Case(
        "syntax error in categories",
        {"categories.yaml": "asia: {title: Asia\n"},
        ("categories.yaml:1:7: this '[' or '{' is not closed, or a text inside it needs quotes, at its beginning and end",),
    ),
    Case("category without title", {"categories.yaml": "asia: {description: x}\n"}, ("categories.yaml:1:7: title: is missing",)),
    Case(
        "number as category title",
        {"categories.yaml": "y: {title: 2026}\n"},
        ('categories.yaml:1:12: title: YAML reads 2026 as a number; put it in quotes: "2026"',),
    ),
    Case(
        "name instead of title",
        {"categories.yaml": "asia: {name: Asia, title: x}\n"},
        ("categories.yaml:1:8: unknown key 'name'; did you mean 'title'?",),
    ),
    Case(
        "feed of a category with an option of the site only",
        {"categories.yaml": "asia: {title: Asia, feed: {archives: site}}\n"},
        ("categories.yaml:1:38: feed.archives: expected 'all' or 'none', found 'site'",),
    ),
    Case(
        "feed of an author with an unknown key",
        {"authors.yaml": "mina-park:\n  name: Mina\n  feed:\n    entires: 5\n"},
        ("authors.yaml:4:5: unknown key 'entires'; did you mean 'entries'?",),
    ),
    Case(
        "too many entries in the feed of a category",
        {"categories.yaml": "asia: {title: Asia, feed: {entries: 1001}}\n"},
        ("categories.yaml:1:37: feed.entries: expected a whole number, at most 1000, found '1001'",),
    ),
    Case(
        "unknown key in tag",
        {"tags.yaml": "one:\n  titel: One\n"},
        ("tags.yaml:2:3: unknown key 'titel'; did you mean 'title'?",),
    ),
    Case(
        "name instead of title in tag",
        {"tags.yaml": "one: {name: One}\n"},
        ("tags.yaml:1:7: unknown key 'name'; did you mean 'title'?",),
    ),
    Case(
        "tag without keys",
        {"tags.yaml": "one:\n"},
        ("tags.yaml:1:1: one: expected keys of its own, like title:, indented below it",),
    ),
    Case(
        "spelling of a tag instead of its id",
        {"tags.yaml": "one: {title: Number One}\nSouth Korea: {title: South Korea}\n"},
        ("tags.yaml:2:1: 'South Korea' is not the id of a tag; write 'south-korea'",),
    ),
    Case(
        "tag id in capitals",
        {"tags.yaml": "one: {title: Number One}\nChina: {title: China}\n"},
        ("tags.yaml:2:1: 'China' is not the id of a tag; write 'china'",),
    ),
    Case(
        "tag id with a sign",
        {"tags.yaml": "one: {title: Number One}\nC++: {title: C++}\n"},
        ("tags.yaml:2:1: 'C++' is not the id of a tag; write 'c-plus-plus'",),
    ),
    Case(
        "alias of another tag",
        {"tags.yaml": "one: {title: Number One}\ntwo: {title: Two, aliases: [one]}\n"},
        ("tags.yaml:2:29: two.aliases: 'one' is already an id of its own; delete it here",),
    ),
    Case(
        "feed of a tag with an option of the site only",
        {"tags.yaml": "one: {feed: {archives: site}}\n"},
        ("tags.yaml:1:24: feed.archives: expected 'all' or 'none', found 'site'",),
    ),
    Case(
        "tags as list",
        {"tags.yaml": "- one\n"},
        ("tags.yaml:1:1: expected one 'tag-id:' after another, each with keys of its own",),
    ),
    Case(
        "empty tags", {"tags.yaml": ""}, ("tags.yaml:1:1: the file is empty; write its keys, or delete it if it is not needed",)
    ),
    Case(
        "unknown category in a feed",
        {"categories.yaml": "asia: {title: Asia}\n", "feeds.yaml": "x: {title: X, include: {categories: [aisa]}}\n"},
        ("feeds.yaml:1:38: include.categories: no category 'aisa'; did you mean 'asia'?",),
    ),
    Case(
        "feed of an invalid author",
        {"authors.yaml": "mina-park:\n  bio: x\n", "feeds.yaml": "x: {title: X, include: {authors: mina-park}}\n"},
        (
            "authors.yaml:2:3: name: is missing",
            "feeds.yaml:1:34: include.authors: the entry of the author 'mina-park' has an error; correct authors.yaml:1 first",
        ),
    ),
    Case(
        "feed without selection",
        {"feeds.yaml": "x: {title: X}\n"},
        (f"feeds.yaml:1:4: include: is missing; {MISSING_KEY_HINTS['include']}",),
    ),
    Case(
        "selection beside include, as other programs have it",
        {"feeds.yaml": "x:\n  title: X\n  categories: [asia]\n  tags: [rain]\n  author: kim\n  limit: 5\n"},
        (
            "feeds.yaml:3:3: unknown key 'categories'; write it below include:",
            "feeds.yaml:4:3: unknown key 'tags'; write it below include:",
            "feeds.yaml:5:3: unknown key 'author'; write it below include:, as a list",
            "feeds.yaml:6:3: unknown key 'limit'; did you mean 'entries'?",
        ),
    ),
    Case(
        "feed with an empty selection",
        {"feeds.yaml": "x: {title: X, include: {categories: []}}\n"},
        (
            (
                "feeds.yaml:1:15: include: names nothing; write include: {all: true} for every article, or categories:, "
                "authors:, tags: or languages:"
            ),
        ),
    ),
    Case(
        "feed of everything and more",
        {"feeds.yaml": "x: {title: X, include: {all: true, tags: [one]}}\n"},
        ("feeds.yaml:1:25: include: all: true stands beside tags; delete one of them",),
    ),
    Case(
        "feed that leaves out all that it selects",
        {"feeds.yaml": "x: {title: X, include: {languages: [en-GB]}, exclude: {languages: [en]}}\n"},
        (
            (
                "feeds.yaml:1:56: exclude.languages: leaves out all that include.languages names, so the feed would hold "
                "nothing; delete a name here or there"
            ),
        ),
    ),
    Case(
        "digest at a time that no day has",
        {"feeds.yaml": 'x: {title: X, include: {all: true}, digest: {every: day, at: "24:00"}}\n'},
        (
            (
                "feeds.yaml:1:62: digest.at: '24:00' is not a time of the day from 00:00 to 23:59; write it in quotes, "
                'like "06:00"'
            ),
        ),
    ),
    Case(
        "digest every month",
        {"feeds.yaml": "x: {title: X, include: {all: true}, digest: {every: month, at: 06:00}}\n"},
        ("feeds.yaml:1:53: digest.every: expected 'day' or 'week', found 'month'",),
    ),
    Case(
        "weekly digest without a day",
        {"feeds.yaml": "x: {title: X, include: {all: true}, digest: {every: week, at: 06:00}}\n"},
        ("feeds.yaml:1:37: digest: names no day of the week; write on: monday beside every: week",),
    ),
    Case(
        "daily digest on one day",
        {"feeds.yaml": "x: {title: X, include: {all: true}, digest: {every: day, at: 18:00, on: friday}}\n"},
        ("feeds.yaml:1:69: digest.on: stands beside every: day; delete it, or write every: week",),
    ),
    Case(
        "tag twice in a feed",
        {"feeds.yaml": "x: {title: X, include: {tags: [South Korea, south-korea]}}\n"},
        ("feeds.yaml:1:45: include.tags: 'south-korea' is there already; delete it here",),
    ),
    Case(
        "tag without letters in a feed",
        {"feeds.yaml": "x: {title: X, include: {tags: ['?']}}\n"},
        ("feeds.yaml:1:32: include.tags: '?' is no tag, because it has no letter or digit",),
    ),
    Case(
        "age without unit in a feed",
        {"feeds.yaml": "x: {title: X, include: {all: true}, max_age: 30}\n"},
        ("feeds.yaml:1:46: max_age: '30' is not an age in days or hours; write it like 30d or 48h",),
    ),
    Case(
        "everything excluded in a feed",
        {"feeds.yaml": "x: {title: X, include: {all: true}, exclude: {all: true}}\n"},
        ("feeds.yaml:1:47: unknown key 'all'; the keys are categories, authors, tags, languages",),
    ),
    Case(
        "missing image of a feed",
        {"feeds.yaml": "x: {title: X, include: {all: true}, image: media/absent.jpeg}\n"},
        ("feeds.yaml:1:44: image: no file 'media/absent.jpeg'",),
    ),
    Case(
        "feeds as list",
        {"feeds.yaml": "- x\n"},
        ("feeds.yaml:1:1: expected one 'feed-id:' after another, each with keys of its own",),
    ),
    Case(
        "redirects as list",
        {"redirects.yaml": "- /old/: /articles/sound/\n"},
        (
            (
                "redirects.yaml:1:1: expected 'key: value' lines, found a list; write exact: in a line of its own, and below it, "
                "in a line each, rules like '  /old/: /articles/new/'"
            ),
        ),
    ),
    Case(
        "article of an invalid author",
        {"authors.yaml": "mina-park:\n  bio: x\n", **article("author: mina-park\n")},
        (
            "articles/a.yaml:3:9: author: the entry of the author 'mina-park' has an error; correct authors.yaml:1 first",
            "authors.yaml:2:3: name: is missing",
        ),
    ),
    Case(
        "article of an invalid categories.yaml",
        {"categories.yaml": "", **article("category: asia\n")},
        (
            (
                "articles/a.yaml:3:11: category: categories.yaml has an error, so no category is known; "
                "correct categories.yaml:1 first"
            ),
            "categories.yaml:1:1: the file is empty; write its keys, or delete it if it is not needed",
        ),
    ),
)
