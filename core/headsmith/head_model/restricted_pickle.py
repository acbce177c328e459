"""Reads the arrays of a pickle without running anything that the pickle brings.

FLAME is published as a Python 2 pickle of numpy arrays, scipy sparse matrices and chumpy objects. Here none of those
classes is ever called: each name on the list below is replaced by a container that only keeps what it is given, any
other name is refused, and the arrays are then built from the kept data, sizes checked first.
"""

from __future__ import annotations

import io
import pickle
import re
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headsmith.errors import InputError
from headsmith.types import F32

MAX_BYTES = 1 << 30
_DTYPE = re.compile(r"[fiu][1248]|b1|O8?")


@dataclass
class _Kept:
    """Stands in for any object of a pickle; keeps its arguments and its state."""

    arguments: tuple[Any, ...] = ()
    state: Any = None
    items: list[Any] = field(default_factory=list)

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def append(self, item: Any) -> None:
        self.items.append(item)


class _Array(_Kept):
    pass


class _Buffer(_Kept):
    """An array of protocol 5: its data, dtype, shape and order are arguments."""


class _Scalar(_Kept):
    pass


class _Dtype(_Kept):
    pass


class _Sparse(_Kept):
    pass


class _Chumpy(_Kept):
    pass


class _Plain(_Kept):
    """A class named only as an argument of a reconstruction."""


def _latin1(text: str, encoding: str = "latin1") -> bytes:
    """What Python 3 pickles of protocol 2 call to make bytes."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"the encoding '{encoding}'")
    return text.encode("latin1")


class _Maker:
    """Callable in place of a class or function of the pickle."""

    def __init__(self, kept: type[_Kept]) -> None:
        self.kept = kept

    def __call__(self, *arguments: Any) -> _Kept:
        return self.kept(arguments)


class _Reconstructor:
    """copy_reg._reconstructor(cls, base, state) and numpy's _reconstruct(cls, shape, typecode)."""

    def __call__(self, cls: Any, *arguments: Any) -> _Kept:
        return cls.kept(arguments) if isinstance(cls, _Maker) else _Plain(arguments)


def _allowed(module: str, name: str) -> Any:
    if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        return _Reconstructor()
    if name == "scalar" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        return _Maker(_Scalar)
    if name == "_frombuffer" and module in ("numpy.core.numeric", "numpy._core.numeric"):
        return _Maker(_Buffer)
    if (module, name) == ("numpy", "ndarray"):
        return _Maker(_Array)
    if (module, name) == ("numpy", "dtype"):
        return _Maker(_Dtype)
    if module.startswith("scipy.sparse") and name in ("csc_matrix", "csr_matrix", "csc_array", "csr_array"):
        kept = type(name[:3], (_Sparse,), {})
        return _Maker(kept)
    if module.startswith("chumpy."):
        return _Maker(_Chumpy)
    if (module, name) in (("copy_reg", "_reconstructor"), ("copyreg", "_reconstructor")):
        return _Reconstructor()
    if (module, name) in (("__builtin__", "object"), ("builtins", "object")):
        return _Maker(_Plain)
    if (module, name) == ("_codecs", "encode"):
        return _latin1
    raise pickle.UnpicklingError(f"the foreign class {module}.{name}")


class _Unpickler(pickle._Unpickler):
    """The pure-Python unpickler, because NEWOBJ must accept stand-ins that are no classes."""

    stack: list[Any]
    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        return _allowed(module, name)

    def load_newobj(self) -> None:
        arguments = self.stack.pop()
        self.stack[-1] = self.stack[-1](*arguments)

    dispatch[pickle.NEWOBJ[0]] = load_newobj

    def load_build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], _Kept):
            raise pickle.UnpicklingError("a state for something that is no array")
        self.stack[-1].state = state

    dispatch[pickle.BUILD[0]] = load_build


