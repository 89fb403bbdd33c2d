"""A district of two square towns with a cross of roads, and a short scenario to play in it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from shapely.geometry import box

from data.records import Kind, Record, SitePayload, UnitPayload, UnitPosition
from geo.area import Area, Region
from geo.roads import RoadGraph

BEFORE = datetime(2026, 6, 30, 12, tzinfo=UTC)
STEP = 0.002


def region() -> Region:
    """A district of 0.04 x 0.02 degrees: a western and an eastern town, each with two grids."""
    whole = Area("10", "试验区", "district", box(120.0, 33.0, 120.04, 33.02), None, "Trial District")
    areas = [whole]
    for n, (zh, en) in enumerate((("西镇", "West Town"), ("东镇", "East Town"))):
        x = 120.0 + 0.02 * n
        areas.append(Area(f"10{n}", zh, "town", box(x, 33.0, x + 0.02, 33.02), "10", en))
        for g in range(2):
            y = 33.0 + 0.01 * g
            areas.append(Area(f"10{n}{g}", f"{zh}{g}", "grid", box(x, y, x + 0.02, y + 0.01), f"10{n}", f"{en} {g}"))
    return Region.of(("district", "town", "grid"), areas)


def roads() -> RoadGraph:
    """A lattice of streets of about 200 m, 20 s each, drivable both ways, but for a river at 120.021 with one bridge
    in the north."""
    xs, ys = np.arange(120.001, 120.04, STEP), np.arange(33.001, 33.02, STEP)
    lon, lat = (v.ravel() for v in np.meshgrid(xs, ys, indexing="ij"))
    edges = []
    for i in range(len(xs)):
        for j in range(len(ys)):
            here = i * len(ys) + j
            bridge = j == len(ys) - 1
            if i + 1 < len(xs) and (i != 9 or bridge):
                edges.append((here, here + len(ys)))
            if j + 1 < len(ys):
                edges.append((here, here + 1))
    a, b = np.array(edges).T
    both = np.concatenate
    return RoadGraph(lon, lat, both([a, b]), both([b, a]), np.full(2 * len(a), 20.0))


def master(units: int = 4) -> list[Record]:
    """Fire engines and ambulances in both towns, a patrol car, a grid worker, and a camera."""
    records = []
    fleet = [
        ("F1", "fire_engine", ("fire", "rescue"), 120.003, 33.003),
        ("F2", "fire_engine", ("fire", "rescue"), 120.037, 33.003),
        ("A1", "ambulance", ("medical",), 120.005, 33.015),
        ("P1", "patrol_car", ("police", "traffic"), 120.031, 33.015),
        ("A2", "ambulance", ("medical",), 120.031, 33.003),
        ("W1", "grid_worker", ("patrol",), 120.035, 33.015),
    ][: units + 2]
    for id, kind, skills, lon, lat in fleet:
        area = "1011" if kind == "grid_worker" else None
        payload = UnitPayload(name=f"单位 {id}", name_en=f"Unit {id}", unit_kind=kind, skills=skills, area=area)
        records.append(Record(Kind.UNIT, "fleet", id, BEFORE, payload))
        records.append(Record(Kind.UNIT_POSITION, "gps", id, BEFORE, UnitPosition(unit=id), lon, lat))
    camera = SitePayload(name="桥头", name_en="Bridge", site_kind="camera")
    records.append(Record(Kind.SITE, "video", "C1", BEFORE, camera, 120.021, 33.019))
    return records


SCENARIO = """\
id = "trial"
zh = "小区火灾演练"
en = "Trial fire"
start = 2026-07-01T08:00:00
zone = "Asia/Shanghai"
duration = "1 h"

[rules]
kinds = ["fire_engine", "ambulance", "patrol_car"]

[[scene_times]]
category = "05"
median = "10 min"
p90 = "15 min"

[[objectives]]
id = "first-order"
zh = "三分钟内派出首批力量"
en = "First units sent within three minutes"
target = { measure = "interval", between = "opened:dispatched", percentile = 90, within = "3 min", severity = 2 }

[[objectives]]
id = "told"
zh = "通报均确认"
en = "Every message acknowledged"
target = { measure = "actions", share = 1.0 }

[[objectives]]
id = "shelter"
zh = "安置点按时开放"
en = "The shelter opens in time"
target = { measure = "site", site = "S1", by = "0:50" }

[[objectives]]
id = "cleared"
zh = "火情全部处置"
en = "All fires cleared"
target = { measure = "closed", category = "05", share = 1.0, by = "1:00" }

[[sites]]
id = "S1"
kind = "shelter"
zh = "体育馆安置点"
en = "Gymnasium shelter"
lon = 120.011
lat = 33.011

[[injects]]
id = "I-1"
at = "0:02"
kind = "event"
source = "119"
category = "0504"
severity = 2
lon = 120.011
lat = 33.003
zh = "草地起火"
en = "Grass fire"
expect = { action = "dispatch", within = "3 min", objective = "first-order", units = { fire_engine = 1 } }

[[injects]]
id = "I-2"
at = "0:05"
kind = "blocked"
source = "122"
category = "0305"
severity = 3
lon = 120.021
lat = 33.019
radius_m = 150
until = "0:40"
zh = "桥面被货车堵住"
en = "A lorry blocks the bridge"
notes = "东西两镇之间只有这一座桥 / the only bridge between the towns"

[[injects]]
id = "I-3"
at = "0:10"
kind = "message"
source = "duty"
zh = "请开放体育馆安置点"
en = "Open the gymnasium shelter"
expect = { action = "acknowledge", within = "5 min", objective = "told" }

[[injects]]
id = "I-4"
at = "0:11"
kind = "message"
zh = "区里要求二十分钟内开放安置点"
en = "The district wants the shelter open within thirty minutes"
expect = { action = "site", site = "S1", within = "30 min", objective = "shelter" }

[[injects]]
id = "I-5"
at = 2026-07-01T08:15:00
kind = "unit_status"
unit = "A1"
status = "out_of_service"
zh = "救护车 A1 抛锚"
en = "Ambulance A1 broke down"

[[injects]]
id = "I-6"
at = "0:20"
kind = "event"
source = "120"
category = "0604"
severity = 2
area = "1000"
zh = "老人跌倒"
en = "An old person fell"
expect = { action = "arrive", within = "20 min", objective = "told", units = { ambulance = 1 } }

[[injects]]
id = "I-7"
at = "0:22"
kind = "site_status"
site = "C1"
online = false
zh = "桥头视频中断"
en = "The camera at the bridge fails"
"""
