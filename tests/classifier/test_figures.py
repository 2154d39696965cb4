"""Pictures of stage 3: what is written on them lies on them."""

from types import SimpleNamespace

import pytest
from matplotlib.text import Text

from common import charts
from common.classifier.calibration import Confidence
from common.classifier.figures import draw_scores
from common.classifier.names import CLASSIFIERS


@pytest.mark.parametrize("n_ways", [1, 3])
def test_both_titles_of_the_scores_lie_on_the_picture(tmp_path, monkeypatch, n_ways):
    drawn = []
    monkeypatch.setattr(charts, "save_png", lambda figure, path, title: drawn.append(figure))
    measures = {name: SimpleNamespace(accuracy=0.6) for name in CLASSIFIERS}
    scores = [
        SimpleNamespace(way=way, measures=measures, interval=(0.5, 0.7))
        for way in ("plain", "artist", "album")[:n_ways]
    ]
    draw_scores(tmp_path / "scores.png", scores, [Confidence(0.5, 0.6, 5, 0.55, 0.4)])
    (figure,) = drawn
    figure.canvas.draw()
    titles = [text for text in figure.findobj(Text) if text.get_text().startswith(("What the", "Is it"))]
    assert len(titles) == 2
    for title in titles:
        box = title.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.width
