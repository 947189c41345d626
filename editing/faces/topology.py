"""Which of the 478 points lies where: the index lists of MediaPipe's face mesh with irises.

Left and right are the subject's. The order of points is that of MediaPipe 0.10 (Apache-2.0).
"""

from __future__ import annotations

from typing import Final

POINTS: Final = 478

FACE_OVAL: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip

# Both lip rings start at the subject's right corner and run along the lower lip to the left corner.
LIPS_OUTER: Final = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)  # fmt: skip
LIPS_INNER: Final = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)  # fmt: skip

# The rings of points between the edge of the lips and the line where they meet, in the same order.
LIPS_BETWEEN: Final = (
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 408, 304, 303, 302, 11, 72, 73, 74, 184),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 407, 272, 271, 268, 12, 38, 41, 42, 183),
)

# Eye rings start at the outer corner, run along the lower lid to the inner corner and back above.
RIGHT_EYE: Final = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
LEFT_EYE: Final = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
RIGHT_IRIS: Final = (468, 469, 470, 471, 472)
LEFT_IRIS: Final = (473, 474, 475, 476, 477)

# Brow rings: upper edge from the outer end inwards, then the lower edge back.
RIGHT_BROW: Final = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
LEFT_BROW: Final = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)

NOSE: Final = (168, 193, 245, 188, 174, 217, 126, 209, 129, 64, 98, 97, 2, 326, 327, 294, 358, 429, 355, 437, 399, 412, 465, 417)  # fmt: skip
NOSE_TIP: Final = 1
CHIN: Final = 152
FOREHEAD: Final = 10
RIGHT_CHEEK: Final = 234
LEFT_CHEEK: Final = 454
