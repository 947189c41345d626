"""What authorities want of a photo's size. They change it: the authority's own page decides.

Head heights are from the chin to the crown, without the hair that stands above it. No torch here:
the web process may list these.
"""

from __future__ import annotations

from dataclasses import dataclass

from editing.errors import RequestInvalid

Colour = tuple[int, int, int]  # RGB, 0 to 255
WHITE: Colour = (255, 255, 255)
LIGHT_GREY: Colour = (230, 230, 230)

DOTS_PER_INCH = 300
LABEL = "id-photo"  # what its file is called beside the whole photo's
MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Size:
    """A kind of photo; lengths in mm. ``eyes`` is how high the eyes may be above the lower edge, None
    where we know of no rule."""

    name: str
    title: str
    width: float
    height: float
    head: tuple[float, float]
    eyes: tuple[float, float] | None
    background: Colour

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height at 300 dots per inch."""
        return to_pixels(self.width), to_pixels(self.height)


def to_pixels(length: float) -> int:
    """Return how many pixels a length in mm has."""
    return round(length / MM_PER_INCH * DOTS_PER_INCH)


# Compared in November 2026 with what others say that the authorities publish; the authorities' own
# pages could not be reached from here.
SIZES: dict[str, Size] = {
    size.name: size
    for size in (
        # ICAO Doc 9303: chin to crown 70 to 80 % of the height (as quoted at travel.stackexchange
        # question 11534).
        Size("icao", "ICAO 9303", 35, 45, (31.5, 36), None, LIGHT_GREY),
        Size("schengen", "Schengen", 35, 45, (32, 36), None, LIGHT_GREY),
        # These three: pixid.studio, "Passport photo size requirements", January 2026. The height of
        # the eyes in the United States: 28 to 35 mm (treasures-canada.com).
        Size("uk", "United Kingdom", 35, 45, (29, 34), None, LIGHT_GREY),
        Size("us", "United States", 50.8, 50.8, (25, 35), (28, 35), WHITE),
        Size("canada", "Canada", 50, 70, (31, 36), None, WHITE),
        # chinavisaletter.com, idphoto4you.com.
        Size("china", "China", 33, 48, (28, 33), None, WHITE),
    )
}


def find_size(name: str) -> Size:
    """Return the size of that name.

    Raises:
        RequestInvalid: there is none; names those there are.
    """
    if name not in SIZES:
        raise RequestInvalid(f"there is no size {name!r}; there are {', '.join(SIZES)}")
    return SIZES[name]
