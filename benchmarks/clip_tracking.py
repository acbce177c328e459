"""How near a track of a synthetic Clip-B comes to the truth: `python benchmarks/clip_tracking.py`.

A known subject talks, makes faces, blinks and turns the head before a camera that stands still. The clip is tracked
with the true head and with one that was fitted to the clip's own calm frames, with and without a texture, in one
process and in two. Takes some minutes a subject; the ratio of times is only right on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from headsmith.bench.clip_seen import landmark_error, true_landmarks
from headsmith.bench.clip_table import each_subject, markdown, write_page
from headsmith.bench.clip_track_measures import seam_jumps_mm, track_difference, track_error
from headsmith.bench.clips import ClipParams, SyntheticClip, recorded, synthetic_clip_b
from headsmith.capture import crop_frame, crop_landmarks, crop_mattes, head_box, key_frames
from headsmith.fit import FitParams, fit_head, pose_head
from headsmith.head_model.model import HeadModel
from headsmith.landmarks import follow
from headsmith.texture import TextureParams, make_texture
from headsmith.track import FITTED, TrackParams, personal_head, track_head, with_expressions
from headsmith.track.params import PhotoParams
from headsmith.types import ClipLandmarks, HeadFit, HeadTrack, Pictures, StaticTexture

RESULTS = Path(__file__).parent / "results/clip_tracking.md"
CAUGHT = 0.6
"""a blink counts as seen when the tracked lids close by this much"""
SHOWN_ERROR = 0.02
"""blendshapes with less error are left out of the table"""
ONE, TWO = "true head and texture", "true head and texture, 2 processes"
FITTED_HEAD = "fitted head and texture, focal length estimated"
OWN = "the same with its own expressions"
MEASURES = {
    "landmark_mm": "landmarks mm", "landmark_in_head_mm": "in the head mm", "landmark_aligned_mm": "aligned mm",
    "landmark_px": "px", "rotation_deg": "rotation deg", "turn_deg": "turn deg", "place_mm": "place mm",
    "depth_mm": "depth mm", "weight": "weights", "weight_without_gaze": "without gaze", "weight_active": "active",
    "gaze_deg": "gaze deg", "jitter_mm": "jitter mm", "blink_shift_frames": "blink shift, frames",
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    seeds: tuple[int, ...]
    size_px: tuple[int, int]
    seconds: float
    fps: float
    key_frames: int = 8
    cut_px: int = 640
    texture_px: int = 1024


@dataclass(frozen=True)
class Case:
    """What the tracker is given."""

    name: str
    fit: HeadFit
    texture: StaticTexture | None
    seen: ClipLandmarks
    workers: int = 1
    known_focal: bool = True
    photo: PhotoParams = field(default_factory=PhotoParams)
    model: HeadModel | None = None
    """with the head's own expressions, if the clip's model has others"""


def clip_of(seed: int, settings: Settings, folder: Path) -> SyntheticClip:
    params = ClipParams(size_px=settings.size_px, fps=settings.fps, seconds=settings.seconds)
    clip = synthetic_clip_b(replace(params, subject=replace(params.subject, seed=seed)))
    return recorded(clip, folder / clip.info.source, known_focal=False)


def calm_pictures(clip: SyntheticClip, seen: ClipLandmarks, settings: Settings) -> Pictures:
    """The clip's calm frames, with exact mattes."""
    pictures = Pictures()
    for row in sorted(key_frames(seen, settings.key_frames), key=lambda row: -float(seen.T_face[row][2, 2])):
        number, landmarks = int(seen.index[row]), seen.at(row)
        box = head_box(landmarks, clip.info.size_px)
        scale = min(1.0, settings.cut_px / max(box[2] - box[0], box[3] - box[1]))
        size = (round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale))
        frame = crop_frame(next(clip.reader.read([number])), box, size)
        pictures += Pictures((frame,), (crop_landmarks(landmarks, box, size),),
                             (crop_mattes(clip.mattes(number), box, size),))  # fmt: skip
    return pictures


def fitted_cases(clip: SyntheticClip, seen: ClipLandmarks, settings: Settings) -> list[Case]:
    """What a build makes of the clip, without and with the person's own expressions."""
    known, camera = calm_pictures(clip, seen, settings), FitParams(one_camera=True)
    size_px = TextureParams(size_px=settings.texture_px)
    fit = fit_head(clip.model, known.frames, known.landmarks, known.mattes, camera)
    texture = make_texture(clip.model, fit, known.frames, known.mattes, size_px)
    exprdirs, bent = personal_head(clip.model, fit, seen)
    own = with_expressions(clip.model, exprdirs)
    bent = replace(bent, views=pose_head(own, bent, known.frames, known.landmarks, known.mattes, camera))
    painted = make_texture(own, bent, known.frames, known.mattes, size_px)
    return [Case(FITTED_HEAD, fit, texture, seen, known_focal=False, photo=FITTED),
            Case(OWN, bent, painted, seen, known_focal=False, photo=FITTED, model=own)]  # fmt: skip


def true_texture(clip: SyntheticClip) -> StaticTexture:
    albedo = clip.studio.subject.albedo
    return StaticTexture(albedo, np.ones(albedo.shape[:2], np.float32), clip.light_sh(0)[None])


def cases_of(clip: SyntheticClip, seen: ClipLandmarks, settings: Settings) -> list[Case]:
    known, texture = clip.fit([0]), true_texture(clip)
    exact = true_landmarks(clip, range(len(clip.moments)))
    return [
        Case("true head, exact landmarks", known, None, exact),
        Case("true head, landmarks", known, None, seen),
        Case(ONE, known, texture, seen),
        Case(TWO, known, texture, seen, workers=2),
        Case("true head and texture, focal length estimated", known, texture, seen, known_focal=False),
        *fitted_cases(clip, seen, settings),
    ]


