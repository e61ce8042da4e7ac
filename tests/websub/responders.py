"""Responders of a hub that send incomplete, slow or endless responses."""

from tests.websub.hub import Handler, Responder

STATUS_202 = b"HTTP/1.1 202 Accepted\r\n"
ENDLESS_BYTES = 64 * 1024 * 1024  # much more than the client reads of any response


def send_parts(*parts: bytes) -> Responder:
    """Return a responder that sends the parts as they are and closes the connection."""

    def responder(handler: Handler) -> None:
        for part in parts:
            handler.wfile.write(part)
        handler.close_connection = True

    return responder


def send_slowly(before: bytes, piece: bytes) -> Responder:
    """Return a responder that sends a piece every 20 ms without end, so that no single read of the socket takes long."""

    def responder(handler: Handler) -> None:
        handler.wfile.write(before)
        while not handler.server.is_stopping.wait(0.02):
            handler.wfile.write(piece)

    return responder


def send_endlessly(before: bytes, piece: bytes, after: bytes = b"") -> Responder:
    """Return a responder that sends a piece repeatedly, as fast as the client reads."""
    block = piece * (65536 // len(piece) + 1)

    def responder(handler: Handler) -> None:
        handler.wfile.write(before)
        for _ in range(ENDLESS_BYTES // len(block)):
            handler.wfile.write(block)
        handler.wfile.write(after)
        handler.close_connection = True

    return responder
