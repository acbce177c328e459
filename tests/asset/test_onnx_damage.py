"""Hostile networks: refused in one sentence, without much time or memory; damaged ones are refused or run."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asset.networks import glow_network, texture_network
from headsmith.asset import DynamicTexture, TextureNetwork
from headsmith.asset.onnx_writer import field, graph, model, node, tensor, value, varint
from headsmith.errors import InputError

P = (1, 4)
OUT = (1, 3, 8, 8)
W = np.ones((4, 192), np.float32)
GRID = np.array(OUT)
MATMUL = node("MatMul", ["parameters", "w"], "flat")
RESHAPE = node("Reshape", ["flat", "grid"], "texture")


def network(nodes: list[bytes] | None = None, opset: int = 17, out: tuple[Any, ...] = OUT, **more: Any) -> bytes:
    """One that is sound, but for what is given."""
    weights = {"w": W, "grid": GRID, **more}
    return model(graph(nodes or [MATMUL, RESHAPE], weights, {"parameters": P}, {"texture": out}), opset)


def then(*nodes: bytes, **more: Any) -> bytes:
    """`nodes` after a grid of OUT named x."""
    return network([MATMUL, node("Reshape", ["flat", "grid"], "x"), *nodes], **more)


def conv(kernel: tuple[int, ...] = (3, 3, 1, 1), op: str = "Conv", **attributes: Any) -> bytes:
    return then(node(op, ["x", "k"], "texture", **attributes), k=np.ones(kernel, np.float32))


def with_weights(name: str, dims: list[int], data: bytes, kind: int = 1) -> bytes:
    """One whose weights are written by hand."""
    inner = graph([MATMUL, RESHAPE], {"grid": GRID}, {"parameters": P}, {"texture": OUT})
    by_hand = b"".join(field(1, d) for d in dims) + field(2, kind) + field(8, name) + data
    return model(inner + field(5, by_hand))


def twice(count: int) -> list[bytes]:
    """Enlarges by 16 in both directions, `count` times."""
    names = ["x", *(f"x{k}" for k in range(count - 1)), "texture"]
    return [node("Resize", [a, "", "s"], b) for a, b in pairwise(names)]


BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no opset"),
    "text": (b"hello, this is no network", "wire type 4"),
    "cut short": (network()[:-30], "cut short"),
    "a length beyond all": (field(1, 8) + varint(7 << 3 | 2) + varint(2**63), "cut short"),
    "an endless number": (b"\xff" * 40, "64 bits"),
    "a group": (b"\x0b\x0c", "wire type 3"),
    "two graphs": (network() + field(7, b""), "2 times"),
    "fields without end": (field(2, "a") * 200_000, "fields"),
    "a graph that is a number": (field(7, 3) + field(8, field(2, 17)), "number in place of bytes"),
    "opset 10": (network(opset=10), "opset 10"),
    "opset 18": (network(opset=18), "opset 18"),
    "no opset": (field(7, b""), "no opset"),
    "another operation": (then(node("Tanh", ["x"], "texture")), "Tanh"),
    "a loop": (then(node("Loop", ["x"], "texture")), "Loop"),
    "an operation of others": (network([MATMUL, RESHAPE + field(7, "evil.ops")]), "evil.ops"),
    "a graph in an attribute": (network([MATMUL, RESHAPE + field(5, field(1, "body") + field(6, b""))]), "body"),
    "an attribute unknown": (network([MATMUL, node("Reshape", ["flat", "grid"], "texture", magic=1)]), "magic"),
    "an attribute of another type": (conv(group="many"), "group"),
    "an attribute that is not finite": (then(node("LeakyRelu", ["x"], "texture", alpha=float("nan"))), "not finite"),
    "names that are no text": (network([MATMUL, RESHAPE + field(1, b"\xff\xfe")]), "no text"),
    "an unknown input": (network([node("Relu", ["nobody"], "texture")]), "nobody"),
    "no inputs": (network([node("Relu", [], "texture")]), "weights alone"),
    "inputs left out": (network([MATMUL, node("Add", ["flat", ""], "texture")]), "''"),
    "bias computed alone": (network([node("Gemm", ["w", "w", "parameters"], "texture")]), "Gemm"),
    "a value twice": (network([MATMUL, MATMUL, RESHAPE]), "twice"),
    "out of order": (network([RESHAPE, MATMUL]), "flat"),
    "a circle": (network([node("Add", ["a", "parameters"], "a")]), "'a'"),
    "two outputs of a node": (network([MATMUL + field(2, "more"), RESHAPE]), "2 outputs"),
    "nodes without end": (network([MATMUL] * 1001), "1001 nodes"),
    "weights of doubles": (network(w=W.astype(np.float64)), "type 11"),
    "half weights without Cast": (network(w=W.astype(np.float16)), "float16"),
    "a Cast to double": (network([node("Cast", ["w"], "w2", to=11), MATMUL, RESHAPE]), "Cast"),
    "a Cast of what is computed": (network([MATMUL, node("Cast", ["flat"], "x", to=1)]), "Cast"),
    "weights that are not finite": (network(w=W * np.nan), "not finite"),
    "weights twice": (model(graph([], {"w": W}, {}, {}) + field(5, tensor("w", W))), "twice"),
    "weights that promise more": (with_weights("w", [4, 10**15], field(9, b"1234")), "4 bytes of weights"),
    "weights of negative size": (with_weights("w", [-4, -192], field(9, W.tobytes())), "weights"),
    "weights elsewhere": (with_weights("w", [4, 192], field(13, b"") + field(14, 1)), "outside"),
    "weights without data": (with_weights("w", [4, 192], b""), "without data"),
    "weights of many dimensions": (with_weights("w", [1] * 99, field(9, b"1234")), "more than 8"),
    "sparse weights": (model(graph([], {}, {}, {}) + field(15, b"")), "sparse"),
    "no input": (model(graph([], {"w": W}, {}, {"w": (4, 192)})), "0 inputs"),
    "an input of open shape": (model(graph([], {}, {"parameters": (1, "P")}, {})), "open shape"),
    "an input of integers": (model(field(11, value("parameters", (1, 4), 7))), "type 7"),
    "an input of another size": (model(graph([MATMUL, RESHAPE], {"w": W[:1], "grid": GRID}, {"parameters": (1, 1)},
                                             {"texture": OUT})), "shape [1, 1]"),
    "an input of another name": (model(graph([node("Relu", ["p"], "texture")], {}, {"p": P}, {"texture": P})), "'p'"),
    "an output of another shape": (network(out=(1, 3, 4, 16)), "[1, 3, 8, 8]"),
    "a texture that is no picture": (network([node("Relu", ["parameters"], "texture")], out=P), "[1, 4]"),
    "a texture of one channel": (network(grid=np.array([1, 1, 24, 8]), out=(1, 1, 24, 8)), "[1, 1, 24, 8]"),
    "an output nobody computes": (network([MATMUL]), "texture"),
    "weights as the output": (model(graph([], {"texture": np.ones(OUT, np.float32)}, {"parameters": P},
                                          {"texture": OUT})), "texture"),
    "a product that does not fit": (network(w=W[:3]), "3 rows"),
    "a sum that does not fit": (then(node("Add", ["x", "k"], "texture"), k=np.ones(7, np.float32)), "Add"),
    "a bias that does not fit": (network([node("Gemm", ["parameters", "w", "b"], "flat"), RESHAPE],
                                         b=np.ones(5, np.float32)), "Gemm"),
    "a shape that does not fit": (network(grid=np.array([1, 3, 8, 9])), "Reshape"),
    "a shape of two unknowns": (network(grid=np.array([1, 3, -1, -1])), "Reshape"),
    "a shape that wraps around": (network(grid=np.array([2**62, 4, 192, -1])), "Reshape"),
    "a negative shape": (network(grid=np.array([1, 3, -8, -8])), "Reshape"),
    "a shape that is computed": (network([MATMUL, node("Reshape", ["flat", "flat"], "texture")]), "Reshape"),
    "other channels": (conv((3, 4, 1, 1)), "channels"),
    "a kernel larger than the picture": (conv((3, 3, 11, 3)), "px"),
    "a kernel of another size": (conv(kernel_shape=[3, 3]), "kernel"),
    "a vast kernel": (conv((3, 3, 1, 17)), "kernel"),
    "groups": (conv(group=3), "groups"),
    "dilations": (conv(dilations=[2, 2]), "dilations"),
    "pads of its own": (conv(auto_pad="SAME_UPPER"), "auto_pad"),
    "vast pads": (conv(pads=[0, 0, 0, 2**40]), "pads"),
    "negative pads": (conv(pads=[0, 0, 0, -1]), "pads"),
    "three pads": (conv(pads=[0, 0, 0]), "pads"),
    "strides of zero": (conv(strides=[0, 1]), "strides"),
    "vast strides": (conv(op="ConvTranspose", strides=[2**31, 1]), "strides"),
    "nothing left": (conv(op="ConvTranspose", pads=[4, 4, 4, 4]), "px"),
    "cubic": (then(node("Resize", ["x", "", "s"], "texture", mode="cubic"), s=np.ones(4, np.float32)), "cubic"),
    "a factor of a half": (then(node("Resize", ["x", "", "s"], "texture"), s=np.ones(4, np.float32) / 2), "factors"),
    "a factor without end": (then(node("Resize", ["x", "", "s"], "texture"), s=np.full(4, 1e30, np.float32)), "factor"),
    "memory without end": (then(*twice(4), s=np.array([1, 1, 16, 16], np.float32)), "bytes"),
    "time without end": (
        then(*[node("Resize", ["x", "", "s"], "x1"), node("Resize", ["x1", "", "s2"], "x2")],
             *[node("Conv", [f"x{k}", "k"], f"x{k + 1}", pads=[7, 7, 8, 8]) for k in range(2, 900)],
             s=np.array([1, 1, 16, 16], np.float32), s2=np.array([1, 1, 8, 8], np.float32),
             k=np.ones((3, 3, 16, 16), np.float32)), "multiply-adds",
    ),
    "a sum that grows": (then(node("Add", ["x", "k"], "a"), node("Add", ["a", "l"], "b"), node("Mul", ["b", "m"], "c"),
                              k=np.ones((4096, 1, 1, 1), np.float32), l=np.ones((500, 1, 1, 1, 1), np.float32),
                              m=np.ones((500, 1, 1, 1, 1, 1), np.float32)), "bytes"),
}  # fmt: skip
INPUTS = ("jawOpen", "jaw.x", "jaw.y", "view.z")


@pytest.mark.parametrize("case", BAD)
def test_hostile_networks_are_refused_in_one_sentence(case: str) -> None:
    data, words = BAD[case]
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as caught:
            TextureNetwork(DynamicTexture(data, INPUTS), "ada.avatar: dynamic_texture.onnx")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    sentence = str(caught.value)
    assert sentence.startswith("ada.avatar: dynamic_texture.onnx")
    assert words in sentence
    assert "\n" not in sentence
    assert len(sentence) < 700
    assert peak < 40_000_000 + 8 * len(data)


def test_the_sound_one_runs() -> None:
    texture = TextureNetwork(DynamicTexture(network(), INPUTS)).texture(np.full(4, 0.125, np.float32))
    np.testing.assert_array_equal(texture, np.full((8, 8, 3), 0.5, np.float32))


def test_numbers_beyond_all_become_colours() -> None:
    huge = TextureNetwork(DynamicTexture(network(w=W * 1e38), INPUTS))
    assert huge.texture(np.full(4, 1e38, np.float32)).max() == 1
    mixed = np.concatenate([W[:2], -W[:2]]) * np.float32(1e38)
    texture = TextureNetwork(DynamicTexture(network(w=mixed), INPUTS)).texture(np.full(4, 1e38, np.float32))
    assert np.isfinite(texture).all()


def test_a_file_too_large_is_not_even_read() -> None:
    with pytest.raises(InputError, match="at most 67108864"):
        TextureNetwork(DynamicTexture(bytes((64 << 20) + 1), INPUTS))


SOUND = [
    glow_network(INPUTS).onnx,
    texture_network(4, (3, 2), 2),
    texture_network(4, (3, 2), 2, half=False),
    BAD["cubic"][0].replace(b"cubic", b"linear"),
]
CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6)


@settings(max_examples=600, derandomize=True, deadline=None)
@given(st.sampled_from(SOUND), CHANGES, st.floats(0, 1))
def test_damaged_bytes_are_refused_or_run(data: bytes, changes: list[tuple[float, int]], cut: float) -> None:
    damaged = bytearray(data)
    for place, byte in changes:
        damaged[int(place * len(damaged))] = byte
    if cut < 0.2:
        del damaged[int(5 * cut * len(damaged)) :]
    try:
        found = TextureNetwork(DynamicTexture(bytes(damaged), INPUTS))
    except InputError:
        return
    texture = found.texture(np.ones(4, np.float32))
    assert texture.shape == (found.height_px, found.width_px, 3)
    assert texture.min() >= 0
    assert texture.max() <= 1
