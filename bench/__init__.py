"""feedsvc measured against its competitors: `python -m bench`, written down in docs/performance.md."""
