//! The kiosk's database as a power cut left it, read on the host from a copy of the card.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use rusqlite::Connection;

use crate::card::Card;
use crate::firmware;
use crate::papers::TicketKey;

/// The data partition.
const DATA: u32 = 7;

/// What the database knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Series and ordinals of its tickets.
    pub tickets: BTreeSet<(String, u32)>,
}

impl Book {
    /// Whether a ticket that was printed is known.
    pub fn has(&self, paper: &TicketKey) -> bool {
        self.tickets.contains(&(paper.series.clone(), paper.ordinal))
    }
}

/// Reads the database on a card: journal replayed by e2fsck, the database's own log by SQLite. The card stays as it is. A card
/// on which the kiosk never ran gives an empty book.
///
/// # Errors
/// When the file system or the database cannot be made whole, or a tool is missing.
pub fn read(card: &Card, work: &Path) -> anyhow::Result<Book> {
    let data = work.join("data.ext4");
    card.copy_out(card.partition(DATA)?, &data)?;
    let checked = Command::new("e2fsck")
        .arg("-fy")
        .arg(&data)
        .output()
        .context("cannot run e2fsck; remedy: apt-get install e2fsprogs")?;
    // 1: errors were corrected, which a replayed journal after a cut may want.
    let well = checked.status.code().is_some_and(|code| code <= 1);
    ensure!(
        well,
        "e2fsck cannot make the data partition whole: {}",
        String::from_utf8_lossy(&checked.stdout)
    );
    let database = work.join("hall.db");
    for suffix in ["", "-wal", "-shm"] {
        let to = work.join(format!("hall.db{suffix}"));
        let _absent = fs::remove_file(&to);
        if suffix != "-shm" {
            let request = format!("dump /kiosk/hall.db{suffix} {}", to.display());
            firmware::run("debugfs", &["-R", &request, &data.to_string_lossy()])?;
        }
    }
    if !database.exists() {
        return Ok(Book::default());
    }
    let connection = Connection::open(&database)?;
    let sound: String = connection.query_row("PRAGMA quick_check", [], |row| row.get(0))?;
    ensure!(sound == "ok", "the database is damaged: {sound}");
    let mut query = connection.prepare("SELECT series, ordinal FROM ticket")?;
    let tickets = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Book { tickets: tickets.collect::<Result<_, _>>()? })
}
