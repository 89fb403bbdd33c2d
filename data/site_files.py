"""Rows of site files, flat: CSV (also .gz) and GeoJSON (also .gz), numbers as the file has them."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.errors import BadInput
from data.region_files import GEOJSON_SUFFIXES, read_geojson_features

CSV_SUFFIXES = (".csv", ".csv.gz")


def site_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows as flat dictionaries; a GeoJSON point is under the keys `_lon` and `_lat`, its feature id under `id`."""
    name = path.name.lower()
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    if name.endswith(GEOJSON_SUFFIXES):
        for feature in read_geojson_features(path):
            properties = feature.get("properties")
            row = dict(properties) if isinstance(properties, dict) else {}
            if "id" in feature:
                row.setdefault("id", feature["id"])
            shape = feature.get("geometry")
            pair = shape.get("coordinates") if isinstance(shape, dict) and shape.get("type") == "Point" else None
            if isinstance(pair, list) and len(pair) >= 2:
                row["_lon"], row["_lat"] = pair[0], pair[1]
            yield row
    elif name.endswith(CSV_SUFFIXES):
        try:
            raw = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
            for row in csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))):
                row.pop(None, None)  # cells beyond the header
                yield dict(row)
        except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
            raise BadInput(f"{path.name}: cannot be read as CSV in UTF-8: {error}") from None
    else:
        expected = ", ".join(CSV_SUFFIXES + GEOJSON_SUFFIXES)
        raise BadInput(f"{path.name}: unknown kind of site file; expected one of {expected}")
