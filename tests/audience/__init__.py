"""Tests of read counts with SQLite files and a running PostgreSQL.

FEEDSVC_TEST_DATABASE_URL is the address of PostgreSQL, by default on this machine. If it does not answer, its tests are skipped
with a hint how to start it; with FEEDSVC_TEST_REQUIRE_ALL=1 in the environment they fail.
"""
