-- The oldest schema whose program may still open this database: what a later step adds, it passes over. From here on a step
-- only makes new tables, because copies take the older ones over column by column; one that must do more raises this number.
CREATE TABLE reader (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    oldest INTEGER NOT NULL CHECK (oldest >= 1)
) STRICT;
INSERT INTO reader VALUES (1, 3);

-- The outcome of an update that the district was last told of.
CREATE TABLE update_told (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    outcome TEXT NOT NULL
) STRICT;
