// The desk and its map: the incident in hand is marked and flown to; a place for a new one is chosen by a click.
(() => {
  "use strict";
  const gc = window.gc;
  const { desk } = gc;
  const set = (props) => window.dash_clientside.set_props("map", props);

  const around = (lon, lat) => {
    const dy = 0.008;
    const dx = dy / Math.cos((lat * Math.PI) / 180);
    return { bbox: [lon - dx, lat - dy, lon + dx, lat + dy], code: gc.address.focus.code, level: gc.address.focus.level };
  };
  desk.map = {
    /** Mark an incident, and fly to it where it has a place; null marks none. */
    select: (incident, fly = false) => {
      set({ selection: incident ? { kind: "incident", id: incident.id } : null });
      if (incident && fly && incident.lon !== null) set({ focus: around(incident.lon, incident.lat) });
    },
    home: () => set({ focus: { ...gc.address.focus } }),
    fly: (lon, lat) => set({ focus: around(lon, lat) }),
  };

  const usual = gc.onMapClick;
  gc.onMapClick = (click) => {
    if (!desk.here() || !desk.draft.wantsPlace()) return usual(click);
    if (click.lon === null || click.lon === undefined) return;
    desk.draft.place(click.lon, click.lat);
  };
  /** While a place is being chosen, a click on the map must not drill down. */
  gc.choosingPlace = () => !!desk.draft.wantsPlace();
})();
