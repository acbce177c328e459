"""A glTF document whose arrays are compressed by EXT_meshopt_compression, without loss.

Specification: https://github.com/KhronosGroup/glTF/tree/main/extensions/2.0/Vendor/EXT_meshopt_compression
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from headsmith_exporters.gltf_document import ELEMENT_ARRAY_BUFFER, Document, aligned
from headsmith_exporters.meshopt_codec import Mode, compress

EXTENSION = "EXT_meshopt_compression"
_FILE, _UNPACKED = 0, 1
"""buffers: what the file holds, and what a reader unpacks it to"""


class CompressedDocument(Document):
    """A document that only readers which know the extension can open."""

    def __init__(self, asset: dict[str, Any]) -> None:
        super().__init__(asset)
        self.use_extension(EXTENSION, required=True)
        self._unpacked_bytes = 0

    def _add_rows(self, rows: NDArray[Any], target: int | None) -> int:
        mode: Mode = "INDICES" if target == ELEMENT_ARRAY_BUFFER else "ATTRIBUTES"
        padded = rows if mode == "INDICES" else aligned(rows)
        data = compress(padded, mode)
        view: dict[str, Any] = {"buffer": _UNPACKED, "byteOffset": self._unpacked_bytes, "byteLength": padded.nbytes}
        self._unpacked_bytes += padded.nbytes + -padded.nbytes % 4
        if target is not None:
            view["target"] = target
        if padded is not rows:
            view["byteStride"] = padded.strides[0]
        packed: dict[str, Any] = {"buffer": _FILE, "byteOffset": self._binary.add(data), "byteLength": len(data)}
        packed |= {"byteStride": padded.strides[0], "count": len(padded), "mode": mode}
        return self.add("bufferViews", view | {"extensions": {EXTENSION: packed}})

    def _buffers(self, length: int) -> list[dict[str, Any]]:
        unpacked = {"byteLength": self._unpacked_bytes, "extensions": {EXTENSION: {"fallback": True}}}
        return [*super()._buffers(length), unpacked]
