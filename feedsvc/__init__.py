"""feedsvc: a service that publishes a folder of YAML articles as feeds that every reader accepts."""

try:
    from feedsvc._version import __version__
except ImportError:  # a checkout that was not installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
