"""The page of a mix against its references: the picture, the sentences, and every number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common.pages import address, escape, figure_tag, html_table, save_page
from common.reference.arrangement import HEADERS, Row
from common.reference.compare import Band, Comparison
from common.reference.words import Sentence, nothing


def write_page(
    path: Path,
    name: str,
    picture: Path,
    comparison: Comparison,
    rows: Sequence[Row],
    sentences: Sequence[Sentence],
    references: Sequence[str],
    warnings: Sequence[str] = (),
    preview: Path | None = None,
) -> Path:
    """Write the page.

    Parameters
    ----------
    path
        The HTML file that is written.
    name, picture
        The mix, and its picture.
    comparison, rows, sentences
        What separates it from its references: band by band, everything else, and in words.
    references
        The names of the references, as they are listed.
    warnings
        What to know before relying on it.
    preview
        The audio file that was rendered; None for none.
    """
    said = "".join(f"<li>{escape(sentence.text)}</li>" for sentence in sentences)
    parts = [
        f"<h1>{escape(name)} against its references</h1>",
        f"<ol>{said}</ol>" if said else f"<p>{nothing(comparison.n_references)}</p>",
        *(f"<p>Note: {escape(warning)}</p>" for warning in warnings),
        figure_tag(address(picture, path.parent), f"{name} against its references"),
    ]
    if preview:
        parts.append(
            f'<p>Preview: <audio controls src="{escape(address(preview, path.parent))}"></audio></p>'
        )
    parts += [
        "<h2>References</h2>",
        "<ul>" + "".join(f"<li>{escape(reference)}</li>" for reference in references) + "</ul>",
        "<h2>Dynamics, stereo, arrangement</h2>",
        html_table(HEADERS, rows),
        "<h2>Every band</h2>",
        "<p>Differences to the references' median in dB, the overall level taken out.</p>",
        html_table(
            ["from Hz", "to Hz", "whole song", "spread from", "to", "loudest section"],
            [_row(*bands) for bands in zip(comparison.bands, comparison.loudest, strict=True)],
        ),
    ]
    return save_page(path, f"{name} against its references", "\n".join(parts))


def _row(band: Band, loudest: Band) -> list[str | None]:
    ends = (None if end is None else f"{end:+z.1f}" for end in band.spread)
    return [f"{band.low_hz:.0f}", f"{band.high_hz:.0f}", band.shown or None, *ends, loudest.shown or None]
