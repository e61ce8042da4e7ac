"""Reads counted against SQLite files and a real PostgreSQL.

PostgreSQL is looked for at FEEDSVC_TEST_DATABASE_URL, by default on this machine. Where it does not answer, its tests are
skipped with the line that starts it; with FEEDSVC_TEST_REQUIRE_ALL=1 in the environment they fail.
"""
