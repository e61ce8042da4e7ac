"""Tests of the reader of feeds."""
