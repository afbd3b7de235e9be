"""Where each number of a person lies in the kernels' row."""

from __future__ import annotations

from typing import Final

LEVEL: Final = 0  # latent level now [points]; the items' bench keeps its sum here
BEFORE: Final = 1  # a month ago
MU: Final = 2  # personal rate [points per month]
KAPPA: Final = 3  # size of the person's rating noise, relative
OWN: Final = 4  # tempo now, or bend
DIP: Final = 5  # transient loss now [points]
DIP_BEFORE: Final = 6
STICKY: Final = 7  # sticky part of the rating, in its SD; for items the last rating's residual [points]
START: Final = 8  # recovery: start, rise, end of holding [months]
RISE: Final = 9
END: Final = 10
SIZE: Final = 11  # [points]
LOSS: Final = 12  # rate of loss meanwhile, relative
REGAINED: Final = 13  # gain there now [points]
BELIEF: Final = 14  # chance of each level of the sticky part, as an oracle holds it
LEVELS: Final = 9
CURVE: Final = BELIEF + LEVELS  # width of a row of a curve
GRADE: Final = 14  # twelve items' grades
BACK: Final = 26  # of which regained
WEIGHT: Final = 38  # how fast each of the four domains goes
SLIP: Final = 42  # twelve items' rating noise now
WIDTH: Final = 54
