"""Tools that know nothing of news: clock, compression, processes, SQLite files, locks and limits.

Any package may import these modules, each by its own name, because this package exports nothing itself. Apart from each other,
the modules import nothing of feedsvc but `feedsvc.errors`.
"""
