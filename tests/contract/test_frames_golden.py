"""The golden frames: what the writer writes today is what is committed, and the reader finds it again."""

from __future__ import annotations

import importlib.util
import json
import struct
from pathlib import Path

import orjson
import pytest

from data.errors import BadInput
from layers.table import Table, apply
from layers.wire import MAGIC, Frame, decode, encode

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("make_frames", HERE / "make_frames.py")
assert _spec
assert _spec.loader
make_frames = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_frames)

NAMES = sorted(path.stem for path in (HERE / "frames").glob("*.bin"))


def read(name: str) -> bytes:
    return (HERE / "frames" / f"{name}.bin").read_bytes()


def test_regenerated_golden_files_equal_the_committed_bytes():
    made = make_frames.files()
    committed = {path.name: path.read_bytes() for path in (HERE / "frames").iterdir()}
    assert made == committed


@pytest.mark.parametrize("name", NAMES)
def test_decoding_a_golden_frame_gives_its_json_twin(name: str):
    told = json.loads((HERE / "frames" / f"{name}.json").read_text("utf-8"))
    frame = decode(read(name))
    assert (frame.view, frame.seq, frame.base, frame.mode) == (told["view"], told["seq"], told["base"], told["mode"])
    assert (frame.t, frame.log, frame.panel) == (told["t"], told["log"], told["panel"])
    assert {layer: make_frames.shown(table) for layer, table in frame.layers.items()} == told["layers"]
    if "onto" in told:
        held = _held(told["onto"])
        for layer, table in frame.layers.items():
            held[layer] = table if isinstance(table, Table) else apply(held[layer], table)
        assert {layer: make_frames.shown(table) for layer, table in held.items()} == told["after"]


def _held(name: str) -> dict[str, Table]:
    told = json.loads((HERE / "frames" / f"{name}.json").read_text("utf-8"))
    held = _held(told["onto"]) if "onto" in told else {}
    for layer, table in decode(read(name)).layers.items():
        held[layer] = table if isinstance(table, Table) else apply(held[layer], table)
    return held


@pytest.mark.parametrize("name", NAMES)
def test_encoding_what_was_decoded_gives_the_same_bytes(name: str):
    assert encode(decode(read(name))) == read(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_column_starts_at_a_multiple_of_eight(name: str):
    data = read(name)
    (length,) = struct.unpack_from("<I", data, 4)
    header = orjson.loads(data[8 : 8 + length])
    offsets = [c["off"] for layer in header["layers"].values() for c in layer["cols"].values()]
    assert all(off % 8 == 0 and off >= 8 + length for off in offsets)
    assert len(data) % 8 == 0


@pytest.mark.parametrize("digits", [1, 9, 99, 120, 121, 122, 123, 124, 125, 126, 127, 128, 1000, 9000, 99_990])
def test_offsets_are_right_whatever_the_header_length(digits: int):
    frame = make_frames.frames()["snapshot"][0]
    padded = Frame("x" * digits, 1, None, frame.t, 1, frame.stamps, frame.layers)
    assert make_frames.shown(decode(encode(padded)).layers["heat"]) == make_frames.shown(frame.layers["heat"])


def _with_header(change) -> bytes:
    """A golden snapshot whose header was changed (columns stay where they were: the new header is shorter or fits)."""
    data = read("snapshot")
    (length,) = struct.unpack_from("<I", data, 4)
    header = orjson.loads(data[8 : 8 + length])
    del header["panel"]  # room for the change
    change(header)
    raw = orjson.dumps(header)
    assert len(raw) <= length
    return data[:4] + struct.pack("<I", len(raw)) + raw + bytes(length - len(raw)) + data[8 + length :]


BROKEN = {
    "nothing": lambda: b"",
    "other magic": lambda: b"GCF2" + read("snapshot")[4:],
    "header past the end": lambda: MAGIC + struct.pack("<I", 4_000_000_000) + b"{}",
    "header not JSON": lambda: MAGIC + struct.pack("<I", 2) + b"{]" + bytes(6),
    "header not an object": lambda: MAGIC + struct.pack("<I", 2) + b"[]" + bytes(6),
    "other version": lambda: _with_header(lambda h: h.update(v=2)),
    "mode unknown": lambda: _with_header(lambda h: h.update(mode="patch")),
    "delta without base": lambda: _with_header(lambda h: h.update(mode="delta")),
    "seq text": lambda: _with_header(lambda h: h.update(seq="1")),
    "layer not an object": lambda: _with_header(lambda h: h["layers"].update(heat=1)),
    "key missing": lambda: _with_header(lambda h: h["layers"]["heat"]["cols"].pop("key")),
    "offset unaligned": lambda: _with_header(lambda h: h["layers"]["heat"]["cols"]["value"].update(off=1001)),
    "offset past the end": lambda: _with_header(lambda h: h["layers"]["heat"]["cols"]["value"].update(off=80000)),
    "length negative": lambda: _with_header(lambda h: h["layers"]["heat"]["cols"]["value"].update(len=-1)),
    "length past the end": lambda: _with_header(lambda h: h["layers"]["heat"]["cols"]["value"].update(len=10**9)),
    "rows differ": lambda: _with_header(lambda h: h["layers"]["heat"].update(n=4)),
    "type unknown": lambda: _with_header(lambda h: h["layers"]["heat"]["cols"]["value"].update(t="f16")),
    "text not JSON": lambda: _with_header(lambda h: h["layers"]["areas"]["cols"]["key"].update(len=3)),
    "cut short": lambda: read("snapshot")[:-16],
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_malformed_frame_gets_a_one_line_error(name: str):
    with pytest.raises(BadInput) as refused:
        decode(BROKEN[name]())
    message = str(refused.value)
    assert message.startswith("frame: ")
    assert "\n" not in message
    assert len(message) < 200


def test_no_flipped_byte_makes_the_reader_raise_anything_else():
    data = bytearray(read("delta"))
    messages = []
    for at in range(0, len(data), 3):
        for flip in (0x01, 0x80, 0xFF):
            data[at] ^= flip
            try:
                decode(bytes(data))
            except BadInput as refused:
                messages.append(str(refused))
            data[at] ^= flip
    assert len(messages) > 100
    assert not [message for message in messages if "\n" in message]
