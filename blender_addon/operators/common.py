# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operator does alike: one clear sentence where the user's input is wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from headsmith.errors import InputError

Method = Callable[..., set[str]]
"""an operator's execute, invoke or modal"""


def report_input_errors(method: Method) -> Method:
    """Decorates `execute`, `invoke` or `modal`: an InputError becomes one reported sentence and CANCELLED.

    Anything else is a defect and keeps its traceback. A script that calls the operator gets Blender's RuntimeError
    with that sentence in it.
    """

    @functools.wraps(method)
    def reporting(self: Any, *args: Any) -> set[str]:
        try:
            return method(self, *args)
        except InputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}

    return reporting
