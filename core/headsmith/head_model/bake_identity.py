"""Identity: random adults from MakeHuman's controls, and the principal components of their heads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.head_model.bake_lips import lip_closer
from headsmith.head_model.bake_mesh import HeadLayout
from headsmith.head_model.bake_uv import lip_rim
from headsmith.head_model.makehuman import MakeHuman
from headsmith.types import F32

ETHNICITIES = ("african", "asian", "caucasian")
SIGMA = 0.15
"""standard deviation of each control in units of its range; larger draws look grotesque"""
ASYMMETRY_SIGMA = 0.05
CATEGORIES = ("nose", "mouth", "eyes", "eyebrows", "chin", "cheek", "ears", "head", "forehead", "neck")
OPPOSITES = (("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"), ("compress", "uncompress"),
             ("concave", "convex"))  # fmt: skip
LEFT_OUT = ("head-age", "head-trans", "neck-trans", "measure-neck-height")
"""controls that repeat a macro or only move the whole head"""


@dataclass(frozen=True)
class IdentityOptions:
    samples: int = 1200
    components: int = 150
    seed: int = 20240607


@dataclass(frozen=True)
class Control:
    """One slider: value x in -1..1 adds x * `up` or -x * `down` [N, 3]."""

    name: str
    down: F32
    up: F32


def details(source: MakeHuman) -> dict[str, Control]:
    """All local controls of the head, one per pair of opposite targets or lone target."""
    names = {n for c in CATEGORIES for n in source.target_names(c)}
    names = {n for n in names if not any(out in n for out in LEFT_OUT)}
    controls = {}
    for name in sorted(names):
        stem, _, ending = name.rpartition("-")
        pair = next((p for p in OPPOSITES if ending in p), None)
        if pair is None:
            up = source.target(name)
            controls[name] = Control(name, -up, up)
        elif ending == pair[1] and f"{stem}-{pair[0]}" in names:
            controls[stem] = Control(stem, source.target(f"{stem}-{pair[0]}"), source.target(name))
    return controls


def asymmetries(source: MakeHuman) -> dict[str, Control]:
    """MakeHuman's own asymmetric shapes of the face."""
    names = [n for n in source.target_names("asym") if "/asym-" in n and n.endswith("-l")]
    return {n[:-2]: Control(n[:-2], source.target(f"{n[:-2]}-r"), source.target(n)) for n in names}


@dataclass(frozen=True)
class Macro:
    """The targets that depend on sex, age, origin and build."""

    origin: dict[tuple[str, str, str], F32]
    build: dict[tuple[str, str, str, str], F32]

    def shape(self, values: MacroValues) -> F32:
        """[N, 3] metres, as MakeHuman blends them: the product of each control's weights."""
        sexes = {"female": 1 - values.male, "male": values.male}
        ages = {"young": 1 - values.old, "old": values.old}
        muscles, weights = _three_way(values.muscle, "muscle"), _three_way(values.weight, "weight")
        total = sum(sexes[s] * ages[a] * values.ethnicity[ETHNICITIES.index(e)] * t
                    for (e, s, a), t in self.origin.items())  # fmt: skip
        return total + sum(sexes[s] * ages[a] * muscles.get(m, 0.0) * weights.get(w, 0.0) * t
                           for (s, a, m, w), t in self.build.items())  # fmt: skip


@dataclass(frozen=True)
class MacroValues:
    male: float
    old: float
    """0 at 25 years, 1 at 90"""
    ethnicity: F32
    """[3] sums to 1"""
    muscle: float
    """-1..1"""
    weight: float
    """-1..1"""


AVERAGE = MacroValues(0.5, 0.2, np.ones(3) / 3, 0.0, 0.0)


def _three_way(value: float, noun: str) -> dict[str, float]:
    return {f"min{noun}": max(0.0, -value), f"average{noun}": 1 - abs(value), f"max{noun}": max(0.0, value)}


