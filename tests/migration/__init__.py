"""Tests of exports of a whole newsroom, each read again by our importers and by independent parsers."""
