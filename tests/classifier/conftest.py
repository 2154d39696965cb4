"""One repeat of each way of splitting, and few candidates to search, where a test asks for no more."""

from __future__ import annotations

import pytest

from common.classifier import folds, selection


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(folds, "REPEATS", dict.fromkeys(folds.REPEATS, 1))
    monkeypatch.setattr(selection, "ROUNDS", (0, 20))
