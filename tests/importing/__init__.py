"""Tests of imports: requests, readers of sources, the writer of a content folder."""
