"""Where heavy work runs."""

from __future__ import annotations

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
