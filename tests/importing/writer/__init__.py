"""Tests of the writer of a content folder, with sources in memory and real folders."""
