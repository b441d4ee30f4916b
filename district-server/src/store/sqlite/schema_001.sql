-- Schema 1. Frozen: a change is a new file.
CREATE TABLE kiosks (
    id            TEXT PRIMARY KEY,
    hall          TEXT NOT NULL,
    public_key    BLOB NOT NULL,
    revoked       INTEGER NOT NULL DEFAULT 0,
    last_heard_ms INTEGER NOT NULL DEFAULT 0,
    events        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE enrol_tokens (
    hash       BLOB PRIMARY KEY,
    kiosk      TEXT NOT NULL,
    hall       TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    used_by    BLOB
) STRICT, WITHOUT ROWID;

-- One row for each (kiosk, epoch): the lock and the memory of what was accepted.
CREATE TABLE cursors (
    kiosk       TEXT NOT NULL,
    epoch       TEXT NOT NULL,
    next_seq    INTEGER NOT NULL,
    quarantined INTEGER,
    PRIMARY KEY (kiosk, epoch)
) STRICT, WITHOUT ROWID;

-- Raw events: every figure on a page is computed from these.
CREATE TABLE events (
    row         INTEGER PRIMARY KEY AUTOINCREMENT,
    kiosk       TEXT NOT NULL,
    epoch       TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    chain       BLOB NOT NULL,
    type        TEXT NOT NULL,
    hall        TEXT NOT NULL,
    day         TEXT NOT NULL,
    kiosk_ms    INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    bad         TEXT,
    raw         TEXT NOT NULL,
    UNIQUE (kiosk, epoch, seq)
) STRICT;
CREATE INDEX events_by_day ON events (day, hall, row);

-- Which event is a kiosk's newest word on a subject.
CREATE TABLE newest (
    kiosk   TEXT NOT NULL,
    subject TEXT NOT NULL,
    row     INTEGER NOT NULL,
    PRIMARY KEY (kiosk, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarms (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms  INTEGER NOT NULL,
    kiosk  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE TABLE dossiers (
    code           BLOB PRIMARY KEY,
    phone          BLOB,
    procedure_code TEXT,
    procedure_name TEXT,
    status_number  INTEGER,
    status_word    TEXT NOT NULL,
    channel        INTEGER,
    received       TEXT,
    due            TEXT,
    due_again      TEXT,
    unit           TEXT,
    as_of_ms       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('leader', 'officer')),
    hall TEXT,
    code BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
