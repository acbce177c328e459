"""What pictures say about a whole clip: its focal length and its light, and where this person's landmarks really sit.

Each frame is solved alone and only the light is shared, so that groups of frames, always the same ones, can be given to
several processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headsmith.track.appearance import color_cost, observed, spread, with_light
from headsmith.track.calibrate import ROUNDS, focal_trials, likely_focal, settled_at, start
from headsmith.track.evidence import Evidence, evidence_joined
from headsmith.track.photometric import solve_with_pictures
from headsmith.track.pictures import Picture
from headsmith.track.problem import Problem
from headsmith.track.processes import Crew
from headsmith.track.skin import Skin
from headsmith.track.solve import solve
from headsmith.track.states import States
from headsmith.track.terms import landmark_error
from headsmith.track.timeline import joined
from headsmith.types import F32, Bool, Progress

FOCAL_FRAMES = 8
PICTURE_TOLERANCE = 0.25
Look = tuple[F32, F32, Bool]
"""what was `observed`"""


@dataclass(frozen=True)
class Scene:
    """What is thought to be the same in all frames."""

    problem: Problem
    skin: Skin


@dataclass(frozen=True)
class Shots:
    """Some frames."""

    evidence: Evidence
    pictures: list[tuple[Picture, ...]]
    """the levels of each"""

    @property
    def finest(self) -> list[Picture]:
        """The last level of each."""
        return [levels[-1] for levels in self.pictures]


@dataclass(frozen=True)
class Laid:
    """How the head is thought to stand in some frames, and how its skin looks there."""

    states: States
    look: Look


def focal_by_pictures(crew: Crew, scene: Scene, shots: Sequence[Shots]) -> float:
    """By how well the textured head can be laid over some frames."""
    whole = _together(shots)
    few = slice(None, None, max(1, len(whole.evidence) // FOCAL_FRAMES))
    some = Shots(whole.evidence.rows(few), whole.pictures[few])
    trials = [(replace(scene, problem=trial), some) for trial in focal_trials(scene.problem)]
    return likely_focal(scene.problem, crew.run(_color_cost, trials), PICTURE_TOLERANCE)


def calibrate_by_pictures(crew: Crew, scene: Scene, shots: Sequence[Shots]) -> Scene:
    """Light and landmarks of the clip, from frames in which the textured head was laid over the pictures."""
    laid = crew.run(_by_landmarks, [(scene, some) for some in shots])
    for _ in range(ROUNDS):
        scene = _lit(scene, laid)
        jobs = [(scene, some, one.states) for some, one in zip(shots, laid, strict=True)]
        laid = crew.run(_by_pictures, jobs)
    scene, evidence, states = _lit(scene, laid), _together(shots).evidence, joined([one.states for one in laid])
    settle_std_m = scene.problem.params.photo.settle_std_m
    problem = replace(scene.problem, params=replace(scene.problem.params, settle_std_m=settle_std_m))
    colors = spread(scene.skin, _whole_look(laid))
    return replace(scene, problem=_with_noise(settled_at(problem, evidence, states), evidence, states, colors))


def _color_cost(job: tuple[Scene, Shots], progress: Progress) -> float:
    """How badly the textured head fits the frames with the scene's focal length."""
    scene, shots = job
    laid = _by_landmarks(job, progress)
    scene = _lit(scene, [laid])
    laid = _by_pictures((scene, shots, laid.states), progress)
    return color_cost(_lit(scene, [laid]).skin, laid.look, scene.problem.params.photo)


def _by_landmarks(job: tuple[Scene, Shots], progress: Progress) -> Laid:
    scene, shots = job
    states = solve(scene.problem, shots.evidence, start(scene.problem, shots.evidence), coupled=False)
    progress(0.9)
    return Laid(states, observed(scene.problem, scene.skin, states, shots.finest))


def _by_pictures(job: tuple[Scene, Shots, States], progress: Progress) -> Laid:
    scene, shots, states = job
    states = solve_with_pictures(scene.problem, scene.skin, shots.evidence, states, shots.pictures, coupled=False)
    progress(0.9)
    return Laid(states, observed(scene.problem, scene.skin, states, shots.finest))


def _lit(scene: Scene, laid: Sequence[Laid]) -> Scene:
    return replace(scene, skin=with_light(scene.skin, _whole_look(laid)))


def _whole_look(laid: Sequence[Laid]) -> Look:
    colors, normals, seen = (np.concatenate(parts) for parts in zip(*(one.look for one in laid), strict=True))
    return colors, normals, seen


def _together(shots: Sequence[Shots]) -> Shots:
    return Shots(evidence_joined([some.evidence for some in shots]), [p for some in shots for p in some.pictures])


def _with_noise(problem: Problem, evidence: Evidence, states: States, colors: float) -> Problem:
    """Landmarks and pictures are trusted as far as they agree with the head in this clip."""
    photo = problem.params.photo
    miss = [landmark_error(problem, evidence, states, row) for row in range(len(states))]
    std = float(np.clip(np.median(miss), problem.params.landmark_std, photo.landmark_std))
    photo = replace(photo, landmark_std=std, std=float(np.clip(colors, photo.std, photo.most_std)))
    return replace(problem, params=replace(problem.params, photo=photo))
