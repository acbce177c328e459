"""One sentence, whatever the file holds that it quotes."""

from __future__ import annotations

import pickle

from headsmith.errors import InputError


def test_a_quoted_file_cannot_break_the_sentence() -> None:
    error = InputError("a.ply", found="'x\n\x1b[2Jy'", expected="z" * 5000, action="export it again")
    assert str(error).isprintable()
    assert len(str(error)) < 600
    assert "'x" in str(error)
    assert str(error).endswith("; export it again.")


def test_the_sentence_survives_processes() -> None:
    error = InputError("a.ply", found="1", expected="2", action="do it")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
