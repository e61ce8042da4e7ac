"""Databases of views and tokens: a SQLite file, or a database that the operator names by a URL.

In comes a file or a URL; out come transactions of SQLAlchemy, and errors as messages for the operator. `audience` and `access`
use it, each with a table of its own. Importing this package imports SQLAlchemy, which takes 0.3 s and 30 MB: do it in the
function that needs it.
"""

from feedsvc.database.database import TOKENS, VIEWS, Database

__all__ = ["TOKENS", "VIEWS", "Database"]
