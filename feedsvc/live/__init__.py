"""The current edition, replaced as the folder and the clock change it.

Input: a folder and a clock. Output: the edition that is served now, and a notification of each new edition. Servers and
`build --watch` use it.
"""

from feedsvc.live.live import Edition, Live
from feedsvc.live.watcher import Listener, Watcher

__all__ = [
    "Edition",
    "Listener",
    "Live",
    "Watcher",
]
