"""The model as a file: bit for bit the same, and refused when damaged."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys

import numpy as np
import pytest
from classifier_cases import clustered_songs, saved, trained

from common.classifier.calibration import Confidence, Experience
from common.classifier.heard import Heard
from common.classifier.model import Certainty
from common.classifier.model_file import describe, load, load_trained, save
from common.classifier.songs import fingerprint, gather, song_key
from common.files import ArtifactError, dump_plain, load_plain
from common.paths import PROJECT, TRAIN
from common.recordings import Traits


class TestSaved:
    def test_it_comes_back_bit_for_bit_in_another_process(self, tmp_path):
        model, X, _ = trained([9, 8, 7])
        path = tmp_path / "model.pkl"
        certainty = Certainty(0.5, 0.1)
        bins = Experience([Confidence(0.5, 0.7, 3, 0.6, 2 / 3)], [Confidence(0.7, 0.85, 1, 0.8, 1.0)])
        levels = np.array([[-10.0, -54.97]], dtype=np.float16)
        heard = Heard(["A - B"], [song_key(X[2])], Traits(levels, np.array([61.25]), ("b",)), [[0]])
        found = saved(
            dataclasses.replace(model, certainty=certainty),
            fold_models=[model.compact()],
            heard=heard,
            experience=bins,
            about={"scores": {"a": 1}},
        )
        model = found.model
        save([found], path)
        np.save(tmp_path / "X.npy", X)
        code = (
            "import sys, numpy as np; from common.classifier.model_file import load\n"
            "model = load(__import__('pathlib').Path(sys.argv[1]), remedy='')\n"
            "np.save(sys.argv[3], model.probabilities(np.load(sys.argv[2])))"
        )
        arguments = [str(path), str(tmp_path / "X.npy"), str(tmp_path / "P.npy")]
        subprocess.run([sys.executable, "-c", code, *arguments], check=True, cwd=PROJECT)
        assert (np.load(tmp_path / "P.npy") == model.probabilities(X)).all()
        (again,) = load_trained(path, TRAIN)
        assert (again.model.genres, again.model.settings) == (model.genres, model.settings)
        assert (again.model.certainty, again.experience, again.rule) == (certainty, bins, found.rule)
        assert again.about == {"scores": {"a": 1}}
        (judge,) = again.judges_of(0)
        assert (judge.margins(X) == found.fold_models[0].margins(X)).all()
        assert (again.heard.names, again.heard.keys) == (heard.names, heard.keys)
        assert (again.heard.traits.levels == levels).all()
        assert (again.heard.traits.seconds[0], again.heard.traits.titles) == (61.25, ("b",))

    def change(self, path, **changes):
        content = load_plain(path, "")
        dump_plain({**content, **changes}, path)

    def refused(self, path):
        with pytest.raises(ArtifactError) as caught:
            load(path, TRAIN)
        assert TRAIN in str(caught.value)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def test_another_layout_is_refused(self, tmp_path):
        path = tmp_path / "model.pkl"
        save([saved(trained([5, 5])[0])], path)
        self.change(path, layout_id="0" * 16)
        assert "layout" in self.refused(path)

    def test_damage_is_refused(self, tmp_path):
        path = tmp_path / "model.pkl"
        save([saved(trained([5, 5])[0])], path)
        whole = path.read_bytes()
        for position in (len(whole) // 3, len(whole) // 2, len(whole) - 60):
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
            self.refused(path)
        for length in (0, 10, len(whole) // 2):
            path.write_bytes(whole[:length])
            self.refused(path)
        path.unlink()
        assert "does not exist" in self.refused(path)

    def test_a_strangers_pickle_is_refused(self, tmp_path):
        path = tmp_path / "model.pkl"
        path.write_bytes(pickle.dumps(np.float64(1.0)))
        self.refused(path)
        for content in ([], {"checksum": ""}, {"layout_id": 1}):
            path.write_bytes(pickle.dumps(content))
            self.refused(path)

    def test_the_fingerprint_knows_songs_and_genres(self):
        X, _ = clustered_songs([2, 2])
        same = fingerprint(X, ["A", "B"])
        assert same == fingerprint(X.copy(), ["A", "B"])
        assert same != fingerprint(X + 1, ["A", "B"])
        assert same != fingerprint(X, ["A", "C"])


def test_the_final_model_knows_what_it_was_made_of(make_library):
    _, made = make_library({"A": 6, "B": 6})
    training = gather(made)
    about = describe(training, {"x": 1})
    assert about["training"]["songs"] == 12
    assert about["scores"] == {"x": 1}
    assert set(about["versions"]) >= {"xgboost", "numpy"}
