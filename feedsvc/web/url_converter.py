"""Converter of URL rules for the path of a file."""

from __future__ import annotations

from typing import Final

from werkzeug.routing import PathConverter

# Name in the rules of `url_rules`. An application that has feedsvc's rules may have a converter of any other name.
PATH_CONVERTER: Final = "feedsvc_path"


class FilePathConverter(PathConverter):
    """Converter for the path of a file, not empty. It accepts slashes and any other character, also line breaks."""

    regex = "(?s:.+?)"
    part_isolating = False  # the path may contain slashes; Werkzeug would conclude the contrary from the regex
