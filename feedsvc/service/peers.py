"""Peers: processes with one state folder, started by another server than ours, which reach each other by unix sockets.

Each listens on a socket in the folder `peers` of the state folder. A request and its response are one JSON object each. A peer
removes its socket when it is closed. The socket of one that was killed refuses connections; the first peer whose connection is
refused removes it.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from feedsvc.support.state_folder import ensure_folder
from feedsvc.web import sum_counters

_LOG: Final = logging.getLogger(__name__)
_FOLDER: Final = "peers"
_HIDDEN: Final = "."  # first character of the name of a socket that nobody may connect to yet
_SCAN_TIMEOUT: Final = 15.0  # seconds for a peer to scan the content folder, so that one that hangs does not delay the others
_TIMEOUT: Final = 1.0  # seconds for other responses
_MAX_MESSAGE: Final = 1024 * 1024  # bytes

Message = Mapping[str, Any]


class ScanRequests:
    """Requests of peers that this process scan the content folder. Its Watcher, which gets this object as `peers`, scans."""

    def __init__(self) -> None:
        self._requested_at, self._scanned_at = -1.0, 0.0  # seconds of time.monotonic
        self._condition = threading.Condition()

    def is_rescan_requested(self) -> bool:
        return self._requested_at > self._scanned_at

    def confirm_scan(self, since: float) -> None:
        with self._condition:
            self._scanned_at = since
            self._condition.notify_all()

    def wait_for_scan(self) -> bool:
        """Request a scan and wait. Return True once one that began after this call was confirmed, False after 15 seconds."""
        with self._condition:
            now = self._requested_at = time.monotonic()
            return self._condition.wait_for(lambda: self._scanned_at >= now, _SCAN_TIMEOUT)


class PeerProcesses:
    """Peers of this process. Also answers their requests.

    If it cannot listen in the state folder, it logs a warning: no peer can reach it.
    """

    def __init__(self, state_folder: Path, measure: Callable[[], Message]) -> None:
        """Start to listen. `measure`, called in several threads, returns the measurements of this process as JSON values.

        The key "counters" of its result has the counters, a mapping of names to numbers.
        """
        self.scans = ScanRequests()
        self._folder, self._measure = state_folder / _FOLDER, measure
        self._inherited: Counter[str] = Counter()  # counters of peers that have ended
        self._socket, self._path = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), Path()
        try:
            self._path = self._listen()
        except OSError as error:
            self._socket.close()
            message = "feedsvc: no other process of this server can be reached (%s: %s), so /metrics is that of one process"
            _LOG.warning(message, self._folder, error)
            return
        threading.Thread(target=self._accept, name="feedsvc-peers", daemon=True).start()

    def measurements(self) -> dict[str, Message]:
        """Return number -> measurements, of this process and of each peer that responds within a second.

        Numbers are texts from "1" on; a new process may change them.
        """
        messages = {self._path.name: self.own_measurements(), **self._ask_all({"request": "measure"}, _TIMEOUT)}
        return {str(number): messages[name] for number, name in enumerate(sorted(messages), 1)}

    def own_measurements(self) -> Message:
        """Return the measurements of this process. Its counters include those that peers sent to it when they ended."""
        own = self._measure()
        return {**own, "counters": sum_counters(own["counters"], self._inherited)}

    def barrier(self) -> Callable[[], bool]:
        """Return a function that returns whether every peer has scanned the content folder since the function's first call.

        The function does not wait. Its first call sends the requests. After 15 seconds it returns True even if a peer has not
        scanned. Scans of this process do not matter.
        """
        events: list[threading.Event] = []

        def have_scanned() -> bool:
            if not events:
                events.append(threading.Event())
                threading.Thread(target=ask, args=events, name="feedsvc-barrier", daemon=True).start()
            return events[0].is_set()

        def ask(finished: threading.Event) -> None:
            self._ask_all({"request": "scan"}, _SCAN_TIMEOUT)
            finished.set()

        return have_scanned

    def close(self) -> None:
        """Stop listening, remove the socket, and send the counters to the first peer that responds: it adds them to its own."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # ends `accept`
        self._socket.close()
        if self._path.name:
            self._path.unlink(missing_ok=True)
            request = {"request": "inherit", "counters": self.own_measurements()["counters"]}
            next(self._ask_each(request, _TIMEOUT), None)

    # --- requests of peers

    def _listen(self) -> Path:
        """Listen, and return the path of the socket. It gets this name once peers can connect to it. Raises OSError."""
        ensure_folder(self._folder.parent)
        ensure_folder(self._folder)
        os.chmod(self._folder, 0o700)
        name = secrets.token_hex(4)  # short, because the path of a socket may have 107 bytes only
        new_path, path = self._folder / f"{_HIDDEN}{name}", self._folder / name
        self._socket.bind(os.fspath(new_path))
        os.chmod(new_path, 0o600)
        self._socket.listen()
        new_path.rename(path)
        return path

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._respond, args=(connection,), name="feedsvc-peer", daemon=True).start()

    def _respond(self, connection: socket.socket) -> None:
        with closing(connection), suppress(OSError, ValueError, KeyError, TypeError):
            connection.settimeout(_SCAN_TIMEOUT)
            message = _receive(connection)
            response: Message = {}
            match message["request"]:
                case "scan":
                    self.scans.wait_for_scan()
                case "measure":
                    response = self.own_measurements()
                case "inherit":
                    self._inherited.update(message["counters"])
            connection.sendall(json.dumps(response).encode())

    # --- requests to peers

    def _ask_all(self, request: Message, timeout: float) -> dict[str, Message]:
        """Send a request to all peers at once; return name -> response of those that respond within `timeout` seconds."""
        responses: dict[str, Message] = {}
        threads = [
            threading.Thread(
                target=lambda path=path: responses.update(_ask(path, request, timeout)), name="feedsvc-ask", daemon=True
            )
            for path in self._peer_paths()
        ]
        end = time.monotonic() + timeout
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return dict(responses)

    def _ask_each(self, request: Message, timeout: float) -> Iterator[Message]:
        """Send a request to one peer after the other; yield the responses of those that respond."""
        for path in self._peer_paths():
            yield from _ask(path, request, timeout).values()

    def _peer_paths(self) -> list[Path]:
        with suppress(OSError):
            return [path for path in sorted(self._folder.iterdir()) if path != self._path and not path.name.startswith(_HIDDEN)]
        return []


def _ask(path: Path, request: Message, timeout: float) -> dict[str, Message]:
    """Return {name of a peer's socket: its response}; {} if it does not respond. Remove a socket that refuses the connection."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(os.fspath(path))
            connection.sendall(json.dumps(request).encode())
            connection.shutdown(socket.SHUT_WR)
            return {path.name: _receive(connection)}
        except ConnectionRefusedError:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        except (OSError, ValueError):
            pass
    return {}


def _receive(connection: socket.socket) -> Message:
    """Return the JSON object that the other end sends until it closes its side.

    Raises OSError if the connection fails, ValueError for over _MAX_MESSAGE bytes and for anything but a JSON object.
    """
    data = b""
    while part := connection.recv(65_536):
        data += part
        if len(data) > _MAX_MESSAGE:
            raise ValueError("the message is too long")
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("the message is no object")  # noqa: TRY004 - as for other messages that are not valid
    return message
