"""Files of words: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.both import Both, read_words
from dispatch.words import NAMES, evidence, who
from dispatch.workflow_file import SHIPPED as WORKFLOWS
from dispatch.workflow_file import load


def test_words_are_read_in_the_order_of_their_file(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    file.write_text('# said\nb = ["乙", "b"]\n"a.c" = ["甲", "a"]\n', encoding="utf-8")
    assert list(read_words(file).items()) == [("b", Both("乙", "b")), ("a.c", Both("甲", "a"))]


@pytest.mark.parametrize("said", ['"one"', '["一"]', '["一", ""]', '["一", "one", "un"]', "[1, 2]"])
def test_a_word_that_lacks_a_language_is_refused_by_file_and_key(tmp_path: Path, said: str) -> None:
    file = tmp_path / "some.toml"
    file.write_text(f"whole = {said}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"some\.toml: whole: expected"):
        read_words(file)


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.toml")), ids=lambda path: path.stem)
def test_what_a_shipped_workflow_asks_for_has_a_name_in_both_languages(path: Path) -> None:
    for kind in {kind for t in load(path).transitions for kind in t.evidence}:
        assert f"evidence.{kind}" in NAMES
        assert evidence(kind).zh != evidence(kind).en


def test_machines_that_gave_a_command_are_named_by_what_they_are_and_people_by_their_names() -> None:
    assert who("terminal:E07") == Both("E07 终端", "the terminal of E07")
    assert who("router") == Both("自动分拨", "automatic routing")
    assert who("sim:crew").en == "a simulated person"
    assert who("坐席 3") == Both("坐席 3", "坐席 3")
    assert who("terminal") == Both("terminal", "terminal")
