"""Files of any supported format -> records, in bounded memory; and their import into a store."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from data.clock import Clock, SystemClock
from data.errors import BadInput, BadRecord
from data.records import Record
from data.store import DeadLetter, Store
from feeds.appending import BATCH, ImportReport, append_all
from feeds.csv_rows import read_csv
from feeds.geojson_rows import read_geojson
from feeds.lines import KEPT, LongLine, read_lines
from feeds.mapping import Mapping
from feeds.registry import mapped_feed
from feeds.rows import RowReader, in_wgs84

FORMATS = (
    ".csv",
    ".csv.gz",
    ".json",
    ".json.gz",
    ".jsonl",
    ".jsonl.gz",
    ".ndjson",
    ".ndjson.gz",
    ".parquet",
    ".geojson",
    ".geojson.gz",
)

MAX_DOCUMENT = 64 << 20
"""A JSON document is one piece and is read whole, so it may not be larger, bytes. JSON lines have no limit."""

Item = tuple[dict[str, Any], bytes] | tuple[BadRecord, bytes]


def read_file(path: Path | str, mapping: Mapping, clock: Clock | None = None) -> Iterator[Record | DeadLetter]:
    """Every row of a file as a record or a dead letter, in the file's order within batches of BATCH rows.

    Raises BadInput when the file as a whole is not what the mapping describes (missing, unknown format, a
    column that is not there). What breaks later (a cut gzip stream, say) ends in a dead letter.
    """
    path = Path(path)
    return items_of(rows_of(path, mapping), mapping, clock or SystemClock())


def items_of(rows: Iterable[Item], mapping: Mapping, clock: Clock) -> Iterator[Record | DeadLetter]:
    """Rows as records in WGS 84 or dead letters."""
    reader = RowReader(mapping)
    records: list[Record] = []
    for item, raw in rows:
        if isinstance(item, BadRecord):
            yield _letter(mapping, item, raw, clock)
            continue
        try:
            records.append(reader.record(item))
        except BadRecord as error:
            yield _letter(mapping, error, raw or _dump(item), clock)
            continue
        if len(records) >= BATCH:
            yield from in_wgs84(records, mapping.datum)
            records.clear()
    yield from in_wgs84(records, mapping.datum)


def import_file(
    store: Store,
    path: Path | str,
    mapping: Mapping,
    progress: Callable[[int], None] | None = None,
    clock: Clock | None = None,
) -> ImportReport:
    """Append a file's records to the store. Doing it twice adds no record.

    `progress` is told the rows read so far after each batch. Raises BadInput and StoreUnavailable; what was
    appended until then stays, and a second run goes on from there.
    """
    known = mapped_feed(mapping, (clock or SystemClock()).now())
    return append_all(store, read_file(path, mapping, clock), known, progress)


def rows_of(path: Path, mapping: Mapping) -> Iterator[Item]:
    """A file's rows with their bytes, or what is wrong with them. Raises BadInput as `read_file` does."""
    name = path.name.lower()
    if not name.endswith(FORMATS):
        raise BadInput(f"{path.name}: unknown format; known are {', '.join(FORMATS)}")
    if name.endswith(".parquet"):
        yield from _parquet(path, mapping)
        return
    try:
        stream: BinaryIO
        with gzip.open(path) if name.endswith(".gz") else path.open("rb") as stream:  # type: ignore[assignment]
            if ".csv" in name[-7:]:
                yield from read_csv(
                    stream,
                    encoding=mapping.encoding,
                    delimiter=mapping.delimiter,
                    needed=mapping.needed(),
                    name=path.name,
                )
            elif "geojson" in name[-11:]:
                yield from read_geojson(stream)
            elif ".json" in name[-8:] and not name.endswith((".jsonl", ".jsonl.gz")):
                yield from _json_document(stream, path.name, mapping.rows)
            else:
                yield from _json_lines(stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield BadRecord(f"{path.name}: the gzip stream is broken: {error}", reason="file.gzip"), b""
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror or error}") from None


def _json_lines(stream: BinaryIO) -> Iterator[Item]:
    return (item for line in read_lines(stream) if (item := json_row(line)) is not None)


def _json_document(stream: BinaryIO, name: str, rows: str) -> Iterator[Item]:
    """The objects of a list in a JSON document, at the place that the mapping's `rows` names."""
    body = stream.read(MAX_DOCUMENT + 1)
    if len(body) > MAX_DOCUMENT:
        raise BadInput(f"{name}: a JSON document larger than {MAX_DOCUMENT >> 20} MiB; write it as JSON lines (.jsonl)")
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{name}: is no JSON document: {error}") from None
    for key in rows.split(".") if rows else []:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, list):
        place = f"has no list at {rows!r}" if rows else "is no list"
        raise BadInput(f'{name}: {place}; say with `rows` in the mapping where its rows are, such as "result.items"')
    for row in found:
        if isinstance(row, dict):
            yield row, b""
        else:
            yield BadRecord("the row is JSON but no object", reason="json.object"), orjson.dumps(row)


def json_row(line: bytes) -> Item | None:
    """One line of JSON as a row, or what is wrong with it; None for an empty line."""
    if isinstance(line, LongLine):
        return BadRecord("a line is longer than 1 MiB", reason="line.length"), line
    if not line or line.isspace():
        return None
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return BadRecord(f"the line is not JSON: {error}", reason="json.syntax"), line
    if isinstance(row, dict):
        return row, line
    return BadRecord("the line is JSON but no object", reason="json.object"), line


def _parquet(path: Path, mapping: Mapping) -> Iterator[Item]:
    import pyarrow  # 40 MB that a server which reads no Parquet never needs
    import pyarrow.parquet

    if not path.is_file():
        raise BadInput(f"{path}: cannot be read: no such file")
    try:
        with path.open("rb") as stream, pyarrow.parquet.ParquetFile(stream) as parquet:
            names = parquet.schema_arrow.names
            missing = [c for c in mapping.needed() if c.split(".")[0] not in names and c not in names]
            if missing:
                raise BadInput(f"{path.name}: has no column {missing[0]!r}, which the mapping names")
            wanted = sorted({c if c in names else c.split(".")[0] for c in mapping.needed()})
            for batch in parquet.iter_batches(batch_size=BATCH, columns=wanted):
                for row in batch.to_pylist():
                    yield row, b""
    except pyarrow.ArrowException as error:
        yield BadRecord(f"{path.name}: is not a readable Parquet file: {error}"[:500], reason="file.parquet"), b""
    except OSError as error:
        message = error.strerror or str(error).splitlines()[0]
        yield BadRecord(f"{path.name}: cannot be read to its end: {message}"[:500], reason="file.parquet"), b""


def _dump(row: dict[str, Any]) -> bytes:
    return orjson.dumps(row, default=str, option=orjson.OPT_NON_STR_KEYS)


def _letter(mapping: Mapping, error: BadRecord, raw: bytes, clock: Clock) -> DeadLetter:
    return DeadLetter(
        source=mapping.source,
        reason=error.reason,
        message=str(error)[:500],
        body=bytes(raw[:KEPT]),
        received_at=clock.now(),
    )
