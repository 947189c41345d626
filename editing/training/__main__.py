"""``python -m editing.training NAME``: make the weights NAME from the labelled faces."""

from __future__ import annotations

import argparse
from pathlib import Path

from editing.training import (
    age,
    age_change,
    age_reader,
    attribute,
    expression,
    face_prior,
    fill,
    head,
    landmarks,
    mesh,
    recogniser,
    second_recogniser,
    surrogate,
    xception_age,
)
from editing.weights import weights_folder

RECIPES = {
    "mesh": mesh.train,
    "landmarks": landmarks.train,
    "expression": expression.train,
    "head": head.train,
    "age_reader": age_reader.train,
    "age": age.train,
    "age_change": age_change.train,
    "face_prior": face_prior.train,
    "fill": fill.train,
    "surrogate": surrogate.train,
    "recogniser": recogniser.train,
    "second_recogniser": second_recogniser.train,
    "xception_age": xception_age.train,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m editing.training", description=__doc__)
    parser.add_argument("name", choices=[*RECIPES, "attribute"])
    parser.add_argument("attribute", nargs="?", help="of attribute: its name")
    parser.add_argument("--region", default="mouth", help="of attribute: the part it is in")
    parser.add_argument("--positive", type=Path, metavar="DIR", help="of attribute: photos with it")
    parser.add_argument("--negative", type=Path, metavar="DIR", help="of attribute: without it")
    parser.add_argument("--minutes", type=float, help="how long to train (networks only)")
    given = parser.parse_args()
    if given.name == "attribute":
        if None in (given.attribute, given.positive, given.negative):
            parser.error("attribute NAME --positive DIR --negative DIR")
        try:
            print(attribute.make(given.attribute, given.region, given.positive, given.negative))
        except ValueError as error:
            parser.error(str(error))
        return
    options = {"minutes": given.minutes} if given.minutes is not None else {}
    RECIPES[given.name](weights_folder(), **options)


if __name__ == "__main__":
    main()
