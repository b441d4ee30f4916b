-- A database as version 1 left it: dumped once, never edited.

CREATE TABLE hall (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    day              INTEGER,
    next_job         INTEGER NOT NULL CHECK (next_job >= 1),
    next_issue_order INTEGER NOT NULL CHECK (next_issue_order >= 1),
    clean            INTEGER NOT NULL CHECK (clean IN (0, 1))
) STRICT;

CREATE TABLE series (
    day    INTEGER NOT NULL,
    series TEXT    NOT NULL,
    burnt  INTEGER NOT NULL CHECK (burnt >= 0),
    PRIMARY KEY (day, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE ticket (
    day            INTEGER NOT NULL,
    series         TEXT    NOT NULL,
    ordinal        INTEGER NOT NULL CHECK (ordinal >= 0),
    number         TEXT    NOT NULL,
    errand         TEXT    NOT NULL,
    area           TEXT    NOT NULL,
    only_counter   INTEGER,
    priority       TEXT,
    state          TEXT    NOT NULL CHECK (state IN ('waiting', 'called', 'serving', 'on_hold', 'finished', 'no_show', 'cancelled')),
    state_counter  INTEGER,
    paper          TEXT    NOT NULL CHECK (paper IN ('allocated', 'printing', 'printed', 'failed', 'unknown')),
    job            INTEGER NOT NULL,
    issued_ms      INTEGER NOT NULL,
    issued_trusted INTEGER NOT NULL CHECK (issued_trusted IN (0, 1)),
    issue_order    INTEGER NOT NULL UNIQUE,
    place          INTEGER NOT NULL,
    overtaken      INTEGER NOT NULL,
    called_ms      INTEGER,
    called_trusted INTEGER CHECK (called_trusted IN (0, 1)),
    served_ms      INTEGER,
    served_trusted INTEGER CHECK (served_trusted IN (0, 1)),
    reentered      INTEGER NOT NULL CHECK (reentered IN (0, 1)),
    PRIMARY KEY (day, series, ordinal),
    CHECK ((state_counter IS NULL) = (state IN ('waiting', 'cancelled')))
) STRICT, WITHOUT ROWID;

CREATE INDEX ticket_open ON ticket (state) WHERE state IN ('waiting', 'called', 'serving', 'on_hold');

CREATE TABLE print_ledger (
    job     INTEGER PRIMARY KEY,
    day     INTEGER,
    series  TEXT,
    ordinal INTEGER,
    outcome TEXT CHECK (outcome IN ('printed', 'not_printed', 'unknown')),
    bytes   INTEGER,
    trouble TEXT,
    CHECK ((day IS NULL) = (series IS NULL) AND (day IS NULL) = (ordinal IS NULL))
) STRICT;

CREATE INDEX print_ledger_in_doubt ON print_ledger (job) WHERE outcome IS NULL;

CREATE TABLE counter (
    counter      INTEGER PRIMARY KEY CHECK (counter BETWEEN 0 AND 255),
    state        TEXT NOT NULL CHECK (state IN ('closed', 'open', 'paused')),
    pause_reason TEXT,
    last_press   BLOB CHECK (length(last_press) = 16),
    CHECK ((pause_reason IS NULL) = (state <> 'paused'))
) STRICT;

CREATE TABLE rating (
    day        INTEGER NOT NULL,
    series     TEXT    NOT NULL,
    ordinal    INTEGER NOT NULL,
    counter    INTEGER NOT NULL,
    scale      TEXT    NOT NULL,
    key        INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    at_trusted INTEGER NOT NULL CHECK (at_trusted IN (0, 1)),
    PRIMARY KEY (day, series, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE epoch (
    position     INTEGER PRIMARY KEY,
    epoch        INTEGER NOT NULL UNIQUE,
    next_seq     INTEGER NOT NULL CHECK (next_seq >= 1),
    last_hash    BLOB    NOT NULL CHECK (length(last_hash) = 32),
    acknowledged INTEGER NOT NULL CHECK (acknowledged >= 1)
) STRICT;

CREATE TABLE outbox (
    position        INTEGER NOT NULL,
    seq             INTEGER NOT NULL CHECK (seq >= 1),
    previous        BLOB    NOT NULL CHECK (length(previous) = 32),
    at_ms           INTEGER NOT NULL,
    event           TEXT    NOT NULL,
    parked          INTEGER NOT NULL DEFAULT 0 CHECK (parked IN (0, 1)),
    acknowledged_ms INTEGER,
    PRIMARY KEY (position, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO hall VALUES (1, 20778, 14, 13, 0);
INSERT INTO series VALUES (20778, 'ho-tich', 12);
INSERT INTO ticket VALUES (20778, 'ho-tich', 12, 'A012', 'nop-ho-so', 'ho-tich', NULL, 'nguoi-cao-tuoi', 'called', 3, 'printed', 13, 1795221000000, 1, 12, 12, 0, 1795221060000, 1, NULL, NULL, 0);
INSERT INTO print_ledger VALUES (13, 20778, 'ho-tich', 12, 'printed', NULL, NULL);
INSERT INTO counter VALUES (3, 'open', NULL, x'000102030405060708090a0b0c0d0e0f');
INSERT INTO epoch VALUES (1, 171, 2, zeroblob(32), 1);
INSERT INTO outbox VALUES (1, 1, zeroblob(32), 1795221000000, '{}', 0, NULL);
PRAGMA user_version = 1;
