"""Who is who in a clip: faces seen now and then, joined to persons, and the main one among them. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from headsmith.types import F32

# costs are in widths of the face; differences of looks are 0..1 and mostly below 0.1 within one person
LOOKS_WEIGHT, SIZE_WEIGHT = 6.0, 1.0
MOST_COST = 2.0
# how much less a distance says after each look at the clip in which the person was not seen
FORGET = 0.5
SAME_LOOKS = 0.12
# of a velocity or looks from one sighting to the next
KEEP_LOOKS, KEEP_VELOCITY = 0.7, 0.5


@dataclass(frozen=True)
class Sighting:
    """One face in one picture."""

    centre_px: F32
    """[2]"""
    size_px: float
    """width of the face"""
    looks: F32
    """[K] colours 0..1 in and around the face"""


@dataclass(frozen=True)
class Person:
    """The sightings of one person: number of the look at the clip -> what was seen."""

    seen: dict[int, Sighting]

    def looks(self) -> F32:
        return np.median([s.looks for s in self.seen.values()], axis=0)


def persons(looks_at_clip: Sequence[Sequence[Sighting]]) -> list[Person]:
    """Joins sightings by where a person would be now, size and looks; those that leave and come back are one."""
    found: list[_Trail] = []
    for number, sightings in enumerate(looks_at_clip):
        new = set(range(len(sightings)))
        if found and sightings:
            costs = np.array([[trail.cost(number, sighting) for sighting in sightings] for trail in found])
            for row, column in zip(*linear_sum_assignment(costs), strict=True):
                if costs[row, column] <= MOST_COST:
                    found[row].add(number, sightings[column])
                    new.discard(int(column))
        found += [_Trail(number, sightings[i]) for i in sorted(new)]
    return _rejoined([Person(trail.seen) for trail in found])


def main_person(people: Sequence[Person], size_px: tuple[int, int]) -> Person:
    """The largest, most central and longest present, of at least one; `size_px` of the picture."""
    return max(people, key=lambda person: sum(prominence(s, size_px) for s in person.seen.values()))


def prominence(sighting: Sighting, size_px: tuple[int, int]) -> float:
    """Of a face in a picture: its size, up to half as much again less at the corners."""
    half = np.asarray(size_px) / 2
    off_centre = float(np.linalg.norm((sighting.centre_px - half) / half)) / np.sqrt(2)
    return sighting.size_px / max(size_px) * (1 - 0.5 * off_centre)


class _Trail:
    """A person while the clip is gone through."""

    def __init__(self, number: int, sighting: Sighting) -> None:
        self.seen = {number: sighting}
        self._last, self._number = sighting, number
        self._looks, self._velocity = sighting.looks, np.zeros(2)

    def cost(self, number: int, sighting: Sighting) -> float:
        gap = number - self._number
        # nobody walks on at the same pace for long
        expected = self._last.centre_px + self._velocity * min(gap, 3)
        size = (self._last.size_px + sighting.size_px) / 2
        distance = np.linalg.norm(sighting.centre_px - expected) / size / (1 + FORGET * (gap - 1))
        growth = abs(np.log(sighting.size_px / self._last.size_px))
        difference = np.abs(sighting.looks - self._looks).mean()
        return float(distance + SIZE_WEIGHT * growth + LOOKS_WEIGHT * difference)

    def add(self, number: int, sighting: Sighting) -> None:
        pace = (sighting.centre_px - self._last.centre_px) / (number - self._number)
        self._velocity = KEEP_VELOCITY * self._velocity + (1 - KEEP_VELOCITY) * pace
        self._looks = KEEP_LOOKS * self._looks + (1 - KEEP_LOOKS) * sighting.looks
        self._last, self._number = sighting, number
        self.seen[number] = sighting


def _rejoined(people: list[Person]) -> list[Person]:
    """Whoever looks alike and is never seen at the same time is one person; longest first."""
    kept: list[Person] = []
    for person in sorted(people, key=lambda p: (-len(p.seen), min(p.seen))):
        alike = [k for k in range(len(kept)) if not kept[k].seen.keys() & person.seen.keys()
                 and np.abs(kept[k].looks() - person.looks()).mean() < SAME_LOOKS]  # fmt: skip
        if alike:
            kept[alike[0]] = Person(dict(sorted({**kept[alike[0]].seen, **person.seen}.items())))
        else:
            kept.append(person)
    return kept
