"""Writes the README's derived tables anew: ``make readme``. `test_readme` checks that they are up to date."""

import importlib
import re
from pathlib import Path

from common import layout
from common.prompt import loop

README = Path(__file__).resolve().parent.parent / "README.md"


def derived() -> dict[str, str]:
    """Section of the README -> the Markdown that belongs there."""
    stage4 = importlib.import_module("04_similarity_search")
    return {"layout": layout.markdown_table(), "commands": loop.markdown_table(stage4.COMMANDS)}


def section_pattern(name: str) -> re.Pattern[str]:
    """What finds a section: its marks, and between them the content as group 2."""
    return re.compile(rf"(<!-- {name}: begin -->\n)(.*?)\n?(<!-- {name}: end -->)", re.DOTALL)


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    for name, content in derived().items():
        text = section_pattern(name).sub(lambda found, new=content: f"{found[1]}{new}\n{found[3]}", text)
    README.write_text(text, encoding="utf-8")
