"""Label person and background of every frame with MediaPipe's selfie segmentation (Apache-2.0).

MediaPipe is no dependency of Mien: it labels once, from an environment of its own, and only what
is learned from its labels is shipped.

    python3 -m venv var/training/mediapipe
    var/training/mediapipe/bin/pip install mediapipe==0.10.21
    var/training/mediapipe/bin/python editing/training/label_person.py var/training
"""

import sys
from pathlib import Path

import cv2
import mediapipe
import numpy as np

SIDE = 256


def main() -> None:
    folder = Path(sys.argv[1])
    frames = np.load(folder / "frames.npy", mmap_mode="r")
    labels = np.empty((len(frames), SIDE, SIDE), np.uint8)
    with mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0) as segment:
        for n, frame in enumerate(frames):
            found = segment.process(np.ascontiguousarray(frame)).segmentation_mask
            small = cv2.resize(found, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            labels[n] = (small * 255).round()
    np.save(folder / "person.npy", labels)


if __name__ == "__main__":
    main()
