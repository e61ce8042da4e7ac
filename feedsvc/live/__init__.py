"""Current edition of a content folder. A change of the folder, or a moment at which time alone changes it, makes the next one.

Input: a folder and a clock. Output: the edition that is served now, and a notification of each new edition. Servers and
`build --watch` use it.
"""

from feedsvc.live.live import Edition, Live
from feedsvc.live.watcher import Listener, Watcher

__all__ = ["Edition", "Listener", "Live", "Watcher"]
