"""A glTF document whose arrays are compressed by EXT_meshopt_compression, without loss.

Specification: https://github.com/KhronosGroup/glTF/tree/main/extensions/2.0/Vendor/EXT_meshopt_compression
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith_exporters.gltf_document import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, Document, aligned
from headsmith_exporters.meshopt_codec import Mode, compress

EXTENSION = "EXT_meshopt_compression"
_FILE, _UNPACKED = 0, 1
"""buffers: what the file holds, and what a reader unpacks it to"""


_MAX_ROW_BYTES = 256
"""of the codec"""


class CompressedDocument(Document):
    """A document that only readers which know the extension can open."""

    def __init__(self, asset: dict[str, Any]) -> None:
        super().__init__(asset)
        self.use_extension(EXTENSION, required=True)
        self._unpacked_bytes = 0

    def _add_rows(self, rows: NDArray[Any], target: int | None) -> int:
        mode: Mode = "INDICES" if target == ELEMENT_ARRAY_BUFFER else "ATTRIBUTES"
        padded = rows if mode == "INDICES" else _codec_rows(rows, target)
        data = compress(padded, mode)
        view: dict[str, Any] = {"buffer": _UNPACKED, "byteOffset": self._unpacked_bytes, "byteLength": padded.nbytes}
        self._unpacked_bytes += padded.nbytes + -padded.nbytes % 4
        if target is not None:
            view["target"] = target
        if target == ARRAY_BUFFER:
            view["byteStride"] = padded.strides[0]
        packed: dict[str, Any] = {"buffer": _FILE, "byteOffset": self._binary.add(data), "byteLength": len(data)}
        packed |= {"byteStride": padded.strides[0], "count": len(padded), "mode": mode}
        return self.add("bufferViews", view | {"extensions": {EXTENSION: packed}})

    def _buffers(self, length: int) -> list[dict[str, Any]]:
        unpacked = {"byteLength": self._unpacked_bytes, "extensions": {EXTENSION: {"fallback": True}}}
        return [*super()._buffers(length), unpacked]


def _codec_rows(rows: NDArray[Any], target: int | None) -> NDArray[Any]:
    """Rows that the codec takes, multiples of four bytes: those of vertices padded, of all else the same bytes."""
    if target == ARRAY_BUFFER:
        return aligned(rows)
    row_bytes = rows.nbytes // len(rows)
    if row_bytes % 4 == 0 and row_bytes <= _MAX_ROW_BYTES:
        return rows.reshape(len(rows), -1)
    data = rows.tobytes()
    return np.frombuffer(data + bytes(-len(data) % 4), np.uint8).reshape(-1, 4)
