"""YAML parser: the text of a file to plain values, whose lines and columns can be looked up.

`parse_yaml` always returns a `YamlDocument`. YAML errors are problems of the document, in an editor's words. The packages of
`content`, `editing`, `importing` and `migration` may use it.
"""

from feedsvc.content.yaml.document import YamlDocument, parse_yaml
from feedsvc.content.yaml.error_messages import CONFLICT_MESSAGE, conflict_line
from feedsvc.content.yaml.full import KeyPath, YamlValue
from feedsvc.content.yaml.scalars import format_scalar, quote_scalar

__all__ = [
    "CONFLICT_MESSAGE",
    "KeyPath",
    "YamlDocument",
    "YamlValue",
    "conflict_line",
    "format_scalar",
    "parse_yaml",
    "quote_scalar",
]
