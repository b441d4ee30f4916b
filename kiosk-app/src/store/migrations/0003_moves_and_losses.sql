-- An epoch whose events from seq `cut` on are being written again into the epoch at position `moving_to`.
ALTER TABLE epoch ADD COLUMN moving_to INTEGER;
ALTER TABLE epoch ADD COLUMN cut INTEGER;

-- Numbers that were given out and whose tickets were lost with a damaged database.
CREATE TABLE lost_number (
    day        INTEGER NOT NULL,
    series     TEXT    NOT NULL,
    from_ordinal INTEGER NOT NULL CHECK (from_ordinal >= 0),
    to_ordinal   INTEGER NOT NULL CHECK (to_ordinal >= from_ordinal),
    PRIMARY KEY (day, series, from_ordinal)
) STRICT, WITHOUT ROWID;

-- The day on which a copy last took the place of a damaged database.
ALTER TABLE hall ADD COLUMN restored_day INTEGER;
