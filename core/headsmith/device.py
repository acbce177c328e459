"""Where heavy work runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from headsmith.errors import InputError

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda")


def pick_device(name: str) -> torch.device:
    """`auto` is CUDA where torch sees a GPU and gsplat is installed, else the CPU.

    Raises InputError when CUDA is asked for and absent, or the name is unknown.
    """
    import importlib.util

    import torch

    if name not in DEVICES:
        raise InputError("--device", found=f"'{name}'", expected=f"one of {', '.join(DEVICES)}", action="choose one")
    ready = torch.cuda.is_available() and importlib.util.find_spec("gsplat") is not None
    if name == "cuda" and not ready:
        raise InputError(
            "--device cuda", found="no CUDA GPU with gsplat", expected="both", action="use --device cpu, or install "
            "headsmith[cuda] on a machine with an NVIDIA GPU",
        )  # fmt: skip
    return torch.device("cuda" if ready and name != "cpu" else "cpu")


@contextmanager
def single_threaded() -> Iterator[None]:
    """torch on one core, for steps so small that threads wait for each other longer than they work: a training step
    that one thread does in 0.15 s took two of them 1.9 s beside another program, as the waiting ones keep their cores.

    Limits of OpenMP alone do not reach the threads of torch's backward pass.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
