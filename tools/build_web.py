"""Makes the two archives that `headsmith export --format web` takes its page from, out of `web/`.

    python tools/build_web.py            # checks the types; writes what changed
    python tools/build_web.py --check    # exit code 1 where an archive is not what the sources give

Needs node and npm. The same sources and lock file give the same bytes of every file in the archives.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
WEB = ROOT / "web"
DATA = ROOT / "exporters/headsmith_exporters/data"
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
LICENCES = {
    "three.js": "node_modules/three/LICENSE",
    "Spark": "node_modules/@sparkjsdev/spark/LICENSE",
    "fflate": "node_modules/fflate/LICENSE",
    "meshoptimizer's decoder": "licences/meshoptimizer.txt",
    "ONNX Runtime Web": "licences/onnxruntime-web.txt",
}
"""of what the bundles contain; two packages come without the text of theirs"""


def install() -> None:
    """The pinned packages, where `node_modules` is not that of the lock file."""
    lock, stamp = WEB / "package-lock.json", WEB / "node_modules/.lock-copy"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm: found no such program, expected Node.js 20 or newer; install it.")
    subprocess.run([npm, "ci"], cwd=WEB, check=True)
    stamp.write_bytes(lock.read_bytes())


def built(folder: Path) -> dict[str, dict[str, bytes]]:
    """Archive -> file name -> content, bundled into `folder`."""
    node = shutil.which("node") or "node"
    subprocess.run([node, "node_modules/typescript/bin/tsc"], cwd=WEB, check=True)
    subprocess.run([node, "build.mjs", str(folder)], cwd=WEB, check=True)
    archives = {}
    for part in ("viewer", "libraries"):
        top = folder / part
        files = sorted(path for path in top.rglob("*") if path.is_file())
        archives[f"web_{part}.zip"] = {path.relative_to(top).as_posix(): path.read_bytes() for path in files}
    archives["web_libraries.zip"]["lib/LICENSES.txt"] = licences().encode()
    return archives


def licences() -> str:
    """What the libraries ask to be carried along."""
    texts = ["The files of this folder contain these libraries, each under its own licence.\n"]
    for name, file in LICENCES.items():
        texts.append(f"{'=' * 100}\n{name}\n\n{(WEB / file).read_text().strip()}\n")
    return "\n".join(texts)


def write(path: Path, files: dict[str, bytes]) -> None:
    """LZMA packs WebAssembly in two thirds of what deflate needs."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, ZIP_TIME)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_LZMA, 3, 0o644 << 16
            archive.writestr(info, data)


def read(path: Path) -> dict[str, bytes]:
    if not path.is_file():
        return {}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    install()
    with tempfile.TemporaryDirectory() as folder:
        archives = built(Path(folder))
    stale = [name for name, files in archives.items() if read(DATA / name) != files]
    for name in stale:
        print(f"{name}: {'not what web/ gives' if check else 'written'}")
        if not check:
            DATA.mkdir(exist_ok=True)
            write(DATA / name, archives[name])
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
