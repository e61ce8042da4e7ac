"""Tests of a folder that changes while a server serves it."""
