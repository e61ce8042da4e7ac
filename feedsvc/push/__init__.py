"""Telling WebSub hubs which feeds changed (https://www.w3.org/TR/websub/ section 7). Nothing in the core knows of it."""
