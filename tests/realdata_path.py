"""Where the real data lies (beside the checkout), and the mark that skips, saying so, where it does not."""

from pathlib import Path

import pytest

REALDATA = Path(__file__).resolve().parents[2] / "shared" / "realdata"

needs_realdata = pytest.mark.skipif(
    not REALDATA.is_dir(), reason=f"real data is not at {REALDATA}; our own fixtures cover the same paths"
)
