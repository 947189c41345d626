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
MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Size:
    """A kind of photo; lengths in mm. ``eyes`` is how high the eyes may be above the lower edge."""

    name: str
    title: str
    width: float
    height: float
    head: tuple[float, float]
    eyes: tuple[float, float]
    background: Colour

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height at 300 dots per inch."""
        return to_pixels(self.width), to_pixels(self.height)


def to_pixels(length: float) -> int:
    """Return how many pixels a length in mm has."""
    return round(length / MM_PER_INCH * DOTS_PER_INCH)


SIZES: dict[str, Size] = {
    size.name: size
    for size in (
        # ICAO Doc 9303 part 3, 8th edition: head 70 to 80 % of the height, eyes 50 to 70 % up.
        Size("icao", "ICAO 9303", 35, 45, (31.5, 36), (22.5, 31.5), LIGHT_GREY),
        # Fotomustertafel of the German Bundesdruckerei: 32 to 36 mm.
        Size("schengen", "Schengen, Germany", 35, 45, (32, 36), (22.5, 31.5), LIGHT_GREY),
        # GOV.UK, "Get a passport photo": 29 to 34 mm, cream or light grey.
        Size("uk", "United Kingdom", 35, 45, (29, 34), (20, 31.5), LIGHT_GREY),
        # travel.state.gov: 2 x 2 inches, head 1 to 1 3/8, eyes 1 1/8 to 1 3/8 inches up, white.
        Size("us", "United States", 50.8, 50.8, (25.4, 34.9), (28.6, 34.9), WHITE),
        # Government of Canada, passport photo specifications: 50 x 70 mm, 31 to 36 mm, white.
        Size("canada", "Canada", 50, 70, (31, 36), (35, 49), WHITE),
        # Chinese visa application service: 33 x 48 mm, 28 to 33 mm, white.
        Size("china", "China, visa", 33, 48, (28, 33), (24, 36), WHITE),
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
