-- The first schema of the embedded store. Frozen: a change is a new revision.

CREATE TABLE log_head (
    id INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    region BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE record (
    seq INTEGER NOT NULL,
    timeline TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    lon DOUBLE,
    lat DOUBLE,
    cell BIGINT,
    area TEXT,
    incident TEXT,
    payload TEXT NOT NULL,
    PRIMARY KEY (seq)
);

CREATE INDEX ix_record_at ON record (at);

CREATE INDEX ix_record_incident ON record (incident);

CREATE INDEX ix_record_cell ON record (cell);

CREATE INDEX ix_record_area ON record (area);

CREATE TABLE track (
    seq INTEGER NOT NULL,
    timeline TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    unit TEXT NOT NULL,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    lon DOUBLE,
    lat DOUBLE,
    cell BIGINT,
    area TEXT,
    speed_kmh DOUBLE,
    bearing DOUBLE,
    PRIMARY KEY (seq)
);

CREATE UNIQUE INDEX ux_track_identity ON track (timeline, source, source_id, version, at);

CREATE INDEX ix_track_unit ON track (timeline, unit, at);

CREATE INDEX ix_track_cell ON track (cell);

CREATE TABLE record_key (
    timeline TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    incident TEXT,
    PRIMARY KEY (timeline, source, source_id, version)
)
 WITHOUT ROWID;

CREATE INDEX ix_record_key_incident ON record_key (timeline, incident) WHERE incident IS NOT NULL;

CREATE TABLE incident (
    timeline TEXT NOT NULL,
    id TEXT NOT NULL,
    opened_at BIGINT,
    dispatched_at BIGINT,
    arrived_at BIGINT,
    closed_at BIGINT,
    category TEXT NOT NULL,
    severity INTEGER NOT NULL,
    title TEXT NOT NULL,
    title_en TEXT NOT NULL,
    address TEXT NOT NULL,
    source TEXT NOT NULL,
    lon DOUBLE,
    lat DOUBLE,
    cell BIGINT,
    area TEXT,
    units TEXT NOT NULL,
    rows INTEGER NOT NULL,
    last_actor TEXT NOT NULL,
    seq BIGINT NOT NULL,
    lead_at BIGINT,
    lead_source TEXT,
    lead_id TEXT,
    point_at BIGINT,
    point_source TEXT,
    point_id TEXT,
    cmd_dispatched_at BIGINT,
    cmd_arrived_at BIGINT,
    cmd_closed_at BIGINT,
    cmd_units TEXT NOT NULL,
    actor_at BIGINT,
    PRIMARY KEY (timeline, id)
);

CREATE INDEX ix_incident_seq ON incident (timeline, seq);

CREATE TABLE unit (
    timeline TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT NOT NULL,
    kind TEXT NOT NULL,
    skills TEXT NOT NULL,
    duty_area TEXT,
    status TEXT NOT NULL,
    status_at BIGINT,
    status_actor TEXT NOT NULL,
    incident TEXT,
    lon DOUBLE,
    lat DOUBLE,
    position_at BIGINT,
    bearing DOUBLE,
    simulated BOOLEAN NOT NULL,
    seq BIGINT NOT NULL,
    master_at BIGINT,
    master_version INTEGER NOT NULL,
    PRIMARY KEY (timeline, id)
);

CREATE INDEX ix_unit_seq ON unit (timeline, seq);

CREATE TABLE site (
    timeline TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT NOT NULL,
    lon DOUBLE,
    lat DOUBLE,
    bearing DOUBLE,
    fov DOUBLE,
    online BOOLEAN NOT NULL,
    status_at BIGINT,
    area TEXT,
    attrs TEXT NOT NULL,
    seq BIGINT NOT NULL,
    master_at BIGINT,
    master_version INTEGER NOT NULL,
    PRIMARY KEY (timeline, id)
);

CREATE INDEX ix_site_seq ON site (timeline, seq);

CREATE TABLE feed (
    timeline TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT NOT NULL,
    rhythm_s DOUBLE,
    areas BOOLEAN NOT NULL,
    simulated BOOLEAN NOT NULL,
    last_at BIGINT,
    last_received_at BIGINT,
    accepted BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    master_at BIGINT,
    master_version INTEGER NOT NULL,
    PRIMARY KEY (timeline, id)
);

CREATE TABLE contact (
    timeline TEXT NOT NULL,
    area TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (timeline, area)
);

CREATE TABLE level (
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (position)
);

CREATE TABLE area (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT NOT NULL,
    level TEXT NOT NULL,
    parent TEXT,
    attrs TEXT NOT NULL,
    geom BLOB NOT NULL,
    PRIMARY KEY (code)
);

CREATE TABLE basemap (
    layer TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (layer)
);

CREATE TABLE dead_letter (
    id INTEGER NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    body BLOB NOT NULL,
    size INTEGER NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX ix_dead_letter_size ON dead_letter (id, size);

CREATE INDEX ix_dead_letter_reason ON dead_letter (source, reason, id);

CREATE TABLE dead_letter_count (
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (source, reason)
);

INSERT INTO log_head (id, seq, region) VALUES (1, 0, 0);
