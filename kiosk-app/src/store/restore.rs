//! The hall read back from its rows.

use kiosk_core::effect::{CounterState, Rating};
use kiosk_core::id::{AreaId, CounterId, ErrandId, JobId, PressId, PriorityId};
use kiosk_core::restored::Restored;
use kiosk_core::ticket::{Ticket, TicketId, TicketNumber};
use kiosk_core::time::{BusinessDay, Wall};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::StoreError;
use super::records::int;
use super::words;

type Rows<T> = Result<Vec<T>, StoreError>;

const TICKET_COLUMNS: &str = "day, series, ordinal, number, errand, area, only_counter, priority, state, state_counter, \
     paper, job, issued_ms, issued_trusted, issue_order, place, overtaken, called_ms, called_trusted, \
     served_ms, served_trusted, reentered";

/// Everything the rules need to go on where they stopped.
pub(super) fn restored(connection: &Connection) -> Result<Restored, StoreError> {
    let (day, next_job, next_issue_order, clean, restored_day) = connection
        .query_row("SELECT day, next_job, next_issue_order, clean, restored_day FROM hall", [], |row| {
            let (day, restored_day): (Option<i32>, Option<i32>) = (row.get(0)?, row.get(4)?);
            Ok((day, unsigned(row, 1)?, unsigned(row, 2)?, row.get::<_, bool>(3)?, restored_day))
        })
        .map_err(StoreError::sqlite("read the hall"))?;
    // A counter that a flipped bit set back must not lead into the orders that tickets have.
    let (next_job, next_issue_order) = connection
        .query_row(
            "SELECT max(?1, coalesce((SELECT max(job) FROM print_ledger), 0) + 1),
                    max(?2, coalesce((SELECT max(issue_order) FROM ticket), 0) + 1)",
            params![int(next_job), int(next_issue_order)],
            |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)),
        )
        .map_err(StoreError::sqlite("read the highest orders"))?;
    Ok(Restored {
        day: day.map(BusinessDay),
        tickets: tickets(connection, day)?,
        burnt: burnt(connection, day)?,
        counters: counters(connection)?,
        ratings: ratings(connection, day)?,
        jobs_in_doubt: jobs_in_doubt(connection)?,
        next_job,
        next_issue_order,
        unclean: !clean,
        from_copy: false,
        restored_day: restored_day.map(BusinessDay),
        lost: lost(connection, day)?,
        update_told: update_told(connection)?,
    })
}

fn update_told(connection: &Connection) -> Result<Option<String>, StoreError> {
    connection
        .query_row("SELECT outcome FROM update_told", [], |row| row.get(0))
        .optional()
        .map_err(StoreError::sqlite("read the outcome of an update"))
}

/// One ticket as it is stored.
pub(super) fn ticket(connection: &Connection, id: &TicketId) -> Result<Option<Ticket>, StoreError> {
    connection
        .prepare(&format!(
            "SELECT {TICKET_COLUMNS} FROM ticket WHERE day = ?1 AND series = ?2 AND ordinal = ?3"
        ))
        .and_then(|mut statement| {
            statement
                .query_row(params![id.day.0, id.series.as_str(), id.ordinal], |row| Ok(read_ticket(row)))
                .optional()
        })
        .map_err(StoreError::sqlite("read a ticket"))?
        .transpose()
}

/// The day's tickets, and those of earlier days that are still open.
fn tickets(connection: &Connection, day: Option<i32>) -> Rows<Ticket> {
    connection
        .prepare(&format!(
            "SELECT {TICKET_COLUMNS} FROM ticket
             WHERE day = ?1 OR state IN ('waiting', 'called', 'serving', 'on_hold') ORDER BY issue_order"
        ))
        .and_then(|mut statement| {
            statement.query_map([day], |row| Ok(read_ticket(row)))?.collect::<Result<Vec<_>, _>>()
        })
        .map_err(StoreError::sqlite("read the tickets"))?
        .into_iter()
        .collect()
}

/// The day's tickets of a damaged database, in one order or the other, up to the first row that cannot be read.
pub(super) fn readable_tickets(connection: &Connection, day: i32, order: &'static str) -> Vec<Ticket> {
    let select = format!(
        "SELECT {TICKET_COLUMNS} FROM ticket WHERE day = ?1 ORDER BY day {order}, series {order}, ordinal {order}"
    );
    let Ok(mut statement) = connection.prepare(&select) else {
        return Vec::new();
    };
    match statement.query_map([day], |row| Ok(read_ticket(row))) {
        Ok(rows) => rows.map_while(Result::ok).filter_map(Result::ok).collect(),
        Err(_) => Vec::new(),
    }
}

