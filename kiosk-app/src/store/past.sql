-- Lays what the day's copy does not hold under it (main), from a whole copy (past): events that a server restored from an old
-- backup may ask for again, and the days before.

INSERT OR IGNORE INTO main.outbox
    SELECT sent.* FROM past.outbox sent
    JOIN past.epoch was ON was.position = sent.position
    JOIN main.epoch now ON now.position = was.position AND now.epoch = was.epoch
    WHERE sent.seq < now.acknowledged;
INSERT OR IGNORE INTO main.ticket
    SELECT * FROM past.ticket
    WHERE day < (SELECT day FROM main.hall) AND state NOT IN ('waiting', 'called', 'serving', 'on_hold');
INSERT OR IGNORE INTO main.rating SELECT * FROM past.rating WHERE day < (SELECT day FROM main.hall);
INSERT OR IGNORE INTO main.print_ledger SELECT * FROM past.print_ledger WHERE outcome IS NOT NULL;
