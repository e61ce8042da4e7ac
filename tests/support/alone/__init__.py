"""Tests that fork, which needs a process without threads: test_process_pool.py runs them in a process of their own."""
