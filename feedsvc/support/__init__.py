"""Tools that know nothing of news: clock, compression, processes, SQLite files, locks and limits.

Any package may import these modules, each by its own name, since they share nothing. They import nothing but `feedsvc.errors`.
"""
