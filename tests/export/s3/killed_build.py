"""A build into a bucket that kills itself: python -m tests.export.s3.killed_build ADDRESS TREES CONTENT NUMBER.

The kill is before the request of this number, of those that change the bucket and the last look at the manifest. If there are
fewer, the program prints how many.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from feedsvc.export import bucket
from tests.helpers import newsrooms


def main(address: str, trees: str, content: str, number: str) -> None:
    requests: list[str] = []

    def counted(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            requests.append(method.__name__)
            if len(requests) == int(number):
                os.kill(os.getpid(), signal.SIGKILL)
            return method(*arguments)

        return call

    for name in ("put", "delete", "etag"):
        setattr(bucket._Storage, name, counted(getattr(bucket._Storage, name)))
    with bucket.Bucket(address, Path(trees), processes=1) as target:
        target.build(newsrooms.load_publication(Path(content)))
    sys.stdout.write(f"{len(requests)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
