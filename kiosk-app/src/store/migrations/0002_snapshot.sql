-- The kiosk's own copy of dossier statuses, asked when the server is out of reach. Keyed by an HMAC of the code: the
-- code itself is nowhere.

CREATE TABLE snapshot (
    code_hmac      BLOB PRIMARY KEY CHECK (length(code_hmac) = 32),
    stage          INTEGER NOT NULL CHECK (stage BETWEEN 1 AND 10),
    procedure_code TEXT,
    received_day   INTEGER,
    due_day        INTEGER,
    redue_day      INTEGER,
    unit           TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot_state (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    hmac_key BLOB    NOT NULL CHECK (length(hmac_key) = 32),
    as_of_ms INTEGER NOT NULL
) STRICT;
