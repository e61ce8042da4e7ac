"""Programs that people read feeds with, each against a real `feedsvc serve`: what they ask, and what they show.

`table.SUBSCRIBERS` has a row for each; `story.told` takes one through a newsroom's days; `page.page` writes what was seen
into docs/readers.md, which a test compares with what it sees.
"""
