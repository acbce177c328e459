"""JSON in which anything may stand anywhere."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

VALUES = st.sampled_from(
    [None, True, -1, 0, 1, 2, 2**31, 2**63, 1e300, 0.5, "x", [], {}, [[]], [1], {"a": 1}, {"index": 0}]
)


def spoilt(document: Any, data: st.DataObject) -> Any:
    """A copy of `document` with one to three of its values replaced by others, drawn from `data`."""
    out = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        owner: Any = out
        while keys := list(owner) if isinstance(owner, dict) else list(range(len(owner))):
            key = data.draw(st.sampled_from(keys))
            if isinstance(owner[key], dict | list) and data.draw(st.integers(0, 4)):
                owner = owner[key]
                continue
            # a copy, because what is put in may be changed in the next round
            owner[key] = copy.deepcopy(data.draw(VALUES))
            break
    return out
