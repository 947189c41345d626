"""Videos: everybody is followed and hidden in every picture, the sound stays, work goes on."""

from __future__ import annotations

import json

import av
import cv2
import dlib
import numpy as np
import pytest

from editing.__main__ import main
from editing.errors import FaceUnknown, NoFace, RequestInvalid, VideoTooLarge, VideoUnreadable
from editing.models import ModelStore
from editing.progress import Cancelled
from editing.request import EditRequest
from editing.signing import check_signature
from editing.video import clip, edit
from editing.video.clip import open_clip, read_frames
from editing.video.edit import edit_video
from editing.video.follow import Follower, _Track, follow
from tests.editing.clips import moving, sound_of, turned_quarter, write_clip

COUNT = 23


@pytest.fixture(scope="module")
def models() -> ModelStore:
    return ModelStore()


@pytest.fixture(scope="module")
def pictures(astronaut_photo):
    return moving(astronaut_photo.pixels, COUNT)


@pytest.fixture(scope="module")
def source(pictures, tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "source.mp4"
    return write_clip(path, pictures, title="Eileen at home", location="+52.5+013.4/")


def request(method="mosaic", **more) -> EditRequest:
    return EditRequest(operation="deidentify", params={"method": method}, seed=5, **more)


@pytest.fixture(scope="module")
def hidden(source, models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hidden")
    report = edit_video(source, folder / "out.mp4", request(), models, folder / "pieces")
    return folder / "out.mp4", report


def sees_a_face(pixels):
    """Ask dlib's detector, which is quick, and blind to faces from the side: there are none here."""
    grey = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), None, fx=3, fy=3)
    return bool(dlib.get_frontal_face_detector()(grey))


def test_times_size_and_sound_are_those_of_the_source(source, hidden):
    out, report = hidden
    before, after = open_clip(source), open_clip(out)
    assert (after.width, after.height) == (before.width, before.height)
    times = [[f.pts * c.time_base for f in read_frames(c.path)] for c in (before, after)]
    assert times[0] == times[1]
    assert len(times[1]) == report.video.frames == COUNT
    assert sound_of(out) == sound_of(source)


def test_nothing_is_told_of_who_and_where(source, hidden):
    assert b"Eileen at home" in source.read_bytes()
    data = hidden[0].read_bytes()
    assert b"Eileen" not in data
    assert b"+52.5" not in data
    with av.open(str(hidden[0])) as file:
        assert "Edited by Mien" in file.metadata["comment"]


def test_everybody_is_hidden_in_every_picture(source, hidden):
    out, report = hidden
    (person,) = report.faces
    assert person.frames == COUNT
    for n, (before, after) in enumerate(zip(read_frames(source), read_frames(out), strict=True)):
        changed = np.abs(before.pixels.astype(int) - after.pixels).mean(axis=2) > 24
        assert changed.sum() > 300, n
        if n % 8 == 0:
            assert sees_a_face(before.pixels)
            assert not sees_a_face(after.pixels)


def test_one_person_is_given_one_other_face(source, models, tmp_path):
    report = edit_video(source, tmp_path / "o.mp4", request("surrogate"), models, tmp_path / "p")
    (person,) = report.faces
    assert person.identity_distance > 0.6
    before, after = (
        [f.pixels.astype(int) for f in read_frames(p)] for p in (source, tmp_path / "o.mp4")
    )
    points = follow(read_frames(source), models)[0].points
    for n in range(4, COUNT, 6):
        x0, y0 = points[n][:, :2].min(axis=0).astype(int)
        x1, y1 = points[n][:, :2].max(axis=0).astype(int)
        box = (slice(y0, y1), slice(x0, x1))
        moved = np.abs(before[n][box] - before[n - 1][box]).mean()
        flickers = np.abs(after[n][box] - after[n - 1][box]).mean()
        assert flickers < 1.6 * moved + 1.5


def test_what_was_done_is_not_done_again(source, hidden, models, tmp_path, monkeypatch):
    monkeypatch.setattr(edit, "PIECE", 8)

    def stop(fraction, note="", preview=None):
        if note.startswith("picture 12"):
            raise Cancelled

    pieces = tmp_path / "pieces"
    with pytest.raises(Cancelled):
        edit_video(source, tmp_path / "o.mp4", request(), models, pieces, stop)
    assert (pieces / "00000.mp4").is_file()
    assert not (pieces / "00001.mp4").exists()
    first = (pieces / "00000.mp4").stat().st_mtime_ns
    report = edit_video(source, tmp_path / "o.mp4", request(), models, pieces)
    assert (pieces / "00000.mp4").stat().st_mtime_ns == first
    assert len(list(read_frames(tmp_path / "o.mp4"))) == COUNT
    assert report.faces == hidden[1].faces
    # Another request in the same folder begins anew.
    edit_video(source, tmp_path / "o.mp4", request("solid"), models, pieces)
    assert (pieces / "00000.mp4").stat().st_mtime_ns != first


