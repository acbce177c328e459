"""Quantities with their first derivatives, and the least-squares blocks that they add up to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.types import F32, I32


@dataclass(frozen=True)
class Linear:
    """A quantity of one view, linearised about the current parameters."""

    value: F32
    """[..., ] of any shape"""
    by_shared: F32
    """[..., B] derivative by the head's parameters (identity, then offset modes)"""
    by_view: F32
    """[..., P] derivative by the view's parameters"""

    def transformed(self, matrix: F32) -> Linear:
        """`matrix` [..., A, C] times a quantity [..., C]."""
        value = (matrix @ self.value[..., None])[..., 0]
        return Linear(value, matrix @ self.by_shared, matrix @ self.by_view)

    def scaled(self, factor: F32 | float) -> Linear:
        """Times a factor that broadcasts against the value."""
        f = np.broadcast_to(factor, self.value.shape)
        return Linear(self.value * f, self.by_shared * f[..., None], self.by_view * f[..., None])

    def shifted(self, amount: F32 | float) -> Linear:
        """Plus a constant."""
        return Linear(self.value + amount, self.by_shared, self.by_view)

    def component(self, axis: int) -> Linear:
        """One entry of the last axis of the value."""
        return Linear(self.value[..., axis], self.by_shared[..., axis, :], self.by_view[..., axis, :])

    def __sub__(self, other: Linear) -> Linear:
        return Linear(self.value - other.value, self.by_shared - other.by_shared, self.by_view - other.by_view)


class NormalEquations:
    """Gauss-Newton's J'J x = -J'r over `shared` parameters of the head and those of the views, `size` in all."""

    def __init__(self, shared: int, size: int) -> None:
        self.shared = shared
        self.hessian = np.zeros((size, size))
        self.gradient = np.zeros(size)

    def add(self, residual: Linear, columns: I32) -> None:
        """Adds residuals of any shape that belong to one view, whose parameters lie at `columns` [P], each once."""
        r = residual.value.reshape(-1)
        by_shared = residual.by_shared.reshape(len(r), -1)
        by_view = residual.by_view.reshape(len(r), -1)
        s = slice(0, self.shared)
        cross = by_shared.T @ by_view
        self.hessian[s, s] += by_shared.T @ by_shared
        self.hessian[s, columns] += cross
        self.hessian[columns, s] += cross.T
        self.hessian[np.ix_(columns, columns)] += by_view.T @ by_view
        self.gradient[s] += by_shared.T @ r
        self.gradient[columns] += by_view.T @ r

    def add_diagonal(self, columns: I32, difference: F32, std: F32) -> None:
        """Adds independent Gaussian priors: `difference` from the mean, over `std`."""
        self.hessian[columns, columns] += 1 / np.square(std)
        self.gradient[columns] += difference / np.square(std)
