"""Tests of the tokens of private feeds: their rules, and their stores in SQLite and PostgreSQL."""
