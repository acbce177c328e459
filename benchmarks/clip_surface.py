"""How near heads fitted to a synthetic Clip-A come to the true one: `python benchmarks/clip_surface.py`.

A known subject, in a room, is filmed while the phone goes around it; key frames are chosen from what is found in
the clip, and the head is made from one frame, from the landmarks and outlines of all, and from the surface. The face
region's distance to the true surface is measured in millimetres. Takes some minutes a subject.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headsmith.bench.clip_measures import FACE_PARTS, mesh_error, shape_error, surface_error
from headsmith.bench.clip_seen import landmark_error
from headsmith.bench.clip_table import each_subject, markdown, write_page
from headsmith.bench.clips import ClipParams, SyntheticClip, recorded, synthetic_clip_a
from headsmith.capture import crop_frame, crop_landmarks, crop_mattes, head_box, key_frames
from headsmith.fit import FitParams, fit_head
from headsmith.landmarks import follow
from headsmith.matting import matte
from headsmith.pipeline.known_size import pupil_distance_m, with_pupil_distance
from headsmith.surface import SurfaceParams, reconstruct
from headsmith.types import ClipLandmarks, HeadFit, Pictures

RESULTS = Path(__file__).parent / "results/clip_surface.md"
LABELS = {
    "mean_head": "mean head, unfitted",
    "one_photo": "one photo",
    "landmarks": "landmarks and outlines",
    "surface": "surface",
    "sized": "surface, distance of the pupils known",
    "mesh": "surface before the head is laid on it",
}


@dataclass(frozen=True)
class Settings:
    seeds: tuple[int, ...]
    frames: int
    size_px: tuple[int, int]
    seconds: float
    exact_mattes: bool
    cut_px: int


def clip_of(seed: int, settings: Settings, folder: Path) -> SyntheticClip:
    params = ClipParams(size_px=settings.size_px, fps=10.0, seconds=settings.seconds)
    clip = synthetic_clip_a(replace(params, subject=replace(params.subject, seed=seed)))
    return recorded(clip, folder / clip.info.source)


def pictures_of(clip: SyntheticClip, seen: ClipLandmarks, settings: Settings) -> tuple[Pictures, list[int]]:
    """Close-ups of the key frames, the most frontal first, and their numbers in the clip."""
    rows = sorted(key_frames(seen, settings.frames), key=lambda row: -float(seen.T_face[row][2, 2]))
    out, numbers = Pictures(), [int(seen.index[row]) for row in rows]
    for row, number in zip(rows, numbers, strict=True):
        frame, landmarks = next(clip.reader.read([number])), seen.at(row)
        box = head_box(landmarks, clip.info.size_px)
        scale = min(1.0, settings.cut_px / max(box[2] - box[0], box[3] - box[1]))
        size = (round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale))
        near, points = crop_frame(frame, box, size), crop_landmarks(landmarks, box, size)
        masks = crop_mattes(clip.mattes(number), box, size) if settings.exact_mattes else matte(near, points)
        out += Pictures((near,), (points,), (masks,))
    return out, numbers


def fits_of(clip: SyntheticClip, pictures: Pictures) -> dict[str, tuple[HeadFit, float]]:
    """The head from the first picture and from the landmarks of all, with the seconds of processor time it took."""
    model, out = clip.model, {}
    for name, count in (("one_photo", 1), ("landmarks", len(pictures))):
        start = time.process_time()
        params = FitParams(one_camera=count > 1, still=count > 1)
        fit = fit_head(
            model, pictures.frames[:count], pictures.landmarks[:count], pictures.mattes[:count], params
        )  # fmt: skip
        out[name] = fit, time.process_time() - start
    return out


def figures(clip: SyntheticClip, fit: HeadFit, seconds: float) -> dict[str, Any]:
    """Errors of the head as the frames show it, and of its neutral shape."""
    model, view = clip.model, fit.views[0]
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    shown = model.pose(rest, view.expression, view.joint_rotations)
    return head_figures(clip, shown, rest) | {"cpu_s": round(seconds, 1)}


def head_figures(clip: SyntheticClip, shown: np.ndarray, rest: np.ndarray) -> dict[str, Any]:
    model = clip.model
    return {
        "shown": asdict(surface_error(model, shown, clip.rest_m)),
        "shown_scaled": asdict(surface_error(model, shown, clip.rest_m, scaled=True)),
        "rest": asdict(surface_error(model, rest, clip.rest_m)),
        "shape": asdict(shape_error(model, rest, clip.rest_m)),
    }


def measure_clip(clip: SyntheticClip, settings: Settings, indices: Sequence[int] | None = None) -> dict[str, Any]:
    """All figures of one subject, from all frames of the clip or from those of some numbers."""
    seen = follow(clip.reader, range(len(clip.moments)) if indices is None else indices)
    pictures, numbers = pictures_of(clip, seen, settings)
    template = clip.model.v_template
    out: dict[str, Any] = {
        "seed": clip.params.subject.seed, "key_frames": len(numbers),
        "landmarks_found": asdict(landmark_error(clip, seen)),
        "mean_head": head_figures(clip, template, template),
    }  # fmt: skip
    fits = fits_of(clip, pictures)
    out |= {name: figures(clip, fit, seconds) for name, (fit, seconds) in fits.items()}
    start = time.process_time()
    seen_in = (pictures.frames, pictures.landmarks, pictures.mattes)
    result = reconstruct(clip.model, fits["landmarks"][0], seen_in, SurfaceParams())
    spent = time.process_time() - start
    out["surface"] = figures(clip, result.fit, spent)
    known_m = pupil_distance_m(clip.model, clip.rest_m)
    out["sized"] = figures(clip, with_pupil_distance(clip.model, result.fit, known_m), spent)
    out |= {"method": result.method, "registered": result.registered, "warnings": list(result.warnings)}
    if result.mesh is not None:
        view, fit = result.fit.views[0], result.fit
        rest = clip.model.rest_vertices(fit.identity, fit.offsets_m)
        posed = clip.model.pose(rest, view.expression, view.joint_rotations)
        mesh = (result.mesh.vertices_m, result.mesh.faces)
        out["mesh"] = {key: asdict(mesh_error(clip.model, clip.rest_m, mesh, posed, scaled=scaled))
                       for key, scaled in (("shown", False), ("shown_scaled", True))}  # fmt: skip
    return out


def page(results: list[dict[str, Any]], settings: Settings) -> list[str]:
    columns = ["made from", "face mm", "median", "95 %", "face mm, any size", "size", "neutral face mm",
               "neutral vertices mm", "eyes apart mm", "CPU s", *FACE_PARTS]  # fmt: skip
    mattes = "exact mattes" if settings.exact_mattes else "found mattes"
    parts = [f"{settings.frames} key frames of {settings.seconds:g} s at {settings.size_px[0]} x {settings.size_px[1]} "
             f"px, 10 frames/s, compressed; {mattes}. \"Face mm\": mean distance of the face region, as the frames "
             "show it, to the true surface, rigidly aligned; the parts' columns are of the same. \"Neutral\": the "
             "head without expression; \"vertices\": corner by corner."]  # fmt: skip
    for result in results:
        lost = result["landmarks_found"]
        parts.append(
            f"## Subject {result['seed']}\n\n{result['key_frames']} key frames, {result['registered']} placed by "
            f"structure from motion. The face was found in {lost['found']:.0%} of the frames "
            f"({lost['found_frontal']:.0%} of those turned by less than 40 degrees); its landmarks were "
            f"{lost['px']:.1f} px or {lost['mm']:.1f} mm off in all, {lost['frontal_mm']:.1f} mm in those turned less. "
            + " ".join(result["warnings"])
        )
        parts.append(markdown(columns, [row_of(label, result[key]) for key, label in LABELS.items() if key in result]))
    return parts


def row_of(label: str, figure: dict[str, Any]) -> list[Any]:
    shown, none = figure["shown"], "–"
    shape = figure.get("shape", {})
    return [label, shown["mean_mm"], shown["median_mm"], shown["p95_mm"], figure["shown_scaled"]["mean_mm"],
            f"{figure['shown_scaled']['scale']:.3f}", figure["rest"]["mean_mm"] if "rest" in figure else none,
            shape.get("face_mm", none), shape.get("eye_distance_mm", none), figure.get("cpu_s", none),
            *(shown["by_part_mm"][part] for part in FACE_PARTS)]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1,2,3", help="subjects, with commas")
    parser.add_argument("--frames", type=int, default=20, help="key frames")
    parser.add_argument("--size", default="540x720", help="WIDTHxHEIGHT of the clip")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--cut", type=int, default=768, help="longest side of the pictures around the head")
    parser.add_argument("--exact-mattes", action="store_true", help="the true masks, instead of those found")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep results there, and go on from them")
    parser.add_argument("--json", action="store_true", help="print all figures instead of writing the table")
    options = parser.parse_args()
    width, _, height = options.size.partition("x")
    settings = Settings(tuple(map(int, options.seeds.split(","))), options.frames, (int(width), int(height)),
                        options.seconds, options.exact_mattes, options.cut)  # fmt: skip
    results = each_subject(
        settings.seeds, options.work, lambda seed, folder: measure_clip(clip_of(seed, settings, folder), settings)
    )
    if options.json:
        print(json.dumps(results, indent=1))
        return
    write_page(RESULTS, "Clip-A: distance to the true face", "python benchmarks/clip_surface.py",
               page(results, settings))  # fmt: skip
    print(RESULTS)


if __name__ == "__main__":
    main()
