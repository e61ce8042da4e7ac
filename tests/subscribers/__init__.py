"""Tests of feed readers, each against a real `feedsvc serve`: their requests and the items they show.

`table.SUBSCRIBERS` has a row for each program. `scenario.observe` runs one through several days of a newsroom.
`readers_page.page` writes the observations into docs/readers.md, and a test compares it with this document.
"""
