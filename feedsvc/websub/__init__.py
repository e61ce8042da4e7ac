"""WebSub: notifies hubs of changed feeds, in the background while the site is served or in the foreground for `ping`.

Input: editions. Output: requests to hubs, and the outcome of each. A service publishes while it runs, the command line once.
"""

from feedsvc.websub.hubs import HubSelection
from feedsvc.websub.listener import EditionListener
from feedsvc.websub.one_shot import HubResult, OneShotPublisher, one_shot_publisher
from feedsvc.websub.publisher import Publisher

__all__ = [
    "EditionListener",
    "HubResult",
    "HubSelection",
    "OneShotPublisher",
    "Publisher",
    "one_shot_publisher",
]