fn read_ticket(row: &Row<'_>) -> Result<Ticket, StoreError> {
    fn columns(row: &Row<'_>) -> rusqlite::Result<(Ticket, String, Option<u8>, String)> {
        let ticket = Ticket {
            id: ticket_id(row, 0)?,
            number: TicketNumber(row.get(3)?),
            errand: ErrandId::new(row.get::<_, String>(4)?),
            area: AreaId::new(row.get::<_, String>(5)?),
            only_counter: row.get::<_, Option<u8>>(6)?.map(CounterId),
            priority: row.get::<_, Option<String>>(7)?.map(PriorityId::new),
            state: kiosk_core::ticket::TicketState::Waiting,
            paper: kiosk_core::ticket::Paper::Allocated,
            job: JobId(unsigned(row, 11)?),
            issued_at: Wall { unix_ms: row.get(12)?, trusted: row.get(13)? },
            issue_order: unsigned(row, 14)?,
            place: unsigned(row, 15)?,
            overtaken: row.get(16)?,
            called_at: wall(row, 17)?,
            served_at: wall(row, 19)?,
            reentered: row.get(21)?,
        };
        Ok((ticket, row.get(8)?, row.get(9)?, row.get(10)?))
    }
    let (ticket, state, counter, paper) = columns(row).map_err(StoreError::sqlite("read a ticket"))?;
    Ok(Ticket { state: words::to_state(&state, counter)?, paper: words::to_paper(&paper)?, ..ticket })
}

fn burnt(connection: &Connection, day: Option<i32>) -> Rows<(AreaId, u32)> {
    connection
        .prepare(
            "SELECT series, max(burnt) FROM
                 (SELECT series, burnt FROM series WHERE day = ?1
                  UNION ALL SELECT series, max(ordinal) FROM ticket WHERE day = ?1 GROUP BY series)
             GROUP BY series ORDER BY series",
        )
        .and_then(|mut statement| {
            statement
                .query_map([day], |row| Ok((AreaId::new(row.get::<_, String>(0)?), row.get(1)?)))?
                .collect()
        })
        .map_err(StoreError::sqlite("read the series"))
}

fn lost(connection: &Connection, day: Option<i32>) -> Rows<(AreaId, u32, u32)> {
    connection
        .prepare("SELECT series, from_ordinal, to_ordinal FROM lost_number WHERE day = ?1 ORDER BY series, from_ordinal")
        .and_then(|mut statement| {
            let read = |row: &Row<'_>| Ok((AreaId::new(row.get::<_, String>(0)?), row.get(1)?, row.get(2)?));
            statement.query_map([day], read)?.collect()
        })
        .map_err(StoreError::sqlite("read the lost numbers"))
}

fn counters(connection: &Connection) -> Rows<(CounterId, CounterState, Option<PressId>)> {
    type Stored = (u8, String, Option<String>, Option<[u8; 16]>);
    let rows: Vec<Stored> = connection
        .prepare("SELECT counter, state, pause_reason, last_press FROM counter ORDER BY counter")
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
        })
        .map_err(StoreError::sqlite("read the counters"))?;
    rows.into_iter()
        .map(|(counter, word, reason, press)| {
            let press = press.map(|bytes| PressId(u128::from_be_bytes(bytes)));
            Ok((CounterId(counter), words::to_counter(&word, reason)?, press))
        })
        .collect()
}

fn ratings(connection: &Connection, day: Option<i32>) -> Rows<Rating> {
    connection
        .prepare(
            "SELECT day, series, ordinal, counter, scale, key, at_ms, at_trusted FROM rating
             WHERE day = ?1 ORDER BY series, ordinal",
        )
        .and_then(|mut statement| {
            let read = |row: &Row<'_>| {
                Ok(Rating {
                    ticket: ticket_id(row, 0)?,
                    counter: CounterId(row.get(3)?),
                    scale: row.get(4)?,
                    key: row.get(5)?,
                    at: Wall { unix_ms: row.get(6)?, trusted: row.get(7)? },
                })
            };
            statement.query_map([day], read)?.collect()
        })
        .map_err(StoreError::sqlite("read the ratings"))
}

fn jobs_in_doubt(connection: &Connection) -> Rows<(JobId, Option<TicketId>)> {
    connection
        .prepare("SELECT day, series, ordinal, job FROM print_ledger WHERE outcome IS NULL ORDER BY job")
        .and_then(|mut statement| {
            let read = |row: &Row<'_>| {
                let ticket = row.get::<_, Option<i32>>(0)?.map(|_| ticket_id(row, 0)).transpose()?;
                Ok((JobId(unsigned(row, 3)?), ticket))
            };
            statement.query_map([], read)?.collect()
        })
        .map_err(StoreError::sqlite("read the print ledger"))
}

/// Day, series and ordinal from three columns in a row.
fn ticket_id(row: &Row<'_>, first: usize) -> rusqlite::Result<TicketId> {
    Ok(TicketId {
        day: BusinessDay(row.get(first)?),
        series: AreaId::new(row.get::<_, String>(first + 1)?),
        ordinal: row.get(first + 2)?,
    })
}

fn wall(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Wall>> {
    Ok(match (row.get(first)?, row.get(first + 1)?) {
        (Some(unix_ms), Some(trusted)) => Some(Wall { unix_ms, trusted }),
        (None, _) | (_, None) => None,
    })
}

/// A count; no version writes a negative one.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}
