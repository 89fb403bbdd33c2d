"""The map alone, in Chromium: what it draws, says and survives."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import h3
import numpy as np
import pytest
from scene import Scene, areas_geojson, district

from tests import pmtiles_file

pytestmark = pytest.mark.browser

# Reads the drawn pixels: the map is asked for a frame and its canvas is read within it.
PIXELS = """() => new Promise((done) => {
  const map = engine().maplibre
  map.once('render', () => {
    const gl = map.painter.context.gl, w = gl.drawingBufferWidth, h = gl.drawingBufferHeight
    const data = new Uint8Array(w * h * 4)
    gl.readPixels(0, 0, w, h, gl.RGBA, gl.UNSIGNED_BYTE, data)
    const seen = {green: 0, hatch: 0, light: 0, hash: 0}
    for (let i = 0; i < data.length; i += 4) {
      const [r, g, b] = [data[i], data[i + 1], data[i + 2]]
      if (g > 110 && g > r * 1.15 && g > b * 1.05) seen.green++
      if (r > 120 && g > 80 && b < 70) seen.hatch++
      if (r > 190 && g > 200 && b > 220) seen.light++
      seen.hash = (seen.hash * 31 + r + 256 * g + 65536 * b) >>> 0
    }
    done(seen)
  })
  map.triggerRepaint()
})"""

# Where names are drawn, where they were meant to be, and how many of them lie on a pin or on each other.
NAMES = """(() => {
  const { content, maplibre: m } = engine(), { areas, incidents, symbols } = content
  const drawn = new Set(m.queryRenderedFeatures({layers: ['area-labels']}).map((f) => f.properties.code))
  const boxes = [...areas.names()].filter((n) => drawn.has(n.code)).map((n) => {
    const spot = areas.spots.get(n.code) ?? n.at, p = m.project(spot)
    return [p.x - 12, p.y - 8, p.x + 12, p.y + 8]
  })
  const pins = incidents.pins.list.map((pin) => {
    const p = m.project([pin.lon, pin.lat]), r = incidents.radius(pin, m.getZoom(), '') * symbols
    return [p.x - r, p.y - r, p.x + r, p.y + r]
  })
  const over = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1]
  let hit = 0
  boxes.forEach((a, i) => { if (pins.some((b) => over(a, b)) || boxes.slice(i + 1).some((b) => over(a, b))) hit++ })
  const placed = areas.names().filter((n) => areas.spots.get(n.code) !== null).map((n) => n.code).sort()
  const moved = [...areas.spots.values()].filter((spot) => spot !== null).length
  return {drawn: [...drawn].sort(), placed, hit, moved}
})()"""

ONLY_HEAT = {"layers": {"areas": False, "incidents": False, "units": False, "cameras": False}}


def pixels(stage: Any, until: Callable[[dict[str, int]], bool] = lambda _: True) -> dict[str, int]:
    """What is on the picture; looked at again, up to a minute, until it is as wanted: software draws slowly."""
    end = time.monotonic() + 60
    while True:
        stage.page.wait_for_timeout(250)
        found: dict[str, int] = stage.get(PIXELS)
        if until(found) or time.monotonic() > end:
            return found


def hosts(stage: Any) -> set[str | None]:
    return {urlsplit(url).hostname for url in stage.requests if not url.startswith(("data:", "blob:"))}


def town(n: int) -> Any:
    return district().region.by_level["town"][n]


def test_frames_become_columns_borders_labels_and_hatching(stage: Any) -> None:
    stage.show()
    shown = pixels(stage, lambda now: now["green"] > 500 and now["hatch"] > 300 and now["light"] > 100)
    assert shown["green"] > 500
    assert shown["hatch"] > 300
    assert shown["light"] > 100
    # Without columns the areas take the colour scale over.
    stage.set(options={"layers": {"heat": False}})
    assert pixels(stage, lambda now: now["green"] > shown["green"])["green"] > shown["green"]
    stage.set(options={"layers": {"heat": False, "areas": False, "incidents": False, "units": False}})
    bare = pixels(stage, lambda now: now["green"] < shown["green"] / 20 and now["hatch"] < shown["hatch"] / 20)
    assert bare["green"] < shown["green"] / 20
    assert bare["hatch"] < shown["hatch"] / 20


def test_nothing_is_fetched_from_another_host(stage: Any) -> None:
    stage.open()
    assert hosts(stage) == {"127.0.0.1"}
    # What draws tiles is fetched where there are some.
    assert any(url.endswith("/basemap/tiles") for url in stage.requests)
    assert not any("/tiles.js" in url for url in stage.requests)


def test_tiles_of_a_local_file_lie_beneath_the_areas_and_nothing_else_is_fetched(stage: Any, tmp_path: Path) -> None:
    stage.script.tiles = pmtiles_file.write(tmp_path / "city.pmtiles")
    stage.open()
    drawn = "engine().maplibre.queryRenderedFeatures({layers: ['tiles-water', 'tiles-roads-line']})"
    stage.until(f"engine().maplibre.getLayer('tiles-water') && new Set({drawn}.map((f) => f.layer.id)).size === 2")
    order = stage.get("engine().maplibre.getStyle().layers.map((layer) => layer.id)")
    assert order.index("water-line") < order.index("tiles-water") < order.index("tiles-roads-line")
    assert order.index("tiles-roads-names") + 1 == order.index("areas-fill")
    assert stage.get("document.querySelector('.gc-credit').textContent") == "© Nobody"
    assert hosts(stage) == {"127.0.0.1"}
    assert [url for url in stage.requests if "/tiles.js" in url] == [f"{stage.url}/bundle/tiles.js"]
    # A map that is made anew has them again.
    stage.get("void engine().maplibre.painter.context.gl.getExtension('WEBGL_lose_context').loseContext()")
    stage.until(
        "window.out.stats && window.out.stats.context_losses === 1 && engine().maplibre?.getLayer('tiles-water')"
    )


def test_a_delta_is_painted_and_its_four_stamps_are_told(stage: Any) -> None:
    stage.show()
    stage.set(options=ONLY_HEAT)
    before = pixels(stage)

    def taller(scene: Scene) -> None:
        scene.values = np.full_like(scene.values, scene.values.max())

    stage.script.push(change=taller)
    stage.until("window.out.status.received >= 2 && window.out.status.stamps.paint")
    after = pixels(stage, lambda now: now["hash"] != before["hash"])
    assert after["hash"] != before["hash"]
    stamps = stage.get("window.out.status.stamps")
    assert stamps["source"] < stamps["commit"] < stamps["frame"] <= stamps["paint"] + 1
    assert stage.get("window.out.panel.seq") == 2
    assert stage.get("window.out.status.dropped") == 0


def test_a_click_names_the_area_under_it(stage: Any) -> None:
    stage.show()
    stage.set(options={"layers": {"heat": False, "incidents": False, "units": False, "cameras": False}})
    for n in (0, 3, 9):
        point = town(n).geometry.representative_point()
        stage.page.mouse.click(*stage.place(point.x, point.y))
        stage.until(f"window.out.clickInfo && window.out.clickInfo.id === '{town(n).code}'")
        info = stage.get("window.out.clickInfo")
        assert info["kind"] == "area"
        assert abs(info["lon"] - point.x) < 1e-3
        assert abs(info["lat"] - point.y) < 1e-3
        assert info["n"] == int(stage.script.scene.counts[n])


def test_a_click_outside_every_area_says_none(stage: Any) -> None:
    stage.show()
    stage.page.mouse.click(500, 30)
    stage.until("window.out.clickInfo")
    assert stage.get("window.out.clickInfo.kind") == "none"


def test_hovering_a_tall_column_finds_it_at_its_head(stage: Any) -> None:
    stage.show()
    stage.set(options=ONLY_HEAT)
    scene = stage.script.scene
    row = int(np.argmax(scene.values))
    cell = h3.int_to_str(int(scene.cell_ids[row]))
    lat, lon = h3.cell_to_latlng(cell)
    head = stage.get(
        f"(() => {{ const e = engine(), m = e.maplibre; const c = m.getCenter(); const s = m.getCanvas();"
        f" return {{h: e.columnHeight(), lon: {lon}, lat: {lat}, foot: m.project([{lon}, {lat}])}} }})()"
    )
    x, y = head["foot"]["x"], head["foot"]["y"]
    # Straight up from its foot, the column must answer until its head and something else above.
    found = []
    for up in range(0, 160, 4):
        found.append(
            stage.get(f"(() => {{const e = engine(); return e.picker.pick({x}, {y - up}, e.pickOptions()).id}})()")
        )
    hits = [i for i, name in enumerate(found) if name == cell]
    assert len(hits) >= 4
    assert hits == list(range(hits[0], hits[0] + len(hits)))
    assert found[-1] != cell
    stage.page.mouse.move(x, y - 4 * hits[len(hits) // 2])
    stage.until(f"window.out.hoverInfo && window.out.hoverInfo.id === '{cell}'")
    assert stage.get("window.out.hoverInfo.n") == float(scene.values[row])


def test_hover_is_told_once_per_thing(stage: Any) -> None:
    stage.open()
    stage.set(options={"layers": {"heat": False, "incidents": False, "units": False, "cameras": False}})
    point = town(6).geometry.representative_point()
    x, y = stage.place(point.x, point.y)
    for step in range(12):
        stage.page.mouse.move(x + step % 3, y)
        stage.page.wait_for_timeout(40)
    stage.until("window.out.hoverInfo")
    stage.page.wait_for_timeout(400)  # for more of them to come
    told = stage.get("window.out.events.filter((e) => e[1] === 'hoverInfo').map((e) => e[2].id)")
    assert told == [town(6).code]


def test_incidents_units_and_cameras_answer_a_click(stage: Any) -> None:
    stage.show()
    scene = stage.script.scene
    checks = [
        ("incident", scene.incidents[0][0], scene.incidents[0][1], scene.incidents[0][2]),
        ("unit", "U-3", float(scene.unit_lon[3]), float(scene.unit_lat[3])),
        ("camera", "C-5", float(scene.cam_lon[5]), float(scene.cam_lat[5])),
    ]
    for kind, name, lon, lat in checks:
        layers = {k: k == f"{kind}s" for k in ("heat", "areas", "incidents", "units", "cameras")}
        bbox = [lon - 0.004, lat - 0.003, lon + 0.004, lat + 0.003]
        stage.set(options={"layers": layers}, focus={"bbox": bbox})
        stage.rests_at(bbox)
        stage.page.mouse.click(*stage.place(lon, lat))
        stage.until(f"window.out.clickInfo && window.out.clickInfo.kind === '{kind}'")
        assert stage.get("window.out.clickInfo.id") == name


def test_focus_flies_there_and_shows_all_of_it(stage: Any) -> None:
    stage.show()
    west, south, east, north = town(4).geometry.bounds
    stage.set(focus={"bbox": [west, south, east, north], "code": town(4).code, "level": "town"})
    stage.rests_at([west, south, east, north])
    info = stage.get("window.out.viewportInfo")
    assert 30 <= info["pitch"] <= 50
    corners = [stage.place(x, y) for x in (west, east) for y in (south, north)]
    assert all(-1 <= x <= 1001 and -1 <= y <= 641 for x, y in corners)
    spread = (
        max(x for x, _ in corners) - min(x for x, _ in corners),
        max(y for _, y in corners) - min(y for _, y in corners),
    )
    assert spread[0] > 700 or spread[1] > 400


def test_the_area_in_focus_is_outlined(stage: Any) -> None:
    stage.show()
    area = town(4)
    stage.set(focus={"bbox": list(area.geometry.bounds), "code": area.code, "level": "grid"})
    stage.until("(engine().base.data.focus?.features ?? []).length === 1")
    assert stage.get("engine().base.data.focus.features[0].properties.code") == area.code
    stage.set(focus={"bbox": list(district().region.roots[0].geometry.bounds)})
    stage.until("engine().base.data.focus.features.length === 0")


def test_a_frame_of_a_finer_level_brings_its_polygons(stage: Any) -> None:
    stage.open()
    grids = [a for a in district().region.by_level["grid"] if a.parent == town(0).code]

    def drill(scene: Scene) -> None:
        scene.level = "grid"
        scene.areas = grids
        scene.counts = np.arange(len(grids), dtype=np.uint32)
        scene.silent = np.zeros(len(grids), np.uint8)

    stage.script.scene.level = "town"
    drill(stage.script.scene)
    stage.set(view=f"area={town(0).code}")
    stage.until(f"engine().areas.size() === {len(grids)}")
    assert f"/api/v1/areas?level=grid&within={town(0).code}" in " ".join(stage.requests)
    assert len(areas_geojson("grid", town(0).code)["features"]) == len(grids)


def test_another_region_brings_its_outlines_to_an_open_page(stage: Any) -> None:
    stage.open()
    code = town(0).code
    west = f"engine().areas.shapes.get('{code}').bbox[0]"
    before = stage.get(west)

    def replace(scene: Scene) -> None:
        scene.region, scene.east = "second", 0.01

    stage.script.push(change=Scene.tick)
    stage.until("window.out.panel.seq === 2")
    assert not any("region=" in url for url in stage.requests)
    stage.script.push(change=replace)
    stage.until(f"{west} > {before} + 0.009")
    again = [url for url in stage.requests if "region=second" in url]
    assert any("/areas?" in url for url in again)
    assert any("/basemap/outline" in url for url in again)
    stage.script.push(change=Scene.tick)
    stage.until("window.out.panel.seq >= 4")
    assert len([url for url in stage.requests if "region=second" in url]) == len(again)


def test_english_names_are_used_in_english(stage: Any) -> None:
    stage.open("lang=en")
    assert stage.get(f"engine().areas.name('{town(0).code}')") == town(0).name_en
    assert stage.get("document.querySelector('canvas').getAttribute('aria-label')").startswith("Three")
    stage.set(lang="zh")
    stage.until(f"engine().areas.name('{town(0).code}') === '{town(0).name}'")


def test_the_map_is_reached_and_clicked_by_keyboard(stage: Any) -> None:
    stage.open()
    stage.page.keyboard.press("Tab")
    assert stage.get("document.activeElement.getAttribute('role')") == "application"
    stage.page.keyboard.press("Enter")
    stage.until("window.out.clickInfo && window.out.clickInfo.kind !== 'none'")


def test_locked_ignores_gestures_and_still_answers_clicks(stage: Any) -> None:
    stage.show()
    stage.set(options={"locked": True})
    before = stage.get("engine().maplibre.getCenter().toArray()")
    stage.page.mouse.move(500, 320)
    stage.page.mouse.down()
    stage.page.mouse.move(300, 250, steps=5)
    stage.page.mouse.up()
    stage.page.mouse.wheel(0, -400)
    stage.page.wait_for_timeout(400)
    assert stage.get("engine().maplibre.getCenter().toArray()") == before
    stage.page.mouse.click(500, 360)
    stage.until("window.out.clickInfo")


def test_a_lost_context_comes_back_with_everything(stage: Any) -> None:
    stage.open()
    before = pixels(stage, lambda now: now["green"] > 500 and now["hatch"] > 300)
    camera = stage.get("engine().maplibre.getCenter().toArray().concat(engine().maplibre.getZoom())")
    for losses in (1, 2):
        stage.get("void engine().maplibre.painter.context.gl.getExtension('WEBGL_lose_context').loseContext()")
        stage.until(f"window.out.stats && window.out.stats.context_losses === {losses}")
        stage.until("engine().maplibre && engine().loaded && engine().maplibre.areTilesLoaded()")
        stage.settle()
        after = pixels(stage, lambda now: now["green"] > before["green"] * 0.8 and now["hatch"] > before["hatch"] * 0.7)
        assert after["green"] > before["green"] * 0.8
        assert after["hatch"] > before["hatch"] * 0.7
        assert stage.get(
            "engine().maplibre.getCenter().toArray().concat(engine().maplibre.getZoom())"
        ) == pytest.approx(camera)
        assert stage.get("document.querySelectorAll('canvas.maplibregl-canvas').length") == 1
        assert stage.get("document.querySelector('.gc-map-message')") is None
    stage.script.push(change=Scene.tick)
    stage.until("window.out.status.received >= 2 && window.out.status.stamps.paint")


def test_a_gap_is_repaired_by_a_snapshot(stage: Any) -> None:
    stage.show()
    stage.script.seq += 5  # frames that this client never got
    stage.script.push(change=Scene.tick)
    stage.told("s.dropped > 0")
    stage.until("window.out.status.state === 'live' && window.out.status.received >= 2")
    assert [m["op"] for m in stage.script.heard if m["op"] != "ping"] == ["watch", "resync"]


def test_malformed_bytes_are_reported_and_survived(stage: Any) -> None:
    stage.show()
    stage.script.push(b"GCF1 this is not a frame")
    stage.told("/frame:/.test(s.error || '')")
    stage.until("window.out.status.received >= 2 && window.out.status.error === null")


def test_the_server_going_away_shows_and_heals(stage: Any) -> None:
    stage.show()
    stage.script.hang_up()
    stage.told("s.state === 'stale' && !s.connected")
    stage.until("window.out.status.state === 'live'")


def test_the_store_going_away_makes_it_stale(stage: Any) -> None:
    stage.show()
    stage.script.push('{"op":"state","store":"away","since":1770000000000}')
    stage.until("window.out.status.state === 'stale' && window.out.status.since === 1770000000000")
    stage.script.push('{"op":"state","store":"ok","since":1770000001000}')
    stage.until("window.out.status.state === 'live'")


def test_a_new_incident_pulses_and_old_ones_do_not(moving: Any) -> None:
    moving.open()
    assert moving.get("document.querySelectorAll('.gc-pulse').length") == 0
    # A pulse lasts some seconds: it is seen when it comes, however late this test gets to look.
    moving.get(
        "void new MutationObserver((all) => { window.pulses = (window.pulses ?? 0) +"
        " all.flatMap((m) => [...m.addedNodes]).filter((n) => n.classList?.contains('gc-pulse')).length })"
        ".observe(document.body, {childList: true, subtree: true})"
    )
    moving.script.push(change=Scene.open_incident)
    moving.until("window.pulses > 0")
    assert moving.get("window.pulses") == 1


def test_values_move_smoothly_unless_motion_is_reduced(moving: Any, stage: Any) -> None:
    for page, smooth in ((moving, True), (stage, False)):
        page.open()
        page.get("void (engine().meter.frameMs = () => 16)")  # a machine that draws fast
        page.script.push(change=Scene.tick)
        page.until("window.out.status.received >= 2")
        assert (page.get("engine().heat.transition") > 0) is smooth


def test_units_glide_from_fix_to_fix_unless_motion_is_reduced(moving: Any, stage: Any) -> None:
    seen = "engine().units.table.cols.lon[3]"
    for page, smooth in ((moving, True), (stage, False)):
        page.open()
        start, end = page.get(seen), float(page.script.scene.unit_lon[3]) + 0.006

        def drive(scene: Scene, to: float = end) -> None:
            scene.unit_lon[3] = to
            scene.unit_at[3] += 2000

        page.get("void (engine().meter.frameMs = () => 16)")  # a machine that draws fast
        page.get(f"void (window.been = [], window.watch = setInterval(() => window.been.push({seen}), 15))")
        page.script.push(change=drive)
        page.until(f"{seen} === {end!r}")
        been = page.get("(clearInterval(window.watch), window.been)")
        between = [lon for lon in been if start < lon < end]
        assert been == sorted(been)
        assert bool(between) is smooth
        page.until("!engine().units.moving(performance.now())")
        assert page.get(seen) == end


def test_a_map_that_is_drawn_slowly_is_coarse_while_it_moves_and_sharp_at_rest(moving: Any) -> None:
    moving.open()
    width = "engine().maplibre.getCanvas().width"
    moving.until(f"{width} === 1000")
    moving.get("void (engine().meter.frameMs = () => 120)")
    moving.get("void engine().maplibre.panBy([300, 0], {duration: 1500})")
    moving.until(f"{width} < 900")
    middle = moving.get("(() => { const m = engine().maplibre, p = m.project(m.getCenter()); return [p.x, p.y] })()")
    assert middle == pytest.approx([500, 320], abs=0.01)
    moving.until(f"{width} === 1000 && !engine().maplibre.isMoving()")
    assert pixels(moving, lambda now: now["green"] > 100)["green"] > 100


def test_a_canvas_that_the_layers_set_to_an_earlier_size_is_set_right(moving: Any) -> None:
    moving.open()
    width = "engine().maplibre.getCanvas().width"
    moving.until(f"{width} === 1000")
    moving.get("void (window.widths = [], engine().maplibre.on('render', () => window.widths.push(" + width + ")))")
    moving.get("void engine().overlay._deck.device.canvasContext.setDrawingBufferSize(723, 463)")
    moving.get("void engine().maplibre.triggerRepaint()")
    moving.until(f"window.widths.includes(723) && window.widths.at(-1) === 1000 && {width} === 1000")


def test_a_device_that_is_behind_cuts_no_frame_while_the_map_flies(moving: Any) -> None:
    moving.open()
    width = "engine().maplibre.getCanvas().width"
    moving.until(f"{width} === 1000")
    # As when a box changed a moment before: the layers' device has that size when the map makes its canvas coarser.
    moving.get("void (window.widths = [], engine().maplibre.on('render', () => window.widths.push(" + width + ")))")
    moving.get(
        "(() => { const { overlay, sizing } = engine(); Object.defineProperty(sizing, 'share', {value: 0.6});"
        " overlay._deck.device.canvasContext.setDrawingBufferSize(723, 463); sizing.rescale() })()"
    )
    moving.until("window.widths.includes(600)")
    assert 723 not in moving.get("window.widths")


def test_names_stand_on_no_pin_and_on_no_other_name(stage: Any) -> None:
    found = areas_geojson("town", "")["features"]
    at = {f["properties"]["code"]: (f["properties"]["lon"], f["properties"]["lat"]) for f in found}
    # A critical incident on the very point of each town's name, and one beside it.
    stage.script.scene.incidents = [
        (f"N-{i}-{k}", lon + k * 0.004, lat, 1, 0, 1.77e12) for i, (lon, lat) in enumerate(at.values()) for k in (0, 1)
    ]
    stage.open()
    stage.until(f"(({{hit, moved, drawn, placed}}) => !hit && moved > 6 && `${{drawn}}` === `${{placed}}`)({NAMES})")
    names = stage.get(NAMES)
    assert len(names["drawn"]) >= 7
    assert names["drawn"] == names["placed"]
    assert names["hit"] == 0
    assert names["moved"] >= 7
    # The same picture has them at the same places, whatever was seen before.
    before = stage.get("JSON.stringify([...engine().areas.spots])")
    stage.get("void engine().maplibre.zoomTo(engine().maplibre.getZoom() + 1, {duration: 0})")
    stage.drawn()
    stage.get("void engine().maplibre.zoomTo(engine().maplibre.getZoom() - 1, {duration: 0})")
    stage.until(f"JSON.stringify([...engine().areas.spots]) === {before!r}")


def test_heat_is_smooth_or_in_the_areas_and_still_says_exact_numbers(stage: Any) -> None:
    stage.open()
    assert not any("/smooth.js" in url for url in stage.requests)
    only = {"areas": False, "incidents": False, "units": False, "cameras": False}
    stage.set(options={"heat": "smooth", "layers": only})
    stage.until("engine().content.form() === 'smooth' && engine().legend().form === 'smooth'")
    assert [url for url in stage.requests if "/smooth.js" in url] == [f"{stage.url}/bundle/smooth.js"]
    shown = pixels(stage, lambda now: now["green"] > 300)
    assert shown["green"] > 300
    legend = stage.get("engine().legend()")
    assert legend["stops"][-1]["value"] == legend["max"]
    # The surface is lower than the tallest column: it is the mean around a place.
    assert 0.5 <= legend["max"] < stage.script.scene.values.max()
    row = int(stage.script.scene.values.argmax())
    lat, lon = h3.cell_to_latlng(h3.int_to_str(int(stage.script.scene.cell_ids[row])))
    pixel = f"engine().maplibre.project([{lon}, {lat}])"
    top = stage.get(f"(({{x, y}}) => engine().picker.pick(x, y, engine().pickOptions()))({pixel})")
    assert top["kind"] == "cell"
    scene = stage.script.scene
    values = {h3.int_to_str(int(c)): float(v) for c, v in zip(scene.cell_ids, scene.values, strict=True)}
    assert top["n"] == values[top["id"]]

    stage.set(options={"heat": "areas", "layers": only | {"areas": True}})
    stage.until("engine().maplibre.getLayer('areas-raised') && engine().legend().of === 'area'")
    assert stage.get("engine().legend().stops.at(-1).height") == 1
    raised = pixels(stage, lambda now: now["green"] > shown["green"])
    assert raised["green"] > shown["green"]
    most = int(np.argmax(stage.script.scene.counts))
    point = town(most).geometry.representative_point()
    stage.page.mouse.click(*stage.place(point.x, point.y))
    stage.until(f"window.out.clickInfo && window.out.clickInfo.id === '{town(most).code}'")
    assert stage.get("window.out.clickInfo.n") == int(stage.script.scene.counts[most])
    assert stage.problems == []


def test_the_ground_follows_the_sun_of_the_moment_shown_and_the_colours_of_data_do_not(stage: Any) -> None:
    stage.open()
    land = "engine().maplibre.getPaintProperty('land', 'fill-color')"
    told, colours = {}, {}
    for name, hour in (("day", 4), ("night", 16)):  # UTC; the district lies at UTC+8
        stage.get(f"void (engine().moment = Date.UTC(2026, 4, 1, {hour}), engine().sunlight())")
        told[name] = stage.get("engine().content.daylight.told")
        colours[name] = (stage.get(land), stage.get("engine().maplibre.getPaintProperty('areas-fill', 'fill-color')"))
    assert [told[name]["phase"] for name in told] == ["day", "night"]
    assert told["day"]["rise"] < told["day"]["set"]
    assert colours["day"][0] != colours["night"][0]
    assert colours["day"][1] == colours["night"][1]
    stage.set(options={"sun": False})
    stage.until(f"engine().content.daylight.told === null && {land} === '#101c31'")


def test_a_map_that_is_drawn_fast_is_sharp_all_the_time(moving: Any) -> None:
    moving.open()
    moving.until("engine().maplibre.getCanvas().width === 1000")
    moving.get("void (engine().meter.frameMs = () => 16)")
    moving.get("void (engine().sizing.coarse.known = null, window.widths = new Set())")
    moving.get("void engine().maplibre.on('render', () => window.widths.add(engine().maplibre.getCanvas().width))")
    moving.get("void engine().maplibre.panBy([300, 0], {duration: 600})")
    moving.until("window.widths.size > 0 && !engine().maplibre.isMoving()")
    assert moving.get("[...window.widths]") == [1000]


def test_the_canvas_is_capped_on_a_dense_screen(browser: Any, stage: Any) -> None:
    dense = browser.new_context(viewport={"width": 1600, "height": 900}, device_scale_factor=3)
    page = dense.new_page()
    page.set_default_timeout(90_000)
    page.goto(stage.url)
    page.wait_for_selector("canvas.maplibregl-canvas")
    size = "(() => { const c = document.querySelector('canvas.maplibregl-canvas'); return c.width * c.height })()"
    page.wait_for_function(f"{size} > {1600 * 900 * 2}")  # at rest: while it moves it may have fewer
    found = page.evaluate(size)
    dense.close()
    assert found <= 3840 * 2160 * 1.01


def test_the_map_follows_its_box(stage: Any) -> None:
    stage.open()
    stage.page.set_viewport_size({"width": 700, "height": 500})
    stage.until(
        "engine().maplibre.getCanvas().clientWidth === 700 && engine().maplibre.getCanvas().clientHeight === 500"
    )


def test_incidents_that_would_overlap_stand_as_one_and_are_fanned_out_to_be_picked(stage: Any) -> None:
    point = town(4).geometry.representative_point()
    at = [(point.x, point.y)] * 3 + [(point.x + 0.0002, point.y), (point.x + 0.3, point.y)]
    stage.script.scene.incidents = [(f"P-{i}", lon, lat, 2 - (i == 1), 0, 1.77e12) for i, (lon, lat) in enumerate(at)]
    stage.open()
    stage.set(options={"layers": {"heat": False, "areas": False, "units": False, "cameras": False}})
    stage.set(focus={"bbox": [point.x - 0.01, point.y - 0.01, point.x + 0.01, point.y + 0.01]})
    stage.until("engine().incidents.pins.list.some((pin) => pin.rows.length === 4)")
    stage.settle()
    stage.page.mouse.click(*stage.place(point.x, point.y))
    stage.until("window.out.clickInfo")
    told = stage.get("window.out.clickInfo")
    assert (told["kind"], told["id"], told["n"]) == ("incidents", "P-1", 4)
    assert stage.get("engine().picker.describe(window.out.clickInfo, 'en')") == [
        "4 incidents",
        "Critical 1 · Urgent 3",
        "",
    ]
    # What does not lie at one place is worth going near; what does is fanned out there.
    stage.get("engine().expand('P-1')")
    stage.until("engine().incidents.pins.list.some((pin) => pin.rows.length === 3)")
    stage.settle()
    stage.get("engine().expand('P-1')")
    stage.until("engine().incidents.pins.list.filter((pin) => pin.from).length === 3")
    stage.drawn()
    for n in range(3):
        spot = stage.get(f"(({{lon, lat}}) => [lon, lat])(engine().incidents.pins.of('P-{n}'))")
        stage.page.mouse.click(*stage.place(*spot))
        stage.until(f"window.out.clickInfo.kind === 'incident' && window.out.clickInfo.id === 'P-{n}'")
    stage.page.mouse.click(5, 5)
    stage.until("engine().incidents.pins.list.every((pin) => !pin.from)")
