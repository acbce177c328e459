"""Close-ups of a clip's frames, made by threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from headsmith.capture import open_clip, write_clip
from headsmith.landmarks import follow
from headsmith.pipeline.clips import Watched, close_ups
from headsmith.pipeline.photos import close_up

PORTRAIT = Path(__file__).parents[2] / "sample_assets/portrait.jpg"
LONGEST_PX = 160


def test_threads_make_what_one_would_make_in_the_same_order(tmp_path: Path) -> None:
    picture = Image.open(PORTRAIT).convert("RGB").resize((240, 240))
    moving = [np.roll(np.asarray(picture), 3 * i, axis=1) for i in range(7)]
    write_clip(tmp_path / "pan.mp4", moving, 10.0)
    clip = open_clip(tmp_path / "pan.mp4")
    watched = Watched(clip, follow(clip, range(7)))
    rows = [0, 1, 3, 4, 5, 6]
    made = list(close_ups(watched, rows, LONGEST_PX))
    for row, pictures in zip(rows, made, strict=True):
        frame = next(clip.read([int(watched.seen.index[row])]))
        alone = close_up(frame, watched.seen.at(row), LONGEST_PX)
        np.testing.assert_array_equal(pictures.frames[0].image, alone.frames[0].image)
        for name in ("person", "head", "hair", "skin"):
            np.testing.assert_array_equal(getattr(pictures.mattes[0], name), getattr(alone.mattes[0], name))
