"""Arrays behind each other in one gzipped file, and where each lies, for the web page."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ALIGNMENT = 4
"""a browser's typed arrays start at multiples of their element's size"""


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> tuple[bytes, dict[str, Any]]:
    """The file, and {"arrays": {name: {"type", "offset", "shape"}}}: little-endian, in C order, offsets unpacked."""
    data, layout = b"", {}
    for name, array in arrays.items():
        layout[name] = {"type": array.dtype.name, "offset": len(data), "shape": list(array.shape)}
        data += np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        data += bytes(-len(data) % _ALIGNMENT)
    return gzip.compress(data, 9, mtime=0), {"arrays": layout}
