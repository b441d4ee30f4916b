-- What was ordered of a kiosk: numbers are contiguous from 1 for each, and a number's text never changes.
CREATE TABLE commands (
    kiosk     TEXT    NOT NULL REFERENCES kiosks (id),
    number    INTEGER NOT NULL CHECK (number >= 1),
    command   TEXT    NOT NULL,
    signature TEXT    NOT NULL,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (kiosk, number)
) STRICT, WITHOUT ROWID;
