"""redirects.yaml gives rules, and problems with line, column and hint; the fast reader reads what PyYAML reads."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.reading.redirects import LineDeclinedError, parse_redirects, read_rule_lines
from feedsvc.redirects import GONE, render_redirects_file

BASE = "https://news.example"
FILE = """\
# From the former system.
exact:
  /2014/05/01/old-title/: /articles/old-title/
  /?p=123: /articles/old-title/   # with its query
  '/a b/': "/articles/\\uc11c/"

  /comments/feed/: gone
  /blog/*: /articles/*
"""


def problems(text: str) -> list[str]:
    return [str(problem) for problem in parse_redirects(text.encode(), BASE).problems]


def test_file_gives_its_rules() -> None:
    rules, found, _ = parse_redirects(FILE.encode(), BASE)
    assert found == ()
    assert rules.exact == {
        "/2014/05/01/old-title/": "/articles/old-title/",
        "/?p=123": "/articles/old-title/",
        "/a b/": "/articles/서/",
        "/comments/feed/": GONE,
    }
    assert rules.wildcards == {"/blog/": "/articles/*"}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "exact:\n", "exact: {}\n", "\n\n"])
def test_file_without_rules_is_no_problem(text: str) -> None:
    rules, found, _ = parse_redirects(text.encode(), BASE)
    assert (bool(rules), found) == (False, ())


def test_target_on_the_site_itself_becomes_its_canonical_path() -> None:
    text = (
        "exact: {/a/: https://news.example/articles/x, /b/: /feed, /c/: https://news.example/?p=1, /d/*: https://NEWS.example/*}"
    )
    rules = parse_redirects(text.encode(), BASE).rules
    assert rules.exact == {"/a/": "/articles/x/", "/b/": "/feed.rss", "/c/": "https://news.example/?p=1"}
    assert rules.wildcards == {"/d/": "/*"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "exact:\n  /a/: /x/\n  /a: /y/\n",
            "redirects.yaml:3:3: '/a' is the same address as '/a/' in line 2; delete one of the two; a slash or index.html at",
        ),
        ("exact:\n  /a/: /x/\n  /a/: /x/\n", "redirects.yaml:3:3: '/a/' is the same address as '/a/' in line 2; delete one"),
        ("exact:\n  /a/: articles/x\n", "redirects.yaml:2:8: 'articles/x' is no target; write a path of this site like"),
        ("exact:\n  /a/: 12\n", "redirects.yaml:2:8: exact./a/: YAML reads 12 as a number; put it in quotes"),
        ("exact: [/a/]\n", "redirects.yaml:1:8: exact: expected 'key: value' lines, found a list; write {/old/: /new/}"),
        ("/a/: /b/\n", "redirects.yaml:1:1: unknown key '/a/'; write it below exact:, two spaces further right"),
        ("redirects:\n  /a/: /b/\n", "redirects.yaml:1:1: unknown key 'redirects'; "),
        ("- /a/\n", "redirects.yaml:1:1: expected 'key: value' lines"),
        (
            "exact:\n  /a/: /b/\n  /b/: /a/\n",
            "redirects.yaml:2:8: the redirects go in a circle: /a/ -> /b/ -> /a/; delete one of",
        ),
        ("exact:\n  /a/: /a\n", "redirects.yaml:2:8: the redirects go in a circle: /a/ -> /a/; delete one of these rules"),
        ("exact:\n  /a*: /b/\n", "redirects.yaml:2:3: '/a*' has a * that is not its last part; write it after a slash at the"),
        ("exact:\n  /a/: /b/*\n", "redirects.yaml:2:8: '/b/*' has a *; it may be the last part of a target, after a slash, if"),
        ("exact:\n  /a/*: /x/\n  /a/*: /x/\n", "redirects.yaml:3:3: '/a/*' is the same address as '/a/*' in line 2; delete"),
        ("exact:\n  /a/*: /a/*\n", "redirects.yaml:2:9: the redirects go in a circle: /a/* -> /a/*; delete one of these rules"),
        ("exact:\n\t/a/: /b/\n", "redirects.yaml:2:1: "),
        ("exact:\n  /a/: /b/\nexact:\n  /c/: /d/\n", "redirects.yaml:3:1: "),
    ],
)
def test_fault_is_a_problem_with_position_and_hint(text: str, expected: str) -> None:
    found = problems(text)
    assert any(expected in line for line in found), found


OLD_FORMS = """\
exact:
  /a/: /articles/x/
  /{year}/x/: /articles/x/   # a pattern has never been possible here
patterns:   # of an earlier version
- from: "/blog/{slug}/"
  to: "/articles/{slug}/"

# A comment.
- from: /files/{path...}
  to: https://other.example/{path...}
- {from: "/page/{number}/", to: /}
- from: /{year}/{month}/{slug}/
  to: /articles/{slug}/
- old: 1
"""


@pytest.mark.parametrize(
    "text", [OLD_FORMS, OLD_FORMS.replace("\n", "\r\n"), f"{OLD_FORMS[OLD_FORMS.index('patterns') :]}{OLD_FORMS[:42]}"]
)
def test_pattern_of_an_earlier_version_is_a_problem_that_says_what_to_write_and_the_other_rules_hold(text: str) -> None:
    rules, found, is_broken = parse_redirects(text.encode(), BASE)
    assert (rules.exact["/a/"], rules.wildcards, is_broken) == ("/articles/x/", {}, False)
    assert all(problem.severity == "error" for problem in found)
    shown = "\n".join(f"{problem.message}; {problem.hint}" for problem in found)
    for source, hint in (
        ("/blog/{slug}/", "write /blog/*: /articles/* below exact:"),
        ("/files/{path...}", "write /files/*: https://other.example/* below exact:"),
        ("/page/{number}/", "write /page/*: / below exact:"),
        ("/{year}/{month}/{slug}/", "write the address of each page in full below exact:, or one * at the end"),
    ):
        assert f"'{source}' is a pattern with placeholders, which no rule may have; {hint}" in shown


def test_pattern_of_an_earlier_version_is_found_in_its_line_in_a_large_file() -> None:
    lines = "".join(f"  /2014/05/{number}-{'x' * 40}/: /articles/{number}/\n" for number in range(20_000))
    parsed = parse_redirects(f"exact:\n{lines}patterns:\n  - from: /{{a}}/\n    to: gone\n".encode(), BASE)
    assert (len(parsed.rules.exact), parsed.is_broken) == (20_000, False)
    assert [str(problem) for problem in parsed.problems] == [
        "redirects.yaml:20003:11: '/{a}/' is a pattern with placeholders, which no rule may have; write /*: gone below exact:"
    ]


def test_what_leads_into_a_loop_is_left_out() -> None:
    text = "exact: {/a/: /b/, /b/: /c, /c/: gone, /d/: /e/, /e/: /f/, /f/: /e/, /g/: /articles/x/}"
    parsed = parse_redirects(text.encode(), BASE)
    assert parsed.rules.exact == {"/a/": "/b/", "/b/": "/c", "/c/": GONE, "/g/": "/articles/x/"}
    assert [problem.severity for problem in parsed.problems] == ["error"]


def test_long_chain_takes_one_pass() -> None:
    lines = "".join(f"  /{number}/: /{number + 1}/\n" for number in range(20_000))
    parsed = parse_redirects(f"exact:\n{lines}".encode(), BASE)
    assert (len(parsed.rules.exact), parsed.problems) == (20_000, ())
    parsed = parse_redirects(f"exact:\n{lines}  /20000/: /0/\n".encode(), BASE)
    assert (parsed.rules.exact, len(parsed.problems)) == ({}, 1)


def test_too_many_sets_of_parameters_are_a_problem() -> None:
    lines = "".join(f"  /?q{number}=1: /articles/x/\n" for number in range(33))
    assert problems(f"exact:\n{lines}")[0].startswith("redirects.yaml:2:3: the queries have 33 different sets of parameter names")


def test_large_file_must_have_one_rule_on_each_line() -> None:
    lines = "".join(f"  /2014/05/{number}-{'x' * 40}/: /articles/{number}/\n" for number in range(20_000))
    assert len(parse_redirects(f"exact:\n{lines}".encode(), BASE).rules.exact) == 20_000
    (problem,) = problems(f"exact:\n{lines}  /a/: [x]\n")
    assert problem.startswith("redirects.yaml:20002:1: a file of more than 1 MiB must have one rule on each line")


SCALARS = st.text(st.sampled_from("/ab#:'\"\\{}[]&*!|>%@`,?- \t서=."), max_size=8)


@given(st.lists(st.tuples(SCALARS, SCALARS, st.sampled_from(["plain", "single", "double"])), min_size=1, max_size=4))
def test_fast_reader_reads_what_pyyaml_reads_or_declines(rules: list[tuple[str, str, str]]) -> None:
    def write(text: str, style: str) -> str:
        quoted = "'" + text.replace("'", "''") + "'"
        return {"plain": text, "single": quoted, "double": json.dumps(text, ensure_ascii=False)}[style]

    lines = "".join(f"  {write(key, style)}: {write(value, style)}\n" for key, value, style in rules)
    try:
        texts = read_rule_lines(f"exact:\n{lines}")
    except LineDeclinedError:
        return
    loaded = yaml.safe_load(f"exact:\n{lines}")["exact"]
    assert {rule.source: rule.target for rule in texts} == loaded


@given(st.dictionaries(SCALARS.map(lambda text: f"/{text}"), SCALARS.map(lambda text: f"/{text}"), max_size=4))
def test_written_file_is_read_by_the_fast_reader(rules: dict[str, str]) -> None:
    assert {rule.source: rule.target for rule in read_rule_lines(render_redirects_file(rules))} == rules