def read_pickled_arrays(path: Path) -> dict[str, Any]:
    """The dictionary of a pickle, with arrays, strings and numbers as values.

    Raises InputError for anything that is not such a dictionary, or that names a class outside numpy arrays, scipy
    sparse matrices and chumpy arrays.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise _refusal(path, f"a file of {size >> 20} MiB")
    try:
        content = _Unpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
        if not isinstance(content, dict):
            raise pickle.UnpicklingError(f"a {type(content).__name__}")
        return {str(key): _value(item) for key, item in content.items()}
    except InputError:
        raise
    except Exception as error:  # a hostile pickle can fail in any opcode, with any exception
        found = str(error) if isinstance(error, pickle.UnpicklingError) and str(error) else "a damaged pickle"
        raise _refusal(path, found) from error


def _refusal(path: Path, found: str) -> InputError:
    return InputError(
        path, found=found, expected="a head model pickle of numpy, scipy.sparse and chumpy arrays only",
        action="use the file as its authors publish it")  # fmt: skip


def _value(item: Any) -> Any:
    if isinstance(item, _Array):
        return _array(item)
    if isinstance(item, _Buffer):
        data, dtype, shape, order = item.arguments
        return _shaped(bytes(data), _dtype(dtype), shape, order)
    if isinstance(item, _Sparse):
        return _dense(item)
    if isinstance(item, _Chumpy):
        return _chumpy_value(item)
    if isinstance(item, _Scalar):
        dtype, data = item.arguments
        return np.frombuffer(data, _dtype(dtype), 1)[0]
    if isinstance(item, str | bytes | int | float | None):
        return item
    if isinstance(item, list | tuple) and all(isinstance(entry, str | int | float) for entry in item):
        return list(item)
    raise pickle.UnpicklingError(f"an object of unknown kind ({type(item).__name__})")


def _dtype(kept: Any) -> np.dtype[Any]:
    code = kept.arguments[0]
    if not isinstance(code, str) or not _DTYPE.fullmatch(code) or code.startswith("O"):
        raise pickle.UnpicklingError(f"an array of type '{code}'")
    order = kept.state[1] if kept.state else "<"
    return np.dtype((order if order in "<>" else "") + code)


def _array(kept: _Array) -> np.ndarray[Any, Any]:
    if not isinstance(kept.state, tuple) or len(kept.state) != 5:
        raise pickle.UnpicklingError("an array without data")
    _, shape, dtype_kept, fortran, data = kept.state
    raw = data.encode("latin1") if isinstance(data, str) else data
    return _shaped(raw, _dtype(dtype_kept), shape, "F" if fortran else "C")


def _shaped(raw: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], order: Any) -> np.ndarray[Any, Any]:
    if any(not isinstance(n, int) or n < 0 for n in shape) or prod(shape) * dtype.itemsize != len(raw):
        raise pickle.UnpicklingError("an array whose shape does not match its data")
    return np.frombuffer(raw, dtype).reshape(shape, order=order)


def _dense(kept: _Sparse) -> F32:
    """scipy's compressed columns or rows, as a dense matrix."""
    state = {str(key).lstrip("_"): value for key, value in kept.state.items()}
    rows, columns = (int(_value(n)) for n in state["shape"])
    if rows * columns * 8 > MAX_BYTES:
        raise pickle.UnpicklingError(f"a sparse matrix of {rows} x {columns}")
    data, indices, pointers = (np.asarray(_value(state[key])) for key in ("data", "indices", "indptr"))
    by_column = type(kept).__name__ == "csc"
    major = np.repeat(np.arange(columns if by_column else rows), np.diff(pointers))
    out = np.zeros((rows, columns))
    np.add.at(out, (indices, major) if by_column else (major, indices), data)
    return out


def _chumpy_value(kept: _Chumpy) -> Any:
    """A chumpy array keeps its numbers under `x`; a selection, its source under `a` and its indices under `idxs`."""
    state = kept.state or {}
    if "x" in state:
        return _value(state["x"])
    if "a" in state and isinstance(state.get("idxs"), _Array):
        source, chosen = np.asarray(_value(state["a"])), _array(state["idxs"])
        shape = _value(state.get("preferred_shape"))
        picked = source.ravel()[chosen]
        return picked if shape is None else picked.reshape(shape)
    raise pickle.UnpicklingError("a chumpy expression (only its arrays can be read)")
