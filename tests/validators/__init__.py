"""Strict validators of RSS 2.0, Atom 1.0, JSON Feed 1.1 and the modules they contain, with rules of this project.

`objections(document, fmt, address)` returns one sentence for each fault, "rule-name: element and problem", and [] for a valid
document. Each rule is a small function with the section of its specification. `RULES` has the names of all rules.
"""

from tests.validators.rules import RULES, objections

__all__ = ["RULES", "objections"]
