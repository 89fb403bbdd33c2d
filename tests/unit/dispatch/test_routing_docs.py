"""The manual's own routing table works, and its sentence is what the table says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from dispatch.routing import Matter
from dispatch.routing_file import load_routing

MANUAL = (Path(__file__).resolve().parents[3] / "docs" / "casework.md").read_text(encoding="utf-8")
ROUTING = MANUAL.partition("\n## Routing\n")[2].partition("\n## ")[0]


def test_the_example_is_a_table_that_does_what_it_says(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", ROUTING, re.S)
    (tmp_path / "routing.toml").write_text(example, encoding="utf-8")
    table = load_routing(tmp_path)
    saturday = datetime(2026, 5, 9, 5, 0, tzinfo=UTC)  # 13:00 in Shanghai
    assert table.decide(Matter("0706", "990101103001001", "grid", 3, saturday)).owner == "port"
    assert table.decide(Matter("0706", "990101100001001", "grid", 3, saturday)).owner == "ecology"
    assert table.decide(Matter("0701", None, "hotline", 3, saturday)).rule == "noise-weekend"


def test_the_sentence_of_the_manual_is_the_tables() -> None:
    noon = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
    assert f"> {load_routing().decide(Matter('0203', None, 'hotline', 4, noon)).why}\n" in ROUTING
