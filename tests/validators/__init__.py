"""What strict validators object to, in rules of our own: RSS 2.0, Atom 1.0, JSON Feed 1.1 and the modules they carry.

`objections(document, fmt, address)` gives one sentence for each fault, "rule-name: where and what"; an impeccable
document gives []. Each rule is a small function with the section of the specification it reads; `RULES` holds all.
"""

from tests.validators.rules import RULES, objections

__all__ = ["RULES", "objections"]
