"""``python -m editing.training NAME``: make the weights NAME from the labelled faces."""

from __future__ import annotations

import argparse

from editing.training import age, age_reader, expression, head, landmarks, mesh
from editing.weights import weights_folder

RECIPES = {
    "mesh": mesh.train,
    "landmarks": landmarks.train,
    "expression": expression.train,
    "head": head.train,
    "age_reader": age_reader.train,
    "age": age.train,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m editing.training", description=__doc__)
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--minutes", type=float, help="how long to train (networks only)")
    given = parser.parse_args()
    options = {"minutes": given.minutes} if given.minutes is not None else {}
    RECIPES[given.name](weights_folder(), **options)


if __name__ == "__main__":
    main()