def tracked(clip: SyntheticClip, case: Case) -> tuple[HeadTrack, dict[str, float]]:
    """The track, and its wall and processor seconds a frame."""
    before, start = _cpu_s(), time.perf_counter()
    focal_px = clip.params.intrinsics.focal_px if case.known_focal else None
    params = TrackParams(focal_px=focal_px, workers=case.workers, photo=case.photo)
    track = track_head(case.model or clip.model, case.fit, case.seen, clip.reader, case.texture, params)
    count = len(track.index)
    return track, {"wall_s": (time.perf_counter() - start) / count, "cpu_s": (_cpu_s() - before) / count}


def _cpu_s() -> float:
    """Of this process and of those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure(seed: int, settings: Settings, folder: Path) -> dict[str, Any]:
    clip = clip_of(seed, settings, folder)
    seen = follow(clip.reader, range(len(clip.moments)))
    out: dict[str, Any] = {"seed": seed, "landmarks_found": asdict(landmark_error(clip, seen)), "cases": {}}
    tracks = {}
    for case in cases_of(clip, seen, settings):
        track, seconds = tracked(clip, case)
        rest = clip.model.rest_vertices(case.fit.identity, case.fit.offsets_m)
        error = track_error(clip.model, clip.rest_m, clip.track, rest, track, case.model)
        out["cases"][case.name] = asdict(error) | seconds
        tracks[case.name] = track
    one, two = tracks[ONE], tracks[TWO]
    chunk = TrackParams().chunk.frames
    seams = tuple(range(chunk, len(one.index), chunk))
    at, elsewhere = seam_jumps_mm(clip.model, clip.rest_m, one, clip.track, clip.rest_m, seams)
    times = [out["cases"][name]["wall_s"] for name in (ONE, TWO)]
    return out | {"parallel": asdict(track_difference(clip.model, clip.rest_m, one, two)),
                  "times_faster": times[0] / times[1], "seam_mm": at, "elsewhere_mm": elsewhere}  # fmt: skip


def page(results: list[dict[str, Any]], settings: Settings) -> list[str]:
    parts = [f"{settings.seconds:g} s at {settings.size_px[0]} x {settings.size_px[1]} px, {settings.fps:g} frames/s, "
             f"compressed. Landmarks: the 478 that the mesh knows, in camera space with nothing "
             "aligned, with the true and the tracked skull laid on each other, and aligned rigidly in each frame. "
             "Rotation: of the skull; turn: without the mean over the clip. Weights: mean absolute error of all 52; "
             "active: of those truly above 0.1."]  # fmt: skip
    for result in results:
        lost, cases = result["landmarks_found"], result["cases"]
        parts.append(
            f"## Subject {result['seed']}\n\nThe face was found in {lost['found']:.0%} of the frames; its landmarks "
            f"were {lost['px']:.1f} px or {lost['mm']:.1f} mm off, {lost['steady_mm']:.1f} mm without each landmark's "
            f"mean. Two processes: {result['times_faster']:.2f} times as fast; greatest difference "
            f"{result['parallel']['landmark_mm']:.4f} mm, {result['parallel']['rotation_deg']:.4f} degrees, "
            f"{result['parallel']['weight']:.4f} of a weight. Errors change by {result['seam_mm']:.2f} mm from frame "
            f"to frame over the seams of chunks, {result['elsewhere_mm']:.2f} mm elsewhere."
        )
        columns = ["tracked with", *MEASURES.values(), "blinks seen", "CPU s a frame"]
        parts.append(markdown(columns, [row_of(name, case) for name, case in cases.items()]))
        parts.append(blendshapes(cases[ONE], cases[OWN]))
    return parts


def row_of(name: str, case: dict[str, Any]) -> list[Any]:
    peaks = case["blink_peaks"]
    seen = f"{sum(peak > CAUGHT for peak in peaks)} of {len(peaks)}"
    values = [f"{case[key]:.3f}" if key.startswith("weight") else case[key] for key in MEASURES]
    return [name, *values, seen, case["cpu_s"]]


def blendshapes(known: dict[str, Any], fitted: dict[str, Any]) -> str:
    """The weights' mean absolute errors, worst first."""
    pairs = {name: (known["by_blendshape"][name], fitted["by_blendshape"][name]) for name in known["by_blendshape"]}
    shown = sorted((name for name in pairs if max(pairs[name]) >= SHOWN_ERROR), key=lambda name: -max(pairs[name]))
    rows = [(name, *(f"{value:.3f}" for value in pairs[name])) for name in shown]
    return markdown(("blendshape", "true head", "fitted head"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1,2", help="subjects, with commas")
    parser.add_argument("--size", default="480x640", help="WIDTHxHEIGHT of the clip")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep results there, and go on from them")
    parser.add_argument("--json", action="store_true", help="print all figures instead of writing the table")
    options = parser.parse_args()
    width, _, height = options.size.partition("x")
    settings = Settings(
        tuple(map(int, options.seeds.split(","))), (int(width), int(height)), options.seconds, options.fps
    )
    results = each_subject(settings.seeds, options.work, lambda seed, folder: measure(seed, settings, folder))
    if options.json:
        print(json.dumps(results, indent=1))
        return
    write_page(RESULTS, "Clip-B: errors of the track", "python benchmarks/clip_tracking.py", page(results, settings))
    print(RESULTS)


if __name__ == "__main__":
    main()
