"""feedsvc: a service that publishes a folder of YAML articles as feeds that every reader accepts."""

__version__ = "0.1.0"