def test_work_that_goes_on_draws_the_same_other_face(source, models, tmp_path, monkeypatch):
    monkeypatch.setattr(edit, "PIECE", 6)
    whole = edit_video(source, tmp_path / "w.mp4", request("surrogate"), models, tmp_path / "w")

    def stop(fraction, note="", preview=None):
        if note.startswith("picture 9"):
            raise Cancelled

    with pytest.raises(Cancelled):
        edit_video(source, tmp_path / "o.mp4", request("surrogate"), models, tmp_path / "p", stop)
    edit_video(source, tmp_path / "o.mp4", request("surrogate"), models, tmp_path / "p")
    one, other = (list(read_frames(tmp_path / name)) for name in ("w.mp4", "o.mp4"))
    assert np.array_equal(one[-1].pixels, other[-1].pixels)
    assert whole.video.frames == COUNT


def test_where_one_is_seen_again_their_place_is_not_guessed():
    """Two tracks of one person, the second from two pictures after the first on."""
    follower = Follower(ModelStore())
    follower._count = 20
    here, there = np.zeros((478, 3), np.float32), np.full((478, 3), 50, np.float32)
    tracks = [_Track(dict.fromkeys(range(5), here)), _Track(dict.fromkeys(range(7, 12), there))]
    person = follower._person(0, tracks)
    assert all(np.allclose(person.points[n], there) for n in range(7, 12))
    assert person.guessed == {5, 6, 12, 13, 14, 15, 16}


def test_a_face_that_is_hidden_for_a_moment_is_covered_between(pictures, models, tmp_path):
    gone = [picture.copy() for picture in pictures]
    for n in (12, 13, 14):
        gone[n][45:130, 110:210] = 120
    (person,) = follow(read_frames(write_clip(tmp_path / "gone.mp4", gone)), models)
    assert set(person.points) == set(range(COUNT))
    assert {12, 13, 14} <= person.guessed <= set(range(11, 16))


def test_a_video_that_is_shown_turned_is_turned(pictures, models, tmp_path):
    sideways = [np.rot90(picture) for picture in pictures[:6]]
    path = turned_quarter(write_clip(tmp_path / "turned.mp4", sideways))
    told = open_clip(path)
    assert (told.width, told.height) == (320, 240)
    edit_video(path, tmp_path / "o.mp4", request(), models, tmp_path / "p")
    first = next(read_frames(tmp_path / "o.mp4")).pixels
    assert first.shape == pictures[0].shape
    # Upright, so that what is no face is where it was.
    assert np.abs(first[-40:].astype(int) - pictures[0][-40:]).mean() < 12


def test_a_broken_picture_is_counted_and_nobody_is_shown(source, models, tmp_path):
    data = bytearray(source.read_bytes())
    start = data.index(b"mdat") + len(data) // 3
    data[start : start + 700] = bytes(700)
    path = tmp_path / "broken.mp4"
    path.write_bytes(data)
    report = edit_video(path, tmp_path / "o.mp4", request(), models, tmp_path / "p")
    assert report.video.broken > 0
    for frame in list(read_frames(tmp_path / "o.mp4"))[::6]:
        assert not sees_a_face(frame.pixels)


def test_what_cannot_be_done_is_refused_with_its_reason(source, models, tmp_path, monkeypatch):
    empty = write_clip(tmp_path / "empty.mp4", [np.full((64, 96, 3), 80, np.uint8)])
    with pytest.raises(NoFace, match="no face"):
        edit_video(empty, tmp_path / "o.mp4", request(), models, tmp_path / "a")
    with pytest.raises(FaceUnknown, match="no person 3"):
        edit_video(source, tmp_path / "o.mp4", request(faces=[3]), models, tmp_path / "b")
    other = EditRequest(operation="age", params={"target_age": 60})
    with pytest.raises(RequestInvalid, match="photos"):
        edit_video(source, tmp_path / "o.mp4", other, models, tmp_path / "c")
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(VideoUnreadable):
        open_clip(text)
    monkeypatch.setattr(clip, "LONGEST", 0.5)
    with pytest.raises(VideoTooLarge, match="seconds"):
        open_clip(source)


def test_the_command_line_writes_the_video_signed_and_its_report(source, tmp_path):
    out, report = tmp_path / "out.mp4", tmp_path / "report.json"
    arguments = ["edit", source, out, "--operation", "deidentify", "--set", "method=solid"]
    assert main([str(a) for a in (*arguments, "--report", report)]) == 0
    told = json.loads(report.read_text())
    assert told["video"]["frames"] == COUNT
    assert told["faces"][0]["frames"] == COUNT
    assert check_signature(out.read_bytes(), "video/mp4").state in ("valid", "untrusted")
    assert not list(tmp_path.glob(".*"))
