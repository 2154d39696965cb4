"""What a program printed, taken apart."""

from __future__ import annotations

import json


def json_documents(text: str) -> list:
    """The JSON documents that a text consists of, in order."""
    decoder, found = json.JSONDecoder(), []
    while text.strip():
        document, end = decoder.raw_decode(text.lstrip())
        found.append(document)
        text = text.lstrip()[end:]
    return found
