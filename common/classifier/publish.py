"""Everything that stage 3 writes, read from its findings: model, report, tables, pages and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common import files
from common.classifier import figures, report, shap_figures
from common.classifier.doubts import BOUNDARY
from common.classifier.facts import DOUBT_COLUMNS, PREDICTION_COLUMNS, doubt_row, facts, prediction_row
from common.classifier.findings import MOST_DOUBTS, Findings, unheard_guesses
from common.classifier.guesses import write_guesses
from common.classifier.sections import ReportSection
from common.filed import filed_as
from common.library import Library
from common.pages import address, figure_tag, save_page
from common.paths import Output, Paths

MOST_GENRES_DRAWN = 12
"""Genres, largest first, that get a SHAP summary of their own."""


def publish(paths: Paths, library: Library, findings: Findings) -> list[Path]:
    """Write everything but the model.

    Parameters
    ----------
    paths
        The folders that everything is written to.
    library
        The library that holds all songs; their names are drawn.
    findings
        The value that holds everything that was found.

    Returns
    -------
    list of Path
        The files that were written.
    """
    written = draw_scores(paths, library, findings) + draw_learned(paths, library, findings)
    return [*written, *write_report(paths, findings), *write_tables(paths, library, findings)]


def draw_scores(paths: Paths, library: Library, findings: Findings) -> list[Path]:
    """Draw scores, confusion matrix and boundary songs."""
    judgement, plain = findings.judgement, findings.judgement.plain
    low, high = plain.interval
    caption = (
        f"On songs left out in cross-validation. {report.verdicts(judgement)}; 95% interval of that mean "
        f"{low:.0%} to {high:.0%}, macro-F1 {plain.model.macro_f1:.2f}"
    )
    genres, confused, between = findings.training.genres, paths.plot(Output.CONFUSION), findings.boundary
    written = [
        figures.draw_scores(paths.plot(Output.SCORES), judgement.scores, plain.bins),
        figures.draw_confusion(confused, genres, judgement.confusion, caption),
    ]
    if between:
        path = paths.plot(Output.BOUNDARY)
        written.append(figures.draw_boundary(path, library, findings.training, between))
    else:
        paths.plot(Output.BOUNDARY).unlink(missing_ok=True)
    return written


def filed(paths: Paths, library: Library, findings: Findings) -> str:
    """What files about the song that is explained are called; see `filed.filed_as`."""
    return filed_as(paths, findings.explanation.name, library.paths[findings.explained])


def draw_learned(paths: Paths, library: Library, findings: Findings) -> list[Path]:
    """Draw the SHAP summary, per genre as well from three on, the dependence, and one song's waterfall."""
    training, contributions, meanings = findings.training, findings.contributions, findings.meanings
    two = len(training.genres) == 2
    largest = [int(genre) for genre in np.argsort(-training.sizes, kind="stable")]
    label = training.subject.label
    overview = training.genres.index(label) if label else 1 if two else largest[0]
    summary = paths.plot(Output.SUMMARY)
    written = [shap_figures.draw_summary(summary, contributions, meanings, overview, alone=two)]
    for genre in [] if two else largest[:MOST_GENRES_DRAWN]:
        path = paths.plot(Output.SUMMARY, training.genres[genre])
        written.append(shap_figures.draw_summary(path, contributions, meanings, genre, alone=True))
    strongest = findings.strongest

    def strength(genre: int) -> float:
        return float(np.abs(contributions.towards(genre)[:, strongest]).mean())

    genre, path = max([overview] if two else largest, key=strength), paths.plot(Output.DEPENDENCE)
    waterfall = paths.plot(Output.WATERFALL, filed(paths, library, findings))
    return [
        *written,
        shap_figures.draw_dependence(path, contributions, meanings, genre, strongest, findings.partner),
        shap_figures.draw_waterfall(waterfall, findings.explanation),
    ]


def write_report(paths: Paths, findings: Findings) -> list[Path]:
    """Write the report for people and for programs; the latter holds what is told, too."""
    sections = report.report_sections(findings)
    return write_sections(paths, findings.training.subject.title, sections, facts(findings))


def write_sections(
    paths: Paths, title: str, sections: Sequence[ReportSection], content: dict[str, Any]
) -> list[Path]:
    """Write a report as Markdown, as a page and, with everything that was found, as JSON."""
    markdown = paths.report(f"{Output.CLASSIFIER}.md")
    data = paths.report(f"{Output.CLASSIFIER}.json")
    files.write_text(markdown, report.as_markdown(title, sections))
    files.write_json(data, {**content, "told": {one.title: list(one.lines) for one in sections}})
    page = save_page(paths.html(Output.CLASSIFIER), title, report.as_html(title, sections))
    return [markdown, data, page]


def write_tables(paths: Paths, library: Library, findings: Findings) -> list[Path]:
    """Write boundary songs, predictions and guesses as CSV, and the boundary songs' page."""
    doubtful, predicted = paths.report(f"{Output.BOUNDARY}.csv"), paths.report(f"{Output.PREDICTIONS}.csv")
    files.write_csv(doubtful, DOUBT_COLUMNS, [doubt_row(song) for song in findings.doubtful])
    files.write_csv(predicted, PREDICTION_COLUMNS, [prediction_row(one) for one in findings.predicted])
    guesses = write_guesses(paths, unheard_guesses(library, findings))
    return [doubtful, predicted, guesses, _write_boundary_page(paths, findings)]


def _write_boundary_page(paths: Paths, findings: Findings) -> Path:
    title = f"Songs between {findings.training.subject.noun}s"
    page, body = paths.html(Output.BOUNDARY), [f"<h1>{title}</h1>"]
    if findings.doubtful_of(BOUNDARY):
        picture = address(paths.plot(Output.BOUNDARY), page.parent)
        body.append(figure_tag(picture, title))
    body += [section.as_html() for section in report.doubts_sections(findings, most=MOST_DOUBTS)]
    return save_page(page, title, "\n".join(body))
