"""Kernels where nothing can be kept on disk."""

import pytest

from geo.kernels import jit


@pytest.mark.parametrize("decorator", ["kernel", "typed('int64(int64)')"])
def test_a_kernel_that_cannot_be_kept_on_disk_is_compiled_all_the_same(decorator: str) -> None:
    # a function without a source file: numba finds no folder to keep it in, as where none can be written
    names: dict[str, object] = {"kernel": jit.kernel, "typed": jit.typed}
    exec(f"@{decorator}\ndef thrice(n):\n    return 3 * n", names)
    thrice = names["thrice"]
    assert thrice(14) == 42  # type: ignore[operator]
    assert thrice.signatures  # type: ignore[attr-defined]


def test_an_error_of_the_kernel_itself_is_raised() -> None:
    from numba.core.errors import TypingError

    with pytest.raises(TypingError):
        exec("@typed('int64(int64)')\ndef wrong(n):\n    return n + 'a'", {"typed": jit.typed})
