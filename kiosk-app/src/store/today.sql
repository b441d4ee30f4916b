-- Brings the day's copy (main) up to date with the hall's database (src). Only what changed is written.

DELETE FROM main.hall;
INSERT INTO main.hall SELECT * FROM src.hall;

DELETE FROM main.series WHERE day IS NOT (SELECT day FROM src.hall);
INSERT OR REPLACE INTO main.series
    SELECT * FROM src.series WHERE day IS (SELECT day FROM src.hall) EXCEPT SELECT * FROM main.series;

DELETE FROM main.ticket WHERE (day, series, ordinal) NOT IN (
    SELECT day, series, ordinal FROM src.ticket
    WHERE day IS (SELECT day FROM src.hall) OR state IN ('waiting', 'called', 'serving', 'on_hold'));
INSERT OR REPLACE INTO main.ticket
    SELECT * FROM src.ticket
    WHERE day IS (SELECT day FROM src.hall) OR state IN ('waiting', 'called', 'serving', 'on_hold')
    EXCEPT SELECT * FROM main.ticket;

DELETE FROM main.print_ledger WHERE job NOT IN (
    SELECT job FROM src.print_ledger WHERE outcome IS NULL OR day IS (SELECT day FROM src.hall));
INSERT OR REPLACE INTO main.print_ledger
    SELECT * FROM src.print_ledger WHERE outcome IS NULL OR day IS (SELECT day FROM src.hall)
    EXCEPT SELECT * FROM main.print_ledger;

INSERT OR REPLACE INTO main.counter SELECT * FROM src.counter EXCEPT SELECT * FROM main.counter;

DELETE FROM main.rating WHERE day IS NOT (SELECT day FROM src.hall);
INSERT OR REPLACE INTO main.rating
    SELECT * FROM src.rating WHERE day IS (SELECT day FROM src.hall) EXCEPT SELECT * FROM main.rating;

DELETE FROM main.update_told;
INSERT INTO main.update_told SELECT * FROM src.update_told;

DELETE FROM main.lost_number;
INSERT INTO main.lost_number SELECT * FROM src.lost_number;

DELETE FROM main.epoch WHERE position NOT IN (SELECT position FROM src.epoch);
INSERT OR REPLACE INTO main.epoch SELECT * FROM src.epoch EXCEPT SELECT * FROM main.epoch;

-- What is not sent; a row that a move took away is gone here too.
DELETE FROM main.outbox WHERE NOT EXISTS (
    SELECT 1 FROM src.outbox kept JOIN src.epoch USING (position)
    WHERE kept.position = main.outbox.position AND kept.seq = main.outbox.seq AND kept.seq >= acknowledged);
INSERT OR IGNORE INTO main.outbox
    SELECT unsent.* FROM src.epoch JOIN src.outbox unsent USING (position) WHERE seq >= acknowledged;
