"""The emulated event camera, and the data set it records."""

from __future__ import annotations

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.camera import EventCamera
from ssnn_fpga.events.dataset import RecordingSet
from ssnn_fpga.events.emulated import emulated_digits
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.network.layers import Compression


@pytest.fixture(scope="module")
def digits() -> RecordingSet:
    return emulated_digits(train=300, test=100)


def scene(*rows: list[float]) -> np.ndarray:
    return np.array([rows], dtype=np.float32)


def test_a_pixel_reports_each_threshold_it_crosses_at_its_time() -> None:
    camera = EventCamera(scene([0.0, 1.0]), np.array([[0.5, 0.25]], dtype=np.float32))
    camera.show(scene([2.0, 0.5]), 1000)
    (events,) = camera.recordings()
    assert events[events["x"] == 0].tolist() == [(t, 0, 0, 1) for t in (250, 500, 750, 1000)]
    assert events[events["x"] == 1].tolist() == [(t, 1, 0, 0) for t in (500, 1000)]
    assert (np.diff(events["t"]) >= 0).all()


def test_a_pixel_remembers_what_it_has_not_reported() -> None:
    camera = EventCamera(scene([0.0]), np.array([[1.0]], dtype=np.float32))
    for level in (0.75, 1.25, 1.75, 0.5, -0.25):
        camera.show(scene([level]), 100)
    (events,) = camera.recordings()
    # up through 1 in the second step, down through 0 in the fifth, never through 2
    assert events.tolist() == [(150, 0, 0, 1), (466, 0, 0, 0)]


def test_cameras_of_a_batch_do_not_mix() -> None:
    camera = EventCamera(np.zeros((3, 2, 2), np.float32), np.ones((2, 2), np.float32))
    moved = np.zeros((3, 2, 2), np.float32)
    moved[0, 1, 0], moved[2, 0, 1] = 1.5, -2.5
    camera.show(moved, 100)
    first, second, third = camera.recordings()
    assert first[["x", "y", "p"]].tolist() == [(0, 1, 1)]
    assert len(second) == 0
    assert third[["x", "y", "p"]].tolist() == [(1, 0, 0), (1, 0, 0)]


def test_noise_has_the_asked_rate() -> None:
    camera = EventCamera(np.zeros((50, 10, 10), np.float32), np.ones((10, 10), np.float32))
    camera.show(np.zeros((50, 10, 10), np.float32), 500_000)
    camera.add_noise(4.0, np.random.default_rng(0))
    counts = [len(events) for events in camera.recordings()]
    assert np.mean(counts) == pytest.approx(200, rel=0.05)


def test_a_seed_gives_the_same_recordings_again(digits: RecordingSet) -> None:
    again, other = emulated_digits(300, 100), emulated_digits(300, 100, seed=1)
    for split in digits.splits:
        assert [(e.path, e.source) for e in again.entries(split)] == [
            (e.path, e.source) for e in digits.entries(split)
        ]
        assert [e.source for e in other.entries(split)] != [e.source for e in digits.entries(split)]


def test_recordings_look_like_nmnist(digits: RecordingSet) -> None:
    assert digits.splits == ("train", "test")
    assert digits.classes("test") == tuple("0123456789")
    for split, number in (("train", 300), ("test", 100)):
        entries = digits.entries(split)
        assert len(entries) == number
        assert [entry.path for entry in entries] == sorted(entry.path for entry in entries)
        for entry in entries:
            events = entry.read()
            assert 1000 <= len(events) <= 7000
            assert 290_000 < events["t"][-1] <= 306_000
            assert 0.4 < events["p"].mean() < 0.6


def test_every_recording_shows_another_digit(digits: RecordingSet) -> None:
    entries = digits.entries("train") + digits.entries("test")
    numbers = {entry.path.split("/")[-1] for entry in entries}
    assert len(numbers) == len({entry.source for entry in entries}) == len(entries) == 400


def test_the_edges_follow_the_saccades(digits: RecordingSet) -> None:
    """The mean position of the events moves down, up and back left, as the digit does."""
    centres = []
    for entry in digits.entries("test"):
        events = entry.read()
        at = [events[np.abs(events["t"] - t) < 10_000] for t in (12_000, 102_000, 204_000, 294_000)]
        centres.append([(near["x"].mean(), near["y"].mean()) for near in at])
    start, corner, second, end = np.mean(centres, axis=0)
    assert corner[1] - start[1] > 4
    assert corner[1] - second[1] > 4
    assert second[0] - start[0] > 3
    assert second[0] - end[0] > 3


def test_a_linear_classifier_tells_the_digits_apart(digits: RecordingSet) -> None:
    from sklearn.linear_model import RidgeClassifier

    counts = Compression(34, 34, timesteps=1, bits=8, window_us=306_000, spatial_factor=2)
    train, test = (load_frames(digits, split, counts) for split in ("train", "test"))
    model = RidgeClassifier().fit(train.frames.reshape(300, -1), train.labels)
    assert model.score(test.frames.reshape(100, -1), test.labels) > 0.7
    shuffled = np.random.default_rng(0).permutation(test.labels)
    assert model.score(test.frames.reshape(100, -1), shuffled) < 0.3  # the labels carry the information


def test_more_recordings_than_digits_are_refused() -> None:
    with pytest.raises(UserError, match="1797 digits"):
        emulated_digits(train=1700, test=98)
