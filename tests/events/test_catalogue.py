"""Known sets: their layouts written small, and the real ones where they are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.catalogue import GESTURES, KNOWN, open_known
from ssnn_fpga.events.dataset import RecordingSet
from ssnn_fpga.events.download import NAMES, download
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.events.recording import Events, write_recording
from ssnn_fpga.events.source import find_recordings
from ssnn_fpga.network.layers import Compression
from tests.events.places import pack, shared, some_events, write_folder
from tests.events.test_formats import AEDAT3_HEAD, aedat2, aedat3_packet, dat


def some(seed: int, sensor: tuple[int, int] = (34, 34)) -> Events:
    return some_events(np.random.default_rng(seed), 100, sensor)


def write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def table(file: Path, events: Events, order: str, unit_us: int = 1) -> None:
    """tonic's .npy: one row an event."""
    file.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: events[name].astype(np.int64) for name in "xyp"} | {"t": events["t"] // unit_us}
    np.save(file, np.stack([columns[name] for name in order], axis=1).astype(np.uint64))


def counts(recordings: RecordingSet) -> dict[str, int]:
    return {split: len(recordings.entries(split)) for split in recordings.splits}


def test_nmnist_is_laid_out_as_any_folder(tmp_path: Path) -> None:
    assert counts(open_known("nmnist", write_folder(tmp_path / "set"))) == {"train": 20, "test": 20}


def test_ncars_has_the_official_split(tmp_path: Path) -> None:
    for place in ("n-cars_train/cars/obj_1_td.dat", "n-cars_test/background/obj_2_td.dat"):
        write(tmp_path / "Prophesee" / place, dat(some(1, (50, 60))))
    recordings = open_known("ncars", tmp_path)
    assert counts(recordings) == {"train": 1, "test": 1}
    assert recordings.classes() == ("background", "cars")
    real = shared("native_format_samples", "tonic_sample_ncars.dat")
    if real is not None:
        write(tmp_path / "Prophesee/n-cars_test/cars/obj_9_td.dat", real.read_bytes())
        assert len(open_known("ncars", tmp_path).entries("test")[-1].read((100, 120))) == 2009


@pytest.mark.parametrize("name", ["cifar10_dvs", "ncaltech101"])
def test_without_an_official_split_a_tenth_of_each_class_is_for_testing(tmp_path: Path, name: str) -> None:
    suffix, sensor = (".aedat", (128, 128)) if name == "cifar10_dvs" else (".bin", (180, 240))
    content = aedat2 if name == "cifar10_dvs" else write_recording
    for label in ("airplane", "cat"):
        for number in range(30):
            write(tmp_path / "top" / label / f"{label}_{number}{suffix}", content(some(number, sensor)))
    recordings = open_known(name, tmp_path)
    assert counts(recordings) == {"train": 54, "test": 6}
    for label in ("airplane", "cat"):
        tests = [entry.path for entry in recordings.entries("test") if entry.label == label]
        assert len(tests) == 3
    # The split depends on the recordings' names alone: other recordings beside them do not move it.
    before = {entry.path for entry in recordings.entries("test")}
    (tmp_path / "top" / "dog").mkdir()
    write(tmp_path / "top" / "dog" / f"dog_1{suffix}", content(some(1, sensor)))
    assert before <= {entry.path for entry in open_known(name, tmp_path).entries("test")}
    first = recordings.entries("train")[0]
    number = int(first.path.split("_")[-1].split(".")[0])
    np.testing.assert_array_equal(first.read(sensor), some(number, sensor))


def test_a_large_sensor_is_reduced_to_the_models() -> None:
    real = shared("dvs128_gesture_10rec")
    if real is None:
        pytest.skip("no real gestures were found; the other tests of this file read written ones")
    recordings = open_known("dvs_gesture", real)
    assert counts(recordings) == {"test": 10}
    assert recordings.classes() == tuple(f"{n:02d}_{gesture}" for n, gesture in enumerate(GESTURES[:10], 1))
    entry = recordings.entries("test")[0]
    whole, small = entry.read((128, 128)), entry.read((48, 48))
    assert len(whole) == 63_471
    np.testing.assert_array_equal(small["x"], whole["x"] * 48 // 128)
    np.testing.assert_array_equal(small["y"], whole["y"] * 3 // 8)
    np.testing.assert_array_equal(small["t"], whole["t"])
    loaded = load_frames(recordings, "test", Compression(48, 48, 8, 8, 1_450_000))
    assert loaded.frames.shape == (10, 8, 2, 48, 48)
    with pytest.raises(UserError, match="128 × 128 pixels, fewer than the model's 200 × 130"):
        entry.read((130, 200))


def test_gestures_are_cut_as_their_tables_say(tmp_path: Path) -> None:
    events = some(3, (128, 128))
    times = [int(t) for t in events["t"][[10, 40, 70]]]
    for user in ("user01_led", "user02_led"):
        write(tmp_path / "DvsGesture" / f"{user}.aedat", AEDAT3_HEAD + aedat3_packet(events))
        rows = f"class,startTime_usec,endTime_usec\n1,{times[0]},{times[1]}\n11,{times[1]},{times[2]}\n"
        write(tmp_path / "DvsGesture" / f"{user}_labels.csv", rows.encode())
    write(tmp_path / "DvsGesture" / "trials_to_train.txt", b"user01_led.aedat\n")
    write(tmp_path / "DvsGesture" / "trials_to_test.txt", b"user02_led.aedat\n")
    recordings = open_known("dvs_gesture", tmp_path)
    assert counts(recordings) == {"train": 2, "test": 2}
    assert recordings.classes() == ("01_hand_clapping", "11_other_gestures")
    first, last = recordings.entries("train")
    np.testing.assert_array_equal(first.read((128, 128)), events[10:40])
    np.testing.assert_array_equal(last.read((128, 128)), events[40:70])
    head = b"class,startTime_usec,endTime_usec\n"
    rows = (b"0,1,2\n", b"12,1,2\n", b"1,x,2\n", b"1\n")
    for content in (b"class,start\n1,2\n", *(head + row for row in rows)):
        write(tmp_path / "DvsGesture" / "user02_led_labels.csv", content)
        with pytest.raises(UserError, match=r"user02_led_labels\.csv: a row is not class, startTime_usec"):
            open_known("dvs_gesture", tmp_path)
    (tmp_path / "DvsGesture" / "user02_led.aedat").unlink()
    with pytest.raises(
        UserError, match=r"user02_led\.aedat: the recording is listed but missing; `ssnn-fpga"
    ):
        open_known("dvs_gesture", tmp_path)


def test_gestures_as_tonic_cuts_them(tmp_path: Path) -> None:
    events = some(4, (128, 128))
    events["t"] = events["t"] // 1000 * 1000
    table(tmp_path / "DVSGesture" / "ibmGestureTrain" / "user01_led" / "0.npy", events, "xypt", 1000)
    table(tmp_path / "DVSGesture" / "ibmGestureTest" / "user24_led" / "10.npy", events, "xypt", 1000)
    recordings = open_known("dvs_gesture", tmp_path)
    assert [entry.label for entry in recordings.entries("test")] == ["11_other_gestures"]
    np.testing.assert_array_equal(recordings.entries("train")[0].read((128, 128)), events)


def test_poker_by_tonic_and_by_the_publisher(tmp_path: Path) -> None:
    events = some(5, (35, 35))
    for place in ("pips_train/cl/0.npy", "pips_test/he/1.npy"):
        table(tmp_path / "tonic" / place, events, "txyp")
    archive = pack(tmp_path / "tonic", tmp_path / "pips.tar.gz")
    for place in (tmp_path / "tonic", archive):
        recordings = open_known("poker_dvs", place)
        assert [entry.label for entry in recordings.entries("train")] == ["club"]
        np.testing.assert_array_equal(recordings.entries("test")[0].read((35, 35)), events)
    for number in range(10):
        write(tmp_path / "all" / f"xspade{number:02d}i.aedat", aedat2(events))
    recordings = open_known("poker_dvs", tmp_path / "all")
    assert counts(recordings) == {"train": 9, "test": 1}
    assert recordings.classes() == ("spade",)


def test_the_real_poker_set_in_both_forms() -> None:
    place = shared("poker_dvs")
    if place is None:
        pytest.skip("the real set was not found; the test above writes small ones")
    chosen = open_known("poker_dvs", place)
    assert counts(chosen) == {"train": 48, "test": 20}
    every = open_known("poker_dvs", place / "poker_dvs.tar.gz")
    assert sum(counts(every).values()) == 131
    assert every.classes() == chosen.classes() == ("club", "diamond", "heart", "spade")
    lengths = [len(entry.read((35, 35))) for split in every.splits for entry in every.entries(split)]
    assert (min(lengths), int(np.median(lengths)), max(lengths)) == (369, 2512, 5387)


def test_a_table_that_pickles_is_refused(tmp_path: Path) -> None:
    for content in (np.array([{"a": 1}], dtype=object), np.zeros((4, 3))):
        np.save(tmp_path / "0.npy", content, allow_pickle=True)
        write(tmp_path / "set" / "pips_train" / "cl" / "0.npy", (tmp_path / "0.npy").read_bytes())
        with pytest.raises(UserError, match=r"pips_train/cl/0\.npy: the recording is no table of four"):
            open_known("poker_dvs", tmp_path / "set").entries("train")[0].read((35, 35))


@pytest.mark.parametrize("name", KNOWN)
def test_missing_data_offers_the_download(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    for place in ("gone", "empty"):
        with pytest.raises(
            UserError, match=f"{place}: .*ssnn-fpga download {name} --out .*{place}"
        ) as raised:
            find_recordings(Path(f"{name}:{tmp_path / place}"))
        assert "\n" not in str(raised.value)


def test_unknown_sets_are_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no data set 'mnist_dvs' .*: choose one of nmnist, .*emulated"):
        find_recordings(Path("mnist_dvs:somewhere"))
    with pytest.raises(UserError, match="no data set 'mnist_dvs' to download: choose one of"):
        download("mnist_dvs", tmp_path)
    assert set(KNOWN) < set(NAMES)
    with pytest.raises(UserError, match=r"N-CARS is to be fetched by hand from https://www\.prophesee"):
        download("ncars", tmp_path)


def test_a_folder_with_a_colon_in_its_name_is_a_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "ncars:mine")
    assert counts(find_recordings(tmp_path / "ncars:mine")[0]) == {"train": 20, "test": 20}


def test_corrupt_data_offers_the_download(tmp_path: Path) -> None:
    write(tmp_path / "n-cars_train" / "cars" / "obj_1_td.dat", dat(some(1, (50, 60)))[:-3])
    entry = open_known("ncars", tmp_path).entries("train")[0]
    with pytest.raises(UserError, match=r"obj_1_td\.dat: .*within an event.*`ssnn-fpga download ncars"):
        entry.read((100, 120))
