"""feedsvc: a folder of YAML articles becomes feeds that every reader accepts."""

__version__ = "0.1.0"
