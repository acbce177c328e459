"""A clip and a known head -> how the head stands in every frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headsmith.errors import InputError
from headsmith.head_model.model import HeadModel
from headsmith.track.calibrate import estimate_focal, settle_landmarks, start
from headsmith.track.chunks import Chunk, chunks_of, join, run_all
from headsmith.track.columns import change_std, columns_of, prior_std
from headsmith.track.evidence import evidence_of, expected_expressions, known_landmarks, rows_of
from headsmith.track.neck import split_neck
from headsmith.track.params import TrackParams
from headsmith.track.points import landmark_points
from headsmith.track.problem import Problem
from headsmith.track.solve import solve
from headsmith.track.states import States
from headsmith.track.terms import landmark_error
from headsmith.track.timeline import at_times
from headsmith.types import (
    F32,
    Camera,
    ClipLandmarks,
    FrameReader,
    HeadFit,
    HeadTrack,
    Progress,
    StaticTexture,
    no_progress,
)

SAMPLED = 32
"""frames from which the whole clip's properties are estimated"""


@dataclass(frozen=True)
class Job:
    """What a process needs to solve one chunk."""

    problem: Problem
    seen: ClipLandmarks
    expected: F32
    """[N, E]"""


def track_head(
    model: HeadModel,
    fit: HeadFit,
    seen: ClipLandmarks,
    clip: FrameReader,  # noqa: ARG001
    texture: StaticTexture | None = None,  # noqa: ARG001
    params: TrackParams | None = None,
    progress: Progress = no_progress,
) -> HeadTrack:
    """Pose, expression, eyes and jaw in every frame of `seen`, of the head whose identity and offsets `fit` knows.

    The camera is at the world's origin with one focal length. Frames without a face get the state of their neighbours
    in time. Raises InputError when no frame shows a face.
    """
    params = params or TrackParams()
    found = np.flatnonzero(seen.found)
    if not len(found):
        raise InputError(seen.info.source, found="no face in any frame", expected="a clip of one person's face",
                         action="give another clip")  # fmt: skip
    faces = rows_of(seen, found)
    expected = expected_expressions(model, faces)
    problem = _prepared(model, fit, faces, expected, params)
    progress(0.1)
    chunks = chunks_of(len(found), params.chunk)
    jobs = [_job(problem, faces, expected, chunk) for chunk in chunks]
    states = join(chunks, run_all(solve_chunk, jobs, params.workers, lambda part: progress(0.1 + 0.85 * part)))
    track = _finished(model, seen, problem, states, expected)
    progress(1.0)
    return track


def _prepared(model: HeadModel, fit: HeadFit, faces: ClipLandmarks, expected: F32, params: TrackParams) -> Problem:
    """All that is the same in every frame, estimated from frames spread over the clip."""
    columns = columns_of(model)
    rest = model.rest_vertices(fit.identity, fit.offsets_m).astype(np.float64)
    problem = Problem(landmark_points(model, rest), known_landmarks(model), columns, params,
                      params.focal_px or faces.info.focal_px, prior_std(model, columns, params),
                      change_std(columns, params.smooth))  # fmt: skip
    rows = np.unique(np.linspace(0, len(faces.index) - 1, SAMPLED).round().astype(int))
    evidence = evidence_of(problem.known, rows_of(faces, rows), expected[rows])
    if params.focal_px is None:
        problem = replace(problem, focal_px=estimate_focal(problem, evidence))
    return settle_landmarks(problem, evidence)


def _job(problem: Problem, faces: ClipLandmarks, expected: F32, chunk: Chunk) -> Job:
    rows = np.arange(chunk.start, chunk.stop)
    return Job(problem, rows_of(faces, rows), expected[rows])


def solve_chunk(job: Job, progress: Progress) -> States:
    """The frames of one chunk: each alone first, then all together."""
    evidence = evidence_of(job.problem.known, job.seen, job.expected)
    alone = solve(job.problem, evidence, start(job.problem, evidence), coupled=False)
    progress(0.5)
    return solve(job.problem, evidence, alone)


def _finished(model: HeadModel, seen: ClipLandmarks, problem: Problem, states: States, expected: F32) -> HeadTrack:
    """The track of all frames, those without a face included."""
    found = np.flatnonzero(seen.found)
    evidence = evidence_of(problem.known, rows_of(seen, found), expected)
    error = np.zeros(len(seen.index), np.float32)
    error[found] = [landmark_error(problem, evidence, states, row) for row in range(len(states))]
    times = seen.info.timestamps_s[seen.index].astype(np.float64)
    states = at_times(states, times[found], times)
    if "neck" in model.joint_names:
        neck = model.joint_names.index("neck")
        states = split_neck(states, neck, problem.landmarks.joints_m[neck])
    width, height = seen.info.size_px
    T = np.tile(np.eye(4, dtype=np.float32), (len(times), 1, 1))
    T[:, :3, :3], T[:, :3, 3] = states.R, states.t_m
    camera = Camera(problem.focal_px, (width / 2, height / 2), (width, height), np.eye(4, dtype=np.float32))
    return HeadTrack(seen.info, seen.index, seen.found, camera, T, states.expression.astype(np.float32),
                     states.joint_rotations.astype(np.float32), error)  # fmt: skip
