"""Article files of an import: new Markdown files with front matter, and changes of single keys in files that editors changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from feedsvc.content.reading.files import is_markdown, split_front_matter
from feedsvc.content.text import decode
from feedsvc.content.yaml import YamlDocument, parse_yaml
from feedsvc.importing.writer.values import BODY, KEYS, ArticleValues, normalize_values
from feedsvc.importing.writer.yaml_text import format_key


class ArticleFile(NamedTuple):
    """Article or page file as it is in the folder. `text` is the whole file; `id` is "" if it states none.

    `keys` are its keys as YAML types them; `values` are those that an import writes (KEYS), in normal form, and the body.
    """

    text: str
    id: str
    keys: Mapping[str, Any]
    values: ArticleValues
    is_markdown: bool

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids by which readers know the article: its id and its guid, as far as the file states them."""
        return tuple(value for value in (self.id, self.values.get("guid")) if isinstance(value, str) and value)


def read_article_file(path: str, data: bytes) -> ArticleFile | None:
    """Parse an article or page file; None if its front matter or YAML is invalid or no mapping. Values are not validated.

    The suffix of `path` says whether it is Markdown or YAML.
    """
    text = decode(path, data).text
    has_front_matter = is_markdown(path)
    try:
        head, body = split_front_matter(text) if has_front_matter else (text, None)
    except ValueError:
        return None
    document = parse_yaml(path, head)
    if document.problems or not isinstance(document.value, dict):
        return None
    keys = document.value
    yaml_body = keys.get(BODY)
    values = normalize_values(keys, body if body is not None else yaml_body if isinstance(yaml_body, str) else "")
    file_id = keys.get("id")
    return ArticleFile(text, file_id if isinstance(file_id, str) else "", keys, values, has_front_matter)


def format_article(article_id: str, values: ArticleValues) -> str:
    """Return the text of a new Markdown file of an article, or of a page if the id is "". Values of unknown keys are left out."""
    article_id = format_key("id", article_id) if article_id else ""
    head = "".join(format_key(key, values[key]) for key in KEYS if key in values and key != BODY)
    return f"---\n{article_id}{head}---\n\n{values.get(BODY, '')}\n"


def change_article(path: str, file: ArticleFile, changes: Mapping[str, Any]) -> str | None:
    """Return the text of a Markdown file with some keys changed and all else as it is; None if that is not safely possible.

    A YAML file is never changed. `changes` are keys with their new values; None removes a key. A result is given only if the new
    text, parsed again, has these values and no other difference. Nothing is written.
    """
    if not file.is_markdown:
        return None
    text = file.text
    for key, value in changes.items():
        changed = _replace_body(text, value or "") if key == BODY else _change_key(path, text, key, value)
        if changed is None:
            return None
        text = changed
    after = read_article_file(path, text.encode())
    expected = {**file.values, **{key: value for key, value in changes.items() if value is not None}}
    for key in (key for key, value in changes.items() if value is None):
        expected.pop(key, None)
    others = {name: value for name, value in file.keys.items() if name not in (*KEYS, "category", "author")}
    if after is None or after.values != expected or any(after.keys.get(name) != value for name, value in others.items()):
        return None
    return text


def _replace_body(text: str, body: str) -> str:
    head, old = split_front_matter(text)
    new = _with_line_ends_of(head, f"\n{body}\n")
    return f"{text[: len(text) - len(old)]}{new}"


def _with_line_ends_of(head: str, text: str) -> str:
    """Return a text with the line ends of the front matter, which are others if an editor on Windows saved it."""
    return text.replace("\n", "\r\n") if "\r\n" in head else text


def _change_key(path: str, text: str, key: str, value: Any) -> str | None:
    """Return the text with one key of its front matter replaced, added or, if `value` is None, removed.

    None if the front matter is a mapping in braces.
    """
    head, _ = split_front_matter(text)
    offset = text.index("\n")  # the first line, which opens the front matter, is empty for YAML
    document = parse_yaml(path, head)
    if document.is_flow_mapping():
        return None
    name = _name_in(document, key)
    new = "" if value is None else _with_line_ends_of(head, format_key(key, value))
    if name is None:
        end = offset + len(head)
        return f"{text[:end]}{new}{text[end:]}"
    start = document.span((name,), at_key=True)[0]
    end = _value_end(head, start, document.span((name,))[1])
    if head[end - 1] != "\n":  # a comment in the value's own line stays, unless the key is removed
        end, new = (head.index("\n", end) + 1, "") if value is None else (end, new.rstrip("\r\n"))
    return f"{text[: offset + start]}{new}{text[offset + end :]}"


def _value_end(head: str, start: int, end: int) -> int:
    """Return the index in `head` of the end of a key, without comments and empty lines below it, which YAML counts to a block.

    `start` is the index of the key, `end` that of the end of its value according to YAML.
    """
    lines = head[start:end].splitlines(keepends=True)
    while len(lines) > 1 and lines[-1].lstrip()[:1] in ("", "#"):
        lines.pop()
    return start + len("".join(lines))


def _name_in(document: YamlDocument, key: str) -> str | None:
    """Return the name of a key in the front matter, also its singular (category for categories); None if it has neither."""
    names = (key, {"categories": "category", "authors": "author"}.get(key, key))
    return next((name for name in names if document.has_value((name,))), None)
