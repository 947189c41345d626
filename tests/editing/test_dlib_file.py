"""dlib's recogniser in torch says what dlib says."""

from __future__ import annotations

from pathlib import Path

import dlib
import face_recognition_models
import numpy as np
import pytest
import torch

from editing.measure.dlib_file import read_recogniser

FILE = Path(face_recognition_models.face_recognition_model_location())


def test_its_descriptors_are_dlibs_own(astronaut_photo):
    astronaut = astronaut_photo.pixels
    theirs = dlib.face_recognition_model_v1(str(FILE))
    chips = [astronaut[50:200, 150:300], astronaut[50:200, 300:150:-1], astronaut[200:350, :150]]
    stacked = torch.from_numpy(np.stack(chips)).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        ours = read_recogniser(FILE)(stacked).numpy()
    for chip, found in zip(chips, ours, strict=True):
        told = theirs.compute_face_descriptor(np.ascontiguousarray(chip))
        assert np.abs(np.array(told) - found).max() < 1e-5


def test_another_file_is_refused(tmp_path):
    other = tmp_path / "other.dat"
    for data in (b"", b"\x01\x02" * 99, FILE.read_bytes()[:1_000_000]):
        other.write_bytes(data)
        with pytest.raises(ValueError, match="does not hold"):
            read_recogniser(other)
