"""A clip and a known head -> how the head stands in every frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from headsmith.errors import InputError
from headsmith.head_model.model import HeadModel
from headsmith.track.calibrate import focal_by_landmarks, settle_landmarks, start
from headsmith.track.calibrate_pictures import Scene, Shots, calibrate_by_pictures, focal_by_pictures
from headsmith.track.chunks import chunks_of, join
from headsmith.track.evidence import evidence_of, expected_expressions, rows_of, spread_over
from headsmith.track.neck import split_neck
from headsmith.track.params import TrackParams
from headsmith.track.photometric import solve_with_pictures
from headsmith.track.pictures import read_pictures
from headsmith.track.problem import Problem, problem_of
from headsmith.track.processes import Crew, crew
from headsmith.track.skin import Skin, sample_skin
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

SAMPLED, SAMPLED_TOGETHER = 32, 8
"""frames from which the whole clip's properties are estimated, and of them those that one process looks at at once"""
COVERED, ENOUGH = 0.3, 8
AT_A_TIME = 256
"""frames whose evidence is in memory together"""


@dataclass(frozen=True)
class Job:
    """What a process needs to solve one chunk."""

    problem: Problem
    skin: Skin | None
    clip: FrameReader
    seen: ClipLandmarks
    expected: F32
    """[N, E]"""


def track_head(
    model: HeadModel,
    fit: HeadFit,
    seen: ClipLandmarks,
    clip: FrameReader,
    texture: StaticTexture | None = None,
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
    job = Job(problem_of(model, fit, faces, params), None, clip, faces, expected)
    # the matrices of a frame are small: threads that share them wait for each other longer than they work
    with threadpool_limits(1), crew(params.workers) as workers:
        prepared = _prepared(model, fit, job, texture, workers)
        progress(0.1)
        chunks = chunks_of(len(found), params.chunk)
        jobs = [_part(prepared, np.arange(chunk.start, chunk.stop)) for chunk in chunks]
        states = join(chunks, workers.run(solve_chunk, jobs, lambda part: progress(0.1 + 0.85 * part)))
        track = _finished(model, seen, prepared.problem, states, expected)
    progress(1.0)
    return track


def _prepared(model: HeadModel, fit: HeadFit, whole: Job, texture: StaticTexture | None, workers: Crew) -> Job:
    """With all that is the same in every frame, estimated from frames spread over the clip."""
    rows, problem = _telling_rows(whole.seen), whole.problem
    if texture is None:
        sample = _part(whole, rows)
        evidence = evidence_of(problem.known, sample.seen, sample.expected)
        if problem.params.focal_px is None:
            problem = replace(problem, focal_px=focal_by_landmarks(problem, evidence))
        return replace(whole, problem=settle_landmarks(problem, evidence))
    rest = model.rest_vertices(fit.identity, fit.offsets_m).astype(np.float64)
    skin = sample_skin(model, rest, texture, problem.params.photo)
    groups = np.array_split(rows, -(-len(rows) // SAMPLED_TOGETHER))
    shots = workers.run(take, [_part(whole, group) for group in groups])
    if problem.params.focal_px is None:
        problem = replace(problem, focal_px=focal_by_pictures(workers, Scene(problem, skin), shots))
    scene = calibrate_by_pictures(workers, Scene(problem, skin), shots)
    return replace(whole, problem=scene.problem, skin=scene.skin)


def _telling_rows(seen: ClipLandmarks) -> NDArray[np.intp]:
    """Frames spread over the clip, of those whose face is free if there are enough."""
    free = np.flatnonzero(seen.occluded < COVERED)
    rows = free if len(free) >= ENOUGH else np.arange(len(seen.index))
    return spread_over(rows, SAMPLED)


def _part(whole: Job, rows: NDArray[np.intp]) -> Job:
    return replace(whole, seen=rows_of(whole.seen, rows), expected=whole.expected[rows])


def take(job: Job, progress: Progress) -> Shots:
    """Some frames, as the whole clip's properties are estimated from them."""
    evidence = evidence_of(job.problem.known, job.seen, job.expected)
    progress(0.2)
    return Shots(evidence, list(read_pictures(job.clip, job.seen, job.problem.params.photo)))


def solve_chunk(job: Job, progress: Progress) -> States:
    """The frames of one chunk: each alone first, then all together, at last against the pictures."""
    evidence = evidence_of(job.problem.known, job.seen, job.expected)
    states = solve(job.problem, evidence, start(job.problem, evidence), coupled=False)
    progress(0.2)
    if job.skin is None:
        return solve(job.problem, evidence, states)
    pictures = list(read_pictures(job.clip, job.seen, job.problem.params.photo))
    progress(0.4)
    return solve_with_pictures(job.problem, job.skin, evidence, states, pictures)


def _finished(model: HeadModel, seen: ClipLandmarks, problem: Problem, states: States, expected: F32) -> HeadTrack:
    """The track of all frames, those without a face included."""
    found = np.flatnonzero(seen.found)
    error = np.zeros(len(seen.index), np.float32)
    for start_row in range(0, len(found), AT_A_TIME):
        part = slice(start_row, start_row + AT_A_TIME)
        evidence, some = evidence_of(problem.known, rows_of(seen, found[part]), expected[part]), states.rows(part)
        error[found[part]] = [landmark_error(problem, evidence, some, row) for row in range(len(some))]
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
