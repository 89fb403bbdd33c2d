-- The first schema of the server store. Frozen: a change is a new revision.

CREATE EXTENSION IF NOT EXISTS postgis;

CREATE TABLE log_head (
    id INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    region BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE record (
    seq BIGINT NOT NULL,
    timeline TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    cell BIGINT,
    area TEXT,
    incident TEXT,
    payload JSONB NOT NULL,
    geom geometry(POINT,4326),
    PRIMARY KEY (seq, received_at)
)
 PARTITION BY RANGE (received_at);

CREATE INDEX ix_record_incident ON record (incident);

CREATE INDEX ix_record_at ON record (at);

CREATE INDEX idx_record_geom ON record USING gist (geom);

CREATE INDEX ix_record_area ON record (area);

CREATE INDEX ix_record_cell ON record (cell);

CREATE TABLE track (
    seq BIGINT NOT NULL,
    timeline TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    unit TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    cell BIGINT,
    area TEXT,
    speed_kmh DOUBLE PRECISION,
    bearing DOUBLE PRECISION,
    geom geometry(POINT,4326),
    PRIMARY KEY (seq, at)
)
 PARTITION BY RANGE (at);

CREATE INDEX idx_track_geom ON track USING gist (geom);

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
);

CREATE INDEX ix_record_key_incident ON record_key (timeline, incident) WHERE incident IS NOT NULL;

CREATE TABLE incident (
    timeline TEXT NOT NULL,
    id TEXT NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE,
    dispatched_at TIMESTAMP WITH TIME ZONE,
    arrived_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    category TEXT NOT NULL,
    severity INTEGER NOT NULL,
    title TEXT NOT NULL,
    title_en TEXT NOT NULL,
    address TEXT NOT NULL,
    source TEXT NOT NULL,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    cell BIGINT,
    area TEXT,
    units JSONB NOT NULL,
    rows INTEGER NOT NULL,
    last_actor TEXT NOT NULL,
    seq BIGINT NOT NULL,
    lead_at TIMESTAMP WITH TIME ZONE,
    lead_source TEXT,
    lead_id TEXT,
    point_at TIMESTAMP WITH TIME ZONE,
    point_source TEXT,
    point_id TEXT,
    cmd_dispatched_at TIMESTAMP WITH TIME ZONE,
    cmd_arrived_at TIMESTAMP WITH TIME ZONE,
    cmd_closed_at TIMESTAMP WITH TIME ZONE,
    cmd_units JSONB NOT NULL,
    actor_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (timeline, id)
);

CREATE INDEX ix_incident_seq ON incident (timeline, seq);

CREATE TABLE unit (
    timeline TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT NOT NULL,
    kind TEXT NOT NULL,
    skills JSONB NOT NULL,
    duty_area TEXT,
    status TEXT NOT NULL,
    status_at TIMESTAMP WITH TIME ZONE,
    status_actor TEXT NOT NULL,
    incident TEXT,
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    position_at TIMESTAMP WITH TIME ZONE,
    bearing DOUBLE PRECISION,
    simulated BOOLEAN NOT NULL,
    seq BIGINT NOT NULL,
    master_at TIMESTAMP WITH TIME ZONE,
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
    lon DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    bearing DOUBLE PRECISION,
    fov DOUBLE PRECISION,
    online BOOLEAN NOT NULL,
    status_at TIMESTAMP WITH TIME ZONE,
    area TEXT,
    attrs JSONB NOT NULL,
    seq BIGINT NOT NULL,
    master_at TIMESTAMP WITH TIME ZONE,
    master_version INTEGER NOT NULL,
    PRIMARY KEY (timeline, id)
);

CREATE INDEX ix_site_seq ON site (timeline, seq);

CREATE TABLE feed (
    timeline TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT NOT NULL,
    rhythm_s DOUBLE PRECISION,
    areas BOOLEAN NOT NULL,
    simulated BOOLEAN NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE,
    last_received_at TIMESTAMP WITH TIME ZONE,
    accepted BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    master_at TIMESTAMP WITH TIME ZONE,
    master_version INTEGER NOT NULL,
    PRIMARY KEY (timeline, id)
);

CREATE TABLE contact (
    timeline TEXT NOT NULL,
    area TEXT NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
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
    attrs JSONB NOT NULL,
    geom geometry(GEOMETRY,4326) NOT NULL,
    PRIMARY KEY (code)
);

CREATE INDEX idx_area_geom ON area USING gist (geom);

CREATE TABLE basemap (
    layer TEXT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (layer)
);

CREATE TABLE dead_letter (
    id BIGSERIAL NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    body BYTEA NOT NULL,
    size INTEGER NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX ix_dead_letter_reason ON dead_letter (source, reason, id);

CREATE INDEX ix_dead_letter_size ON dead_letter (id, size);

CREATE TABLE dead_letter_count (
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (source, reason)
);

CREATE TABLE track_default PARTITION OF track DEFAULT;

INSERT INTO log_head (id, seq, region) VALUES (1, 0, 0);
