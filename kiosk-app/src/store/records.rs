//! Records of the rules written as rows.

use kiosk_core::effect::{CounterState, Rating};
use kiosk_core::event::PrintOutcome;
use kiosk_core::id::{CounterId, JobId, PressId};
use kiosk_core::ticket::{Ticket, TicketId};
use kiosk_core::time::Wall;
use rusqlite::{Connection, params};

use super::error::StoreError;
use super::words;

/// SQLite has signed integers only; no count of a hall comes near their end.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

type Done = Result<(), StoreError>;

/// Inserts the ticket or brings its row up to date. A number that another ticket already has is refused.
pub(super) fn ticket(connection: &Connection, ticket: &Ticket) -> Done {
    let (state, state_counter) = words::of_state(ticket.state);
    let changed = connection
        .prepare(
            "INSERT INTO ticket (day, series, ordinal, number, errand, area, only_counter, priority, state, state_counter,
                paper, job, issued_ms, issued_trusted, issue_order, place, overtaken, called_ms, called_trusted,
                served_ms, served_trusted, reentered)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
             ON CONFLICT (day, series, ordinal) DO UPDATE SET
                number = excluded.number, errand = excluded.errand, area = excluded.area,
                only_counter = excluded.only_counter, priority = excluded.priority, state = excluded.state,
                state_counter = excluded.state_counter, paper = excluded.paper, job = excluded.job,
                issued_ms = excluded.issued_ms, issued_trusted = excluded.issued_trusted, place = excluded.place, overtaken = excluded.overtaken, called_ms = excluded.called_ms,
                called_trusted = excluded.called_trusted, served_ms = excluded.served_ms,
                served_trusted = excluded.served_trusted, reentered = excluded.reentered
             WHERE issue_order = excluded.issue_order",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                ticket.id.day.0,
                ticket.id.series.as_str(),
                ticket.id.ordinal,
                ticket.number.0,
                ticket.errand.as_str(),
                ticket.area.as_str(),
                ticket.only_counter.map(|counter| counter.0),
                ticket.priority.as_ref().map(|priority| priority.as_str()),
                state,
                state_counter,
                words::of_paper(ticket.paper),
                int(ticket.job.0),
                ticket.issued_at.unix_ms,
                ticket.issued_at.trusted,
                int(ticket.issue_order),
                int(ticket.place),
                ticket.overtaken,
                ticket.called_at.map(|at| at.unix_ms),
                ticket.called_at.map(|at| at.trusted),
                ticket.served_at.map(|at| at.unix_ms),
                ticket.served_at.map(|at| at.trusted),
                ticket.reentered,
            ])
        })
        .map_err(StoreError::sqlite("write a ticket"))?;
    if changed == 0 {
        return Err(number_taken(connection, &ticket.id)?);
    }
    raise(connection, "next_issue_order", ticket.issue_order)?;
    raise(connection, "next_job", ticket.job.0)
}

fn number_taken(connection: &Connection, id: &TicketId) -> Result<StoreError, StoreError> {
    let highest = connection
        .query_row(
            "SELECT max(ordinal) FROM ticket WHERE day = ?1 AND series = ?2",
            params![id.day.0, id.series.as_str()],
            |row| row.get::<_, Option<u32>>(0),
        )
        .map_err(StoreError::sqlite("read the highest number"))?
        .unwrap_or(id.ordinal);
    Ok(StoreError::NumberTaken { series: id.series.as_str().to_owned(), ordinal: id.ordinal, highest })
}

/// Keeps a counter of the hall above a number that was given out.
fn raise(connection: &Connection, column: &'static str, given: u64) -> Done {
    connection
        .prepare(&format!("UPDATE hall SET {column} = ?1 WHERE {column} < ?1"))
        .and_then(|mut statement| statement.execute([int(given.saturating_add(1))]))
        .map(|_| ())
        .map_err(StoreError::sqlite("raise a counter"))
}

/// Writes the highest burnt number of a series; it never goes down.
pub(super) fn series(connection: &Connection, series: &str, day: i32, burnt: u32) -> Done {
    connection
        .prepare(
            "INSERT INTO series (day, series, burnt) VALUES (?1, ?2, ?3)
             ON CONFLICT (day, series) DO UPDATE SET burnt = max(burnt, excluded.burnt)",
        )
        .and_then(|mut statement| statement.execute(params![day, series, burnt]))
        .map(|_| ())
        .map_err(StoreError::sqlite("write a series"))
}

/// Writes the business day in force.
pub(super) fn day(connection: &Connection, day: i32) -> Done {
    connection
        .prepare("UPDATE hall SET day = ?1")
        .and_then(|mut statement| statement.execute([day]))
        .map(|_| ())
        .map_err(StoreError::sqlite("write the day"))
}

/// Writes that a print job begins, or how it ended.
pub(super) fn ledger(
    connection: &Connection,
    job: JobId,
    ticket: Option<&TicketId>,
    outcome: Option<&PrintOutcome>,
) -> Done {
    let (word, bytes, trouble) = match outcome.map(words::of_outcome) {
        Some((word, bytes, trouble)) => (Some(word), bytes, trouble),
        None => (None, None, None),
    };
    connection
        .prepare(
            "INSERT INTO print_ledger (job, day, series, ordinal, outcome, bytes, trouble)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (job) DO UPDATE SET
                outcome = excluded.outcome, bytes = excluded.bytes, trouble = excluded.trouble",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                int(job.0),
                ticket.map(|id| id.day.0),
                ticket.map(|id| id.series.as_str()),
                ticket.map(|id| id.ordinal),
                word,
                bytes.map(int),
                trouble,
            ])
        })
        .map_err(StoreError::sqlite("write the print ledger"))?;
    raise(connection, "next_job", job.0)
}

/// Writes a counter's state and the last press it acted on.
pub(super) fn counter(
    connection: &Connection,
    counter: CounterId,
    state: &CounterState,
    last_press: Option<PressId>,
) -> Done {
    let (word, reason) = words::of_counter(state);
    connection
        .prepare(
            "INSERT INTO counter (counter, state, pause_reason, last_press) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (counter) DO UPDATE SET
                state = excluded.state, pause_reason = excluded.pause_reason, last_press = excluded.last_press",
        )
        .and_then(|mut statement| {
            let press = last_press.map(|press| press.0.to_be_bytes());
            statement.execute(params![counter.0, word, reason, press])
        })
        .map(|_| ())
        .map_err(StoreError::sqlite("write a counter"))
}

/// Writes a ticket's one rating; a changed one takes its place.
pub(super) fn rating(connection: &Connection, rating: &Rating) -> Done {
    let TicketId { day, series, ordinal } = &rating.ticket;
    let Wall { unix_ms, trusted } = rating.at;
    connection
        .prepare(
            "INSERT OR REPLACE INTO rating (day, series, ordinal, counter, scale, key, at_ms, at_trusted)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                day.0,
                series.as_str(),
                ordinal,
                rating.counter.0,
                rating.scale,
                rating.key,
                unix_ms,
                trusted
            ])
        })
        .map(|_| ())
        .map_err(StoreError::sqlite("write a rating"))
}

/// Writes which outcome of an update the district was last told of.
pub(super) fn update_told(connection: &Connection, key: &str) -> Done {
    connection
        .execute("INSERT OR REPLACE INTO update_told (id, outcome) VALUES (1, ?1)", [key])
        .map(|_| ())
        .map_err(StoreError::sqlite("write the outcome of an update"))
}
