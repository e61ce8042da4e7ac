"""Attacks on the server and on the readers of a content folder: hostile requests, texts, themes and images."""
