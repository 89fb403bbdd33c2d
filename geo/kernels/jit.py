"""The one decorator for compiled kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile with numba at the first call of each signature; kept on disk, without the interpreter's lock.

    Floating point stays strict (no fastmath): answers are compared bit by bit. Two traps, both measured: a helper
    with many array arguments and `inline="always"` runs 30 times slower than a loop written out, and a signature that
    `warm` did not call compiles while somebody waits.
    """
    return _compiled(function, (), {"nogil": True})


def typed(signature: str) -> Callable[[F], F]:
    """Compile at import for one numba signature: it needs no `warm`, and an argument of another type is refused.

    `error_model="numpy"`: a division by zero gives infinity as in NumPy, without a test at each.
    """

    def compile_(function: F) -> F:
        return _compiled(function, (signature,), {"nogil": True, "error_model": "numpy"})

    return compile_


def _compiled(function: F, signature: tuple[str, ...], options: dict[str, Any]) -> F:
    """With a cache on disk; without one where no folder for it can be written, so that each start compiles anew."""
    decorator: Any = njit
    try:
        return cast(F, decorator(*signature, cache=True, **options)(function))
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        return cast(F, decorator(*signature, **options)(function))
