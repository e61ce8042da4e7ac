"""Tests of copies of a process, which are made only where it has no threads: each file is run by a process of its own."""