def macro(source: MakeHuman) -> Macro:
    sexes, ages, steps = ("female", "male"), ("young", "old"), ("min", "average", "max")
    origin = {(e, s, a): source.target(f"macrodetails/{e}-{s}-{a}") for e in ETHNICITIES for s in sexes for a in ages}
    build = {(s, a, f"{m}muscle", f"{w}weight"): source.target(f"macrodetails/universal-{s}-{a}-{m}muscle-{w}weight")
             for s in sexes for a in ages for m in steps for w in steps}  # fmt: skip
    return Macro(origin, build)


def draw_macro(rng: np.random.Generator) -> MacroValues:
    """A random adult of 25 to 65 years."""
    ethnicity = rng.dirichlet([0.8, 0.8, 0.8])
    muscle, weight = np.clip(rng.normal(0, 0.25, 2), -0.8, 0.8)
    return MacroValues(rng.beta(0.7, 0.7), rng.uniform(0, 0.5), ethnicity, float(muscle), float(weight))


def draw_details(rng: np.random.Generator, controls: dict[str, Control]) -> dict[str, float]:
    """A value per control; left and right share theirs but for a little asymmetry."""
    values: dict[str, float] = {}
    for name in controls:
        twin = name.replace("/r-", "/l-")
        if twin != name and twin in values:
            values[name] = values[twin] + rng.normal(0, ASYMMETRY_SIGMA * 0.6)
        else:
            values[name] = rng.normal(0, SIGMA)
    return {name: float(np.clip(x, -0.5, 0.5)) for name, x in values.items()}


def random_heads(source: MakeHuman, layout: HeadLayout, options: IdentityOptions) -> F32:
    """[samples, V, 3] metres."""
    rng = np.random.default_rng(options.seed)
    macros, controls, skew = macro(source), details(source), asymmetries(source)
    average = layout.place(source.base.vertices + macros.shape(AVERAGE))
    closer = lip_closer(average, layout, lip_rim(layout))
    heads = np.empty((options.samples, layout.vertex_count, 3), np.float32)
    for i in range(options.samples):
        body = source.base.vertices + macros.shape(draw_macro(rng))
        for name, x in draw_details(rng, controls).items():
            body += x * controls[name].up if x > 0 else -x * controls[name].down
        for control in skew.values():
            x = float(np.clip(rng.normal(0, ASYMMETRY_SIGMA), -0.15, 0.15))
            body += x * control.up if x > 0 else -x * control.down
        heads[i] = closer.close(layout.place(body))
    return heads


def principal_components(heads: F32, mirror_rows: np.ndarray, count: int) -> tuple[F32, F32]:
    """The mean [V, 3] and components [V, 3, count] in metres per standard deviation.

    Every head counts twice, as it is and mirrored, so that the mean is exactly symmetric and each component is
    symmetric or antisymmetric.
    """
    samples, vertices, _ = heads.shape
    flip = np.array([-1, 1, 1], heads.dtype)
    mirrored = heads[:, mirror_rows] * flip
    even, odd = (heads + mirrored) / 2, (heads - mirrored) / 2
    mean = even.mean(0)
    kinds = [_components((even - mean).reshape(samples, -1)), _components(odd.reshape(samples, -1))]
    directions = np.concatenate([k[0] for k in kinds])
    deviations = np.concatenate([k[1] for k in kinds])
    order = np.argsort(-deviations, kind="stable")[:count]
    scaled = directions[order] * deviations[order, None]
    return mean.astype(np.float32), scaled.reshape(count, vertices, 3).transpose(1, 2, 0).astype(np.float32)


def _components(rows: F32) -> tuple[F32, F32]:
    """Unit directions [n, D] and their standard deviations [n] of centred rows [samples, D]."""
    gram = rows.astype(np.float64) @ rows.T.astype(np.float64) / len(rows)
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1][:250], vectors[:, ::-1][:, :250]
    kept = values > values[0] * 1e-7
    deviations = np.sqrt(values[kept])
    directions = (vectors[:, kept].T @ rows) / (deviations[:, None] * np.sqrt(len(rows)))
    peak = np.take_along_axis(directions, np.abs(directions).argmax(1)[:, None], 1)
    return directions * np.sign(peak), deviations
