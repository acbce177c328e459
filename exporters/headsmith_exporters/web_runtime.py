"""The page and the libraries it runs on, from the archives that `tools/build_web.py` makes of `web/`."""

from __future__ import annotations

import gzip
import io
import zipfile
from importlib.resources import files

VIEWER, LIBRARIES = "web_viewer.zip", "web_libraries.zip"
NETWORK_FILES = ("lib/onnxruntime.js", "lib/onnxruntime.wasm", "lib/texture_worker.js")
"""only what has a dynamic texture needs them"""


def runtime_files(*, with_network: bool) -> dict[str, bytes]:
    """File name -> content: `index.html` and what it loads from `lib/`.

    WebAssembly goes out gzipped, because few servers pack it, and the page unpacks it.
    """
    found: dict[str, bytes] = {}
    for archive in (VIEWER, LIBRARIES):
        data = files("headsmith_exporters").joinpath("data", archive).read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as members:
            for name in members.namelist():
                if with_network or name not in NETWORK_FILES:
                    found[name] = members.read(name)
    packed = {name: data for name, data in found.items() if name.endswith(".wasm")}
    for name, data in packed.items():
        del found[name]
        found[f"{name}.gz"] = gzip.compress(data, 9, mtime=0)
    return found
