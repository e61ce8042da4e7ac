"""YAML files to plain values that know their line and column.

In comes the text of a file; out comes a `YamlDocument`, or problems in an editor's words. The packages of `content` may use it.
"""

from feedsvc.content.yaml.document import YamlDocument, parse_yaml
from feedsvc.content.yaml.error_messages import CONFLICT_MESSAGE, conflict_line
from feedsvc.content.yaml.positions import KeyPath, YamlValue

__all__ = [
    "CONFLICT_MESSAGE",
    "KeyPath",
    "YamlDocument",
    "YamlValue",
    "conflict_line",
    "parse_yaml",
]
