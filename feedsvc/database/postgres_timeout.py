"""PostgreSQL connection with a deadline per statement, so that lost packets do not block a thread forever."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, Final

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen

_STATEMENT_TIMEOUT: Final = 5.0  # seconds for one statement, including the network


class TimeoutConnection(Connection[Any]):
    """Connection that closes itself and raises OperationalError if a statement takes over 5 seconds and no data arrive."""

    def wait(self, gen: PQGen[Any], *args: Any, **kwargs: Any) -> Any:
        return super().wait(self._with_deadline(gen, time.monotonic() + _STATEMENT_TIMEOUT), *args, **kwargs)

    def _with_deadline(self, gen: PQGen[Any], deadline: float) -> Generator[Any, Any, Any]:
        try:
            event = next(gen)
            while True:
                # A false value means that the wait timed out without any event.
                if not (result := (yield event)) and time.monotonic() > deadline:
                    self.pgconn.finish()
                    raise OperationalError(f"no answer within {_STATEMENT_TIMEOUT:.0f} seconds")
                event = gen.send(result)
        except StopIteration as stop:
            return stop.value
