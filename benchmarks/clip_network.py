"""The dynamic-texture network: size, speed, agreement, and what it learns: `python benchmarks/clip_network.py`.

The network of the default head with random weights runs in onnxruntime on two threads, in numpy, and in torch; its
time is given beside that of one large convolution, in turns in one process. Then one is trained on the first part of
a synthetic Clip-B, whose geometry is known or known with errors, and shown on frames of the last fifth. Takes some
minutes; times are only right on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from headsmith.asset import DynamicTexture, Material, TextureNetwork
from headsmith.asset.onnx_writer import graph, model, node
from headsmith.asset.texture_blend import TextureBlend
from headsmith.bench.clip_table import markdown, write_page
from headsmith.bench.clips import ClipParams, SyntheticClip, synthetic_clip_a, synthetic_clip_b
from headsmith.bench.machine import cpu_model
from headsmith.bench.timing import Work, least_ms
from headsmith.head_model.default import load_default_head
from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import render_textured, sample_bilinear
from headsmith.texture import DynamicParams, TextureParams, dynamic_mask, make_texture, train_dynamic
from headsmith.texture.dynamic_inputs import find_latents, input_names, rest_vector, view_vector
from headsmith.texture.dynamic_network import Sizes, TextureNet
from headsmith.texture.dynamic_onnx import onnx_of, rounded
from headsmith.texture.dynamic_params import MASK_PX
from headsmith.types import F32, U8, Camera, StaticTexture, TrainingView

RESULTS = Path(__file__).parent / "results/network.md"
THREADS = 2
REFERENCE_PX, REFERENCE_CHANNELS = 128, 64
SUPERSAMPLE = 2
MOUTH, EYES = "mouth", "eyes and brows"


@dataclass(frozen=True)
class Settings:
    repeats: int
    seed: int
    size_px: tuple[int, int]
    seconds: float
    train: int
    """frames"""
    held_out: int
    steps: int


def random_network() -> tuple[TextureNet, tuple[str, ...]]:
    """That of the default head, as large as it can get: every input varies."""
    inputs = input_names(load_default_head())
    parameters = np.random.default_rng(0).random((8, len(inputs))).astype(np.float32)
    network = TextureNet(find_latents(parameters, inputs), np.full((64, 64, 3), 128, np.uint8), Sizes())
    with torch.no_grad():
        for parameter in (*network.fine.parameters(), *network.coarse.parameters()):
            parameter.normal_(0, 0.2, generator=torch.Generator().manual_seed(1))
        network.detail.normal_(0, 0.5, generator=torch.Generator().manual_seed(2))
    rounded(network)
    return network, inputs


def session_of(data: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def reference_work() -> Work:
    """A 3 x 3 convolution of 64 to 64 channels on 128 x 128 px: 604 million multiply-adds."""
    channels, size = REFERENCE_CHANNELS, REFERENCE_PX
    random = np.random.default_rng(1)
    kernel = random.normal(0, 0.05, (channels, channels, 3, 3)).astype(np.float32)
    shape = (1, channels, size, size)
    conv = node("Conv", ["x", "kernel"], "y", pads=[1, 1, 1, 1])
    session = session_of(model(graph([conv], {"kernel": kernel}, {"x": shape}, {"y": shape})))
    x = random.normal(0, 1, shape).astype(np.float32)
    return lambda: session.run(None, {"x": x})


def measure_network(repeats: int) -> dict[str, Any]:
    network, inputs = random_network()
    data = onnx_of(network)
    session, ours = session_of(data), TextureNetwork(DynamicTexture(data, inputs))
    random = np.random.default_rng(2)
    vectors = [rest_vector(inputs), *random.uniform(-0.2, 1.2, (5, len(inputs))).astype(np.float32)]
    apart = {"onnxruntime": 0.0, "numpy": 0.0}
    for vector in vectors:
        with torch.no_grad():
            wanted = network(torch.from_numpy(vector)[None])[0].numpy()
        theirs = session.run(None, {"parameters": vector[None]})[0][0]
        apart["onnxruntime"] = max(apart["onnxruntime"], float(np.abs(theirs - wanted).max()))
        apart["numpy"] = max(apart["numpy"], float(np.abs(ours.texture(vector).transpose(2, 0, 1) - wanted).max()))
    works = {
        "onnxruntime": lambda: session.run(None, {"parameters": vectors[1][None]}),
        "numpy": lambda: ours.texture(vectors[1]),
        "reference": reference_work(),
    }
    ms = least_ms(works, repeats)
    return {"bytes": len(data), "ms": ms, "ratio": ms["onnxruntime"] / ms["reference"], "difference": apart}


def training_view(clip: SyntheticClip, index: int, exposure: F32) -> TrainingView:
    """A frame with its true geometry and light, as bright as the texture takes it; hair before the face is known."""
    frame = next(clip.reader.read([index]))
    mattes, fit = clip.mattes(index), clip.view(index)
    weight = (1 - mattes.hair) * (mattes.head > 0.9)
    return TrainingView(fit.camera, frame.image, mattes.head, weight.astype(np.float32), fit.expression,
                        fit.joint_rotations, True, fit.light_sh * exposure)  # fmt: skip


def misread(view: TrainingView, random: np.random.Generator) -> TrainingView:
    """As a tracker might read it: some weights wrong by 0.05, the head 0.3 mm off."""
    wrong = 0.05 * random.standard_normal(len(view.expression)) * (random.random(len(view.expression)) < 0.3)
    T = view.camera.T_camera_world.copy()
    T[:3, 3] += 0.0003 * random.standard_normal(3)
    expression = np.clip(view.expression + wrong, 0, 1).astype(np.float32)
    return replace(view, expression=expression, camera=replace(view.camera, T_camera_world=T))


def static_texture(params: ClipParams) -> tuple[StaticTexture, F32]:
    """From five frames of the same person's Clip-A, with true geometry; and [3] its light, of the true one.

    No picture tells a bright skin from a bright light.
    """
    clip = synthetic_clip_a(params)
    chosen = np.linspace(0, len(clip.moments) - 1, 5).round().astype(int).tolist()
    frames = list(clip.reader.read(chosen))
    made = make_texture(clip.model, clip.fit(chosen), frames, [clip.mattes(i) for i in chosen],
                        TextureParams(size_px=1024))  # fmt: skip
    true = np.stack([clip.light_sh(i)[0] for i in chosen])
    return made, np.median(made.light_sh[:, 0] / true, axis=0).astype(np.float32)


class Judge:
    """Renders the known head with a texture, and compares."""

    def __init__(self, clip: SyntheticClip, static: StaticTexture) -> None:
        self.clip, self.static = clip, static
        self.mask = dynamic_mask(clip.model, MASK_PX)

    def psnr(self, view: TrainingView, texture: F32 | U8) -> dict[str, float]:
        """dB of mouth and eyes, as far as the mask covers them."""
        model, rest = self.clip.model, self.clip.rest_m
        posed = model.pose(rest, view.expression, view.joint_rotations).astype(np.float32)
        image = _rendered(model, posed, texture, view)
        buffers = rasterize(posed, model.faces, view.camera)
        mask = sample_bilinear(self.mask, buffers.interpolate(model.uvs[model.uv_faces]))[..., 0]
        weight = mask * (buffers.triangle >= 0) * view.weight
        height = buffers.interpolate(model.v_template[model.faces])[..., 1]
        squared = ((image - view.image / 255) ** 2).mean(-1)
        parts = {MOUTH: height < -0.01, EYES: height >= -0.01}
        return {name: -10 * float(np.log10((squared * weight * part).sum() / max((weight * part).sum(), 1e-6)))
                for name, part in parts.items()}  # fmt: skip

    def table(self, views: list[TrainingView], network: TextureNetwork | None) -> dict[str, float]:
        """Means over `views`, of the static texture where there is no network."""
        blend = TextureBlend(Material(self.static.albedo, self.mask, self.static.light_sh[0]),
                             (network.height_px, network.width_px)) if network else None  # fmt: skip
        rows = []
        for view in views:
            shown = self.static.albedo
            if network and blend:
                shown = blend.shown(network.texture(view_vector(self.clip.model, view)))
            rows.append(self.psnr(view, shown))
        return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _rendered(model: Any, posed: F32, texture: F32 | U8, view: TrainingView) -> F32:
    n, (cx, cy), (width, height) = SUPERSAMPLE, view.camera.principal_px, view.camera.size_px
    camera = Camera(n * view.camera.focal_px, (n * cx, n * cy), (n * width, n * height), view.camera.T_camera_world)
    large, _ = render_textured(posed, model.faces, model.uvs, model.uv_faces, texture, camera, view.light_sh)
    return large.reshape(height, n, width, n, 3).mean((1, 3))


def measure_learning(settings: Settings) -> dict[str, Any]:
    plain = ClipParams(size_px=settings.size_px, seconds=settings.seconds)
    params = replace(plain, subject=replace(plain.subject, seed=settings.seed))
    (static, exposure), clip = static_texture(params), synthetic_clip_b(replace(params, fps=30.0))
    count = len(clip.moments)
    views = [training_view(clip, i, exposure) for i in spread(0, int(0.8 * count), settings.train)]
    held_out = [training_view(clip, i, exposure) for i in spread(int(0.8 * count) + 1, count, settings.held_out)]
    judge, random = Judge(clip, static), np.random.default_rng(settings.seed)
    out: dict[str, Any] = {"static": judge.table(held_out, None)}
    for name, given in (("true", views), ("misread", [misread(view, random) for view in views])):
        start = time.process_time()
        made = train_dynamic(clip.model, clip.fit([0]), static, given, DynamicParams(steps=settings.steps))
        out[name] = {"cpu_s": time.process_time() - start, **judge.table(held_out, TextureNetwork(made))}
    return out


def spread(first: int, end: int, count: int) -> list[int]:
    return np.unique(np.linspace(first, end - 1, count).round().astype(int)).tolist()


def page(figures: dict[str, Any], settings: Settings) -> list[str]:
    ms, apart, learnt = figures["network"]["ms"], figures["network"]["difference"], figures["learning"]
    size_mb = figures["network"]["bytes"] / 1e6
    return [
        f"{cpu_model()}, {THREADS} threads for onnxruntime; least time of {settings.repeats} runs in turns. The "
        f"reference is one convolution in onnxruntime, 3 x 3, {REFERENCE_CHANNELS} to {REFERENCE_CHANNELS} channels on "
        f"{REFERENCE_PX} x {REFERENCE_PX} px.",
        markdown(("512 x 512 px", "value"), [
            ("file, MB", size_mb),
            ("onnxruntime, ms a frame", ms["onnxruntime"]),
            ("times the reference convolution", figures["network"]["ratio"]),
            ("numpy, ms a frame", ms["numpy"]),
            ("onnxruntime - torch, of 1/255", f"{255 * apart['onnxruntime']:.4f}"),
            ("numpy - torch, of 1/255", f"{255 * apart['numpy']:.4f}"),
        ]),
        f"## Learning from a clip\n\nSubject {settings.seed}, {settings.seconds:g} s at {settings.size_px[0]} x "
        f"{settings.size_px[1]} px; {settings.train} frames of the first four fifths, {settings.steps} steps; PSNR in "
        f"dB under the mask, mean over {settings.held_out} frames of the last fifth, geometry known. Misread: in "
        "training, a third of the weights wrong by 0.05 and the head by 0.3 mm.",
        markdown(("texture", MOUTH, EYES, "training, CPU s"), [
            ("static", learnt["static"][MOUTH], learnt["static"][EYES], ""),
            ("dynamic, true geometry", *(learnt["true"][k] for k in (MOUTH, EYES)), f"{learnt['true']['cpu_s']:.0f}"),
            ("dynamic, misread geometry", *(learnt["misread"][k] for k in (MOUTH, EYES)),
             f"{learnt['misread']['cpu_s']:.0f}"),
        ]),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1, help="of the subject")
    parser.add_argument("--size", default="480x640", help="WIDTHxHEIGHT of the clip")
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--train", type=int, default=60, help="frames")
    parser.add_argument("--held-out", type=int, default=16, help="frames")
    parser.add_argument("--steps", type=int, default=DynamicParams().steps)
    parser.add_argument("--json", action="store_true", help="print all figures instead of writing the table")
    options = parser.parse_args()
    width, _, height = options.size.partition("x")
    settings = Settings(options.repeats, options.seed, (int(width), int(height)), options.seconds, options.train,
                        options.held_out, options.steps)  # fmt: skip
    figures = {"network": measure_network(settings.repeats), "learning": measure_learning(settings)}
    if options.json:
        print(json.dumps(figures, indent=1))
        return
    write_page(RESULTS, "The dynamic-texture network", "python benchmarks/clip_network.py", page(figures, settings))
    print(RESULTS)


if __name__ == "__main__":
    main()
