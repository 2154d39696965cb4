"""XML as text: what the exports of playlists share."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, even escaped (W3C, "Extensible Markup Language 1.0", section 2.2)."""


def legal(text: str) -> str:
    """A text with every character that XML cannot hold replaced by ``�``.

    Parameters
    ----------
    text
        Any text, such as a title or a path.
    """
    return _FORBIDDEN.sub("�", text)


def element(parent: ET.Element, tag: str, **attributes: object) -> ET.Element:
    """Add an element; attributes whose value is None are left out, because nothing is known of them.

    Parameters
    ----------
    parent
        The element that the new one lies in.
    tag
        The name of the new element.
    attributes
        Its attributes, in the order in which they are to be written.
    """
    known = {name: legal(str(value)) for name, value in attributes.items() if value is not None}
    return ET.SubElement(parent, tag, known)


def document(root: ET.Element) -> str:
    """Text of a whole document, UTF-8 declared, indented by two spaces.

    Parameters
    ----------
    root
        The outermost element of the document.
    """
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
