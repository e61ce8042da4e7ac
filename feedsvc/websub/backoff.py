"""How long to wait before the next try: the same for the same try, different for different feeds."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Pauses:
    """Seconds; each is twice the one before."""

    shortest: float
    longest: float

    def after(self, tries: int, name: str) -> float:
        """The pause after so many failed tries (1 is the first): up to a quarter shorter, so that not all come at once."""
        full = min(self.shortest * 2.0 ** min(tries - 1, 40), self.longest)
        share = int.from_bytes(sha256(f"{tries} {name}".encode()).digest()[:4]) / 2**32
        return full * (1 - share / 4)


TROUBLE: Final = Pauses(shortest=1, longest=3600)  # a hub that may be well again soon
REFUSAL: Final = Pauses(shortest=3600, longest=86_400)  # a hub that does not want this feed
