"""Where compiled kernels are kept, and what the user hears of compiling."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from headsmith.progress import Silent, relayed
from headsmith.splats import jit

KERNEL = """
from headsmith.splats.jit import kernel


@kernel
def double(x):
    return 2 * x


print(double(21))
print(double._cache.cache_path)
"""


def run(script: Path, cache_home: Path, **settings: str) -> tuple[list[str], str]:
    """Lines on standard output, and standard error, of a Python process with its own user cache folder."""
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    environment |= {"XDG_CACHE_HOME": str(cache_home), "HOME": str(cache_home), **settings}
    environment["PYTHONPATH"] = str(Path(jit.__file__).parents[2])
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split(), done.stderr


def test_second_run_compiles_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(KERNEL)
    first, second = run(script, tmp_path / "home"), run(script, tmp_path / "home")
    assert first[0] == second[0] == ["42", str(tmp_path / "__pycache__")]
    assert first[1].count("compiling the splat kernels, once") == 1
    assert second[1] == ""
    assert jit.sources_hash() in next((tmp_path / "__pycache__").glob("*.nbi")).name


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no write permission there")
def test_read_only_install_uses_the_users_cache(tmp_path: Path) -> None:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere")
    install, home = tmp_path / "install", tmp_path / "home"
    install.mkdir()
    # a file where __pycache__ would be stops even root
    (install / "__pycache__").write_text("")
    script = install / "script.py"
    script.write_text(KERNEL)
    first, second = run(script, home), run(script, home)
    assert first[0][0] == "42"
    assert Path(first[0][1]).is_relative_to(home)
    assert "compiling" in first[1]
    assert second[1] == ""


def test_thread_count_comes_from_the_environment(tmp_path: Path) -> None:
    script = tmp_path / "threads.py"
    script.write_text("import headsmith.splats.jit, numba\nprint(numba.get_num_threads())\n")
    assert run(script, tmp_path, NUMBA_NUM_THREADS="1")[0] == ["1"]
    assert numba.config.NUMBA_NUM_THREADS >= 1


def test_a_build_hears_of_compiling() -> None:
    class Listener(Silent):
        def __init__(self) -> None:
            self.sentences: list[str] = []

        def warn(self, sentence: str) -> None:
            self.sentences.append(sentence)

    listener = Listener()
    jit.announce_compiling.cache_clear()
    with relayed(listener):
        jit.announce_compiling()
        jit.announce_compiling()
    assert len(listener.sentences) == 1
    assert not logging.getLogger("headsmith").handlers
