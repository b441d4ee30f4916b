//! The highest burnt numbers in a small text file beside the database, for the day the database is lost.
//!
//! ```text
//! burnt 1                 form
//! day 20778
//! next_job 14
//! next_issue_order 13
//! series 12 ho-tich       one line a series
//! sum 5f0c..              SHA-256 of all above, hex
//! ```
//! Written after the commit, without waiting for the disk: the promise is the database's, this is the second net, and
//! what it may lack the guard band covers.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::restore::unsigned;

const NAME: &str = "burnt.txt";

/// What the side file knows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Burnt {
    pub(super) day: i32,
    pub(super) next_job: u64,
    pub(super) next_issue_order: u64,
    pub(super) burnt: Vec<(String, u32)>,
}

/// Writes what the database has committed. A failure is told in the log and changes nothing else.
pub(super) fn write(connection: &Connection, folder: &Path) {
    let text = match committed(connection) {
        Ok(Some(burnt)) => burnt.to_text(),
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(%error, "side-file-unwritten: numbers cannot be read");
            return;
        }
    };
    let (beside, path) = (folder.join("burnt.new"), folder.join(NAME));
    if let Err(error) = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path)) {
        tracing::warn!(%error, "side-file-unwritten");
    }
}

/// Reads it; `None` when there is none or it is not whole.
pub(super) fn read(folder: &Path) -> Option<Burnt> {
    Burnt::from_text(&fs::read_to_string(folder.join(NAME)).ok()?)
}

fn committed(connection: &Connection) -> rusqlite::Result<Option<Burnt>> {
    let (day, next_job, next_issue_order): (Option<i32>, _, _) =
        connection.query_row("SELECT day, next_job, next_issue_order FROM hall", [], |row| {
            Ok((row.get(0)?, unsigned(row, 1)?, unsigned(row, 2)?))
        })?;
    let Some(day) = day else {
        return Ok(None);
    };
    let burnt = connection
        .prepare("SELECT series, burnt FROM series WHERE day = ?1 ORDER BY series")?
        .query_map([day], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(Some(Burnt { day, next_job, next_issue_order, burnt }))
}

impl Burnt {
    fn to_text(&self) -> String {
        let Self { day, next_job, next_issue_order, burnt } = self;
        let mut text =
            format!("burnt 1\nday {day}\nnext_job {next_job}\nnext_issue_order {next_issue_order}\n");
        for (series, burnt) in burnt {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "series {burnt} {series}");
        }
        let sum = sum(&text);
        text + "sum " + &sum + "\n"
    }

    fn from_text(text: &str) -> Option<Self> {
        let (body, last) = text.split_at(text.find("\nsum ")? + 1);
        if last != format!("sum {}\n", sum(body)) {
            return None;
        }
        let mut lines = body.lines();
        if lines.next()? != "burnt 1" {
            return None;
        }
        Some(Self {
            day: lines.next()?.strip_prefix("day ")?.parse().ok()?,
            next_job: lines.next()?.strip_prefix("next_job ")?.parse().ok()?,
            next_issue_order: lines.next()?.strip_prefix("next_issue_order ")?.parse().ok()?,
            burnt: lines
                .map(|line| {
                    let (burnt, series) = line.strip_prefix("series ")?.split_once(' ')?;
                    Some((series.to_owned(), burnt.parse().ok()?))
                })
                .collect::<Option<_>>()?,
        })
    }
}

fn sum(text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text).into();
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_anything_torn_is_not() {
        let known = Burnt {
            day: 20_778,
            next_job: 14,
            next_issue_order: 13,
            burnt: vec![("chung-thuc".to_owned(), 3), ("ho-tich".to_owned(), 12)],
        };
        let text = known.to_text();
        assert_eq!(Burnt::from_text(&text), Some(known));
        for end in 0..text.len() {
            assert_eq!(Burnt::from_text(&text[..end]), None, "cut at {end}");
        }
        assert_eq!(Burnt::from_text(&text.replace("series 12", "series 11")), None);
    }
}
