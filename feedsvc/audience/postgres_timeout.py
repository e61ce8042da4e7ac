"""A connection to PostgreSQL that gives up by itself: bytes that vanish on the way must not hold a thread for good."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, Final

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen

_SECONDS: Final = 5.0  # for one statement, the way there and back included


class PatientConnection(Connection[Any]):
    """Closes itself where one statement takes too long, whatever the network says: the next connection may work."""

    def wait(self, gen: PQGen[Any], *args: Any, **kwargs: Any) -> Any:
        return super().wait(self._limited(gen, time.monotonic() + _SECONDS), *args, **kwargs)

    def _limited(self, gen: PQGen[Any], end: float) -> Generator[Any, Any, Any]:
        try:
            wanted = next(gen)
            while True:
                # Nothing is sent back where nothing came in the meantime.
                if not (ready := (yield wanted)) and time.monotonic() > end:
                    self.pgconn.finish()
                    raise OperationalError(f"no answer within {_SECONDS:.0f} seconds")
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value
