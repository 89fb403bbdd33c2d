"""Contacts in what is shown: their middle is covered, wherever they stand in input that could not be read."""

from __future__ import annotations

import re

_CONTACT = re.compile(r'("contact"\s*:\s*")((?:[^"\\]|\\.)*)')
_NUMBER = re.compile(r"(?<![\d.])\+?\d(?:[ -]?\d){6,}(?!\d)")
"""Seven digits or more, as telephones and identity cards are written; decimals, as of coordinates, are none."""
_DATE = re.compile(r"(?:19|20)\d\d-(?:0\d|1[0-2])-[0-3]\d(?: \d{1,2})?")


def covered(text: str) -> str:
    """Text as it came from a source, of whatever form, with everything covered that may be a contact."""
    text = _CONTACT.sub(lambda m: m[1] + masked(m[2]), text)
    return _NUMBER.sub(lambda m: m[0] if _DATE.fullmatch(m[0]) else masked(m[0]), text)


def masked(contact: str) -> str:
    """A contact with its middle covered: 138****5678, a short one entirely."""
    if len(contact) < 7:
        return "*" * len(contact)
    keep = 3 if len(contact) >= 10 else 1
    return contact[:keep] + "*" * (len(contact) - keep - min(4, keep + 1)) + contact[-min(4, keep + 1) :]
