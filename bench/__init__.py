"""Benchmarks of feedsvc and its competitors: run `python -m bench`; the results are in docs/performance.md."""
