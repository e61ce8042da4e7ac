"""WebSub: notifies hubs of changed feeds, in the background while the site is served or in the foreground for `ping`.

Input: editions. Output: requests to hubs, and the outcome of each. A service publishes while it runs, the command line once.
"""

from feedsvc.websub.deliveries import reachable_hubs
from feedsvc.websub.publisher import HubResult, Publisher, publish_once

__all__ = ["HubResult", "Publisher", "publish_once", "reachable_hubs"]
