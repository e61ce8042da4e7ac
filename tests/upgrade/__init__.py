"""Tests of an upgrade: the state folder, static tree and bucket of the version before the current packages."""
