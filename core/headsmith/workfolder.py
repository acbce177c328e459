"""The work folder of a build: what each stage made, so that a killed build resumes.

One file a stage, an .npz of arrays beside a JSON description of the dataclasses that hold them. Nothing is pickled.
A file's name carries a fingerprint of all that went into it; a stage whose file is there is not run again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from headsmith import types
from headsmith.asset import avatar

T = TypeVar("T")
_KNOWN = {
    name: cls
    for module in (types, avatar)
    for name, cls in vars(module).items()
    if isinstance(cls, type) and dataclasses.is_dataclass(cls)
}


def fingerprint(*parts: Any) -> str:
    """16 hex digits that change when any part (by its repr) does."""
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()[:16]


def encode(value: Any) -> bytes:
    """Dataclasses of `headsmith.types` and `headsmith.asset.avatar`, tuples, dicts, arrays, bytes and scalars to bytes.

    Raises TypeError for anything else.
    """
    arrays: dict[str, np.ndarray] = {}
    spec = json.dumps(_describe(value, arrays)).encode()
    out = io.BytesIO()
    content: dict[str, Any] = {"spec": np.frombuffer(spec, np.uint8), **arrays}
    np.savez(out, **content)
    return out.getvalue()


def decode(data: bytes) -> Any:
    """The inverse of `encode`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return _rebuild(json.loads(arrays["spec"].tobytes()), arrays)


def _describe(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        arrays[f"a{len(arrays)}"] = value
        return {"array": f"a{len(arrays) - 1}"}
    if dataclasses.is_dataclass(value) and type(value).__name__ in _KNOWN:
        fields = {f.name: _describe(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
        return {"dataclass": type(value).__name__, "fields": fields}
    if isinstance(value, tuple | list):
        return {"tuple": [_describe(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {"dict": {key: _describe(item, arrays) for key, item in value.items()}}
    if isinstance(value, bytes):
        return {"bytes": _describe(np.frombuffer(value, np.uint8), arrays)}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | int | float | bool):
        return {"value": value}
    raise TypeError(f"a stage's result may not hold a {type(value).__name__}")


def _rebuild(spec: Any, arrays: Any) -> Any:
    kind = next(iter(spec))
    if kind == "array":
        return arrays[spec["array"]]
    if kind == "bytes":
        return _rebuild(spec["bytes"], arrays).tobytes()
    if kind == "dataclass":
        return _KNOWN[spec["dataclass"]](**{k: _rebuild(v, arrays) for k, v in spec["fields"].items()})
    if kind == "tuple":
        return tuple(_rebuild(item, arrays) for item in spec["tuple"])
    if kind == "dict":
        return {key: _rebuild(item, arrays) for key, item in spec["dict"].items()}
    return spec["value"]


class WorkFolder:
    """Results of finished stages in one folder."""

    def __init__(self, path: Path, resume: bool) -> None:
        if not resume:
            shutil.rmtree(path, ignore_errors=True)
        path.mkdir(exist_ok=True)
        os.chmod(path, 0o700)  # faces are personal data
        self.path = path
        self.seconds: dict[str, float] = {}
        self.resumed: list[str] = []

    def stage(self, name: str, key: str, make: Callable[[], T]) -> T:
        """What `make` returns, or returned for the same `key` before."""
        file = self.path / f"{name}-{key}.npz"
        if file.exists():
            self.resumed.append(name)
            result, self.seconds[name] = decode(file.read_bytes())
            return result
        start = time.perf_counter()
        result = make()
        self.seconds[name] = round(time.perf_counter() - start, 2)
        self._write(file, encode((result, self.seconds[name])))
        return result

    def _write(self, file: Path, data: bytes) -> None:
        temporary = file.with_suffix(".part")
        temporary.write_bytes(data)
        os.replace(temporary, file)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
