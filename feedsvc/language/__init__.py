"""Localisation of pages and feeds: words, dates, numbers and text direction. Only this package imports Babel.

Words are in message catalogues: a key has a text with {placeholders}, or plural forms with {count}. All texts are plain, never
HTML. A language without a catalogue has English words, but its own dates and numbers. Every package may call this one.
"""

from feedsvc.language.language import Language, get_language
from feedsvc.language.locales import Direction, direction, native_name, windows_time_zone

__all__ = ["Direction", "Language", "direction", "get_language", "native_name", "windows_time_zone"]
