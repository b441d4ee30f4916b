//! The demonstration: a hall's morning without a person, and what it leaves behind.

pub mod books;
pub mod page;
pub mod papers;
mod stage;
mod story;
pub mod summary;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use books::{Books, BooksError};
use kiosk_drivers::fake::{FakeTicket, write_png};
use page::Picture;
use papers::{Expected, Paper};
use stage::Stage;
use summary::Summary;

use crate::clock::{self, Stopwatch};
use crate::judge::{self, JudgeError};
use crate::rig::receipts::CANARIES;
use crate::rig::{Hall, Plan, RigError, at};
use crate::say::say;

/// How long the kiosk may take to send what it still holds; its back-off may just have begun a long pause.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(90);

/// Why there is no demonstration, or what it shows to be wrong.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The hall.
    #[error(transparent)]
    Rig(#[from] RigError),
    /// The databases.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// A picture or table cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The list of tickets is not one.
    #[error("{} cannot be read; remedy: make demo", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Something does not add up.
    #[error("{count} things do not add up; they are listed above and in {}", page.display())]
    Faults {
        /// How many.
        count: usize,
        /// The page that shows them.
        page: PathBuf,
    },
    /// The judges disagree.
    #[error("the judges found {0} tickets that cannot be read as they should")]
    Unreadable(usize),
}

/// Something that the morning must have shown.
struct Shown {
    what: &'static str,
    least: usize,
    figure: fn(&Summary) -> usize,
}

const fn shown(what: &'static str, least: usize, figure: fn(&Summary) -> usize) -> Shown {
    Shown { what, least, figure }
}

const SHOWN: [Shown; 11] = [
    shown("numbers issued", 12, |summary| summary.issued),
    shown("numbers served", 9, |summary| summary.served),
    shown("numbers with priority", 2, |summary| summary.priority),
    shown("no-shows", 1, |summary| summary.no_show),
    shown("transfers", 1, |summary| summary.transferred),
    shown("ratings", 4, |summary| summary.ratings),
    shown("prints that failed", 2, |summary| summary.print_failed),
    shown("prints cut off by a kill", 1, |summary| summary.print_unknown),
    shown("copies IN LẠI", 1, |summary| summary.printer.copies),
    shown("look-ups without the server", 1, |summary| summary.lookups.unreachable),
    shown("citizen cards refused", 1, |summary| summary.lookups.citizen_card),
];

/// Plays the morning and leaves everything in `out`, which is emptied first.
///
/// # Errors
/// When the hall cannot be set up or played, and when anything does not add up.
pub fn run(out: &Path) -> Result<(), DemoError> {
    let watch = Stopwatch::start();
    if out.exists() {
        fs::remove_dir_all(out).map_err(at(out))?;
    }
    fs::create_dir_all(out).map_err(at(out))?;
    let folder = tempfile::tempdir().map_err(at(&std::env::temp_dir()))?;
    say("demo: setting up a hall: district server, line, printer, scanner, keypads, kiosk");
    let mut hall = Hall::set_up(folder.path(), Plan::default())?;
    let started = hall.start_kiosk();
    let mut stage = Stage::new(hall, out);
    let played = started.and_then(|()| story::play(&mut stage)).and_then(|()| drain(&mut stage));
    copy_logs(&stage.hall, out)?;
    played?;
    let tickets = stage.hall.printer.tickets();
    let books = Books::read(&stage.hall.kiosk_database(), &stage.hall.server.database())?;
    let tray = papers::tray(&tickets);
    let saw = stage.hall.printer.with(|printer| (printer.longest_command(), printer.unknown_bytes().0));
    let mut summary = summary::add_up(&books, &tray, saw);
    expect_everything(&mut summary);
    look_for_canaries(&stage.hall, &mut summary)?;
    let pictures = lay_out_tickets(out, &stage.hall, &books, (&tickets, &tray))?;
    write_results(out, &stage, &books, &summary, &pictures)?;
    tell_result(out, &summary, watch)
}

/// Waits until the district has everything, then ends the kiosk.
fn drain(stage: &mut Stage) -> Result<(), RigError> {
    let database = stage.hall.kiosk_database();
    clock::until("the kiosk's reports to arrive", DRAIN_TIMEOUT, || {
        (books::unacknowledged(&database).ok()? == 0).then_some(())
    })?;
    stage.hall.stop_kiosk()?;
    stage.tell("The district server has every event; the kiosk is switched off.");
    Ok(())
}

fn expect_everything(summary: &mut Summary) {
    for Shown { what, least, figure } in SHOWN {
        let there = figure(summary);
        if there < least {
            summary.fault(format!("the morning was to show {least} {what}, but there are {there}"));
        }
    }
}

/// Names, addresses and card data were planted; nothing that the project writes may hold them.
fn look_for_canaries(hall: &Hall, summary: &mut Summary) -> Result<(), RigError> {
    let server = hall.server.database();
    let kept = [hall.kiosk_data(), hall.folder().join("log")];
    let mut files = vec![server.clone(), server.with_extension("db-wal")];
    for folder in kept {
        let entries = fs::read_dir(&folder).map_err(at(&folder))?;
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    for file in files.iter().filter(|file| file.is_file()) {
        let bytes = fs::read(file).map_err(at(file))?;
        for canary in CANARIES.iter().chain(&["068199012345"]) {
            if bytes.windows(canary.len()).any(|window| window == canary.as_bytes()) {
                summary.fault(format!("{} holds {canary:?}", file.display()));
            }
        }
    }
    Ok(())
}

fn written(path: &Path) -> impl FnOnce(std::io::Error) -> DemoError + '_ {
    move |source| DemoError::Write { path: path.to_owned(), source }
}

/// One picture a ticket in `tickets/`, everything else that was cut off in `papers/`.
fn lay_out_tickets(
    out: &Path,
    hall: &Hall,
    books: &Books,
    (tickets, tray): (&[FakeTicket], &[Paper]),
) -> Result<Vec<Picture>, DemoError> {
    for folder in ["tickets", "papers"].map(|folder| out.join(folder)) {
        fs::create_dir_all(&folder).map_err(written(&folder))?;
    }
    let names = summary::names(books);
    let (mut expected, mut pictures) = (Vec::new(), Vec::new());
    for (ticket, paper) in tickets.iter().zip(tray) {
        let name = paper.ticket.as_ref().and_then(|key| names.get(key)).zip(paper.link.clone());
        let (file, caption) = match &name {
            Some(((number, _), _)) if paper.marked => {
                (format!("tickets/{:02}-{number}-in-lai.png", paper.piece), format!("{number}, IN LẠI"))
            }
            Some(((number, _), _)) => (format!("tickets/{:02}-{number}.png", paper.piece), number.clone()),
            None => (
                format!("papers/{:02}.png", paper.piece),
                "No ticket: a slip, or what an interrupted job left".to_owned(),
            ),
        };
        let path = out.join(&file);
        write_png(&ticket.image, &path).map_err(written(&path))?;
        pictures.push(Picture { file: file.clone(), caption });
        if let Some(((number, area), qr)) = name {
            let lines = hall.settings().unit_lines.iter().chain([area]).cloned().collect();
            expected.push(Expected { file, number: number.clone(), qr, lines, marked: paper.marked });
        }
    }
    write_json(&out.join("tickets/index.json"), &expected)?;
    Ok(pictures)
}

fn write_results(
    out: &Path,
    stage: &Stage,
    books: &Books,
    summary: &Summary,
    tickets: &[Picture],
) -> Result<(), DemoError> {
    let events = out.join("events.jsonl");
    let mut file = fs::File::create(&events).map_err(written(&events))?;
    for taken in &books.taken {
        writeln!(file, "{}", taken.raw).map_err(written(&events))?;
    }
    write_json(&out.join("summary.json"), summary)?;
    let page = out.join("index.html");
    let html = page::render(summary, &stage.story, &stage.pictures, tickets);
    fs::write(&page, html).map_err(written(&page))
}

fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), DemoError> {
    let text = serde_json::to_vec_pretty(value).map_err(std::io::Error::from).map_err(written(path))?;
    fs::write(path, text).map_err(written(path))
}

fn copy_logs(hall: &Hall, out: &Path) -> Result<(), DemoError> {
    let logs = out.join("logs");
    fs::create_dir_all(&logs).map_err(written(&logs))?;
    for log in [hall.kiosk_log(), hall.server.log().to_owned()] {
        if let Some(name) = log.file_name().filter(|_| log.is_file()) {
            fs::copy(&log, logs.join(name)).map_err(written(&logs))?;
        }
    }
    Ok(())
}

fn tell_result(out: &Path, summary: &Summary, watch: Stopwatch) -> Result<(), DemoError> {
    let page = out.join("index.html");
    for (name, figure) in summary.rows() {
        say(&format!("  {name}: {figure}"));
    }
    for fault in &summary.faults {
        say(&format!("  WRONG: {fault}"));
    }
    say(&format!("demo: {} s; see {}", watch.elapsed().as_secs(), page.display()));
    match summary.faults.len() {
        0 => Ok(()),
        count => Err(DemoError::Faults { count, page }),
    }
}

/// Shows every ticket of a demonstration to judges that were not written here.
///
/// # Errors
/// When one cannot read a ticket as it should, or is not installed.
pub fn judge(out: &Path) -> Result<(), DemoError> {
    let index = out.join("tickets/index.json");
    let text = fs::read(&index).map_err(at(&index))?;
    let tickets: Vec<Expected> =
        serde_json::from_slice(&text).map_err(|source| DemoError::Index { path: index.clone(), source })?;
    let mut unreadable = 0;
    for ticket in &tickets {
        let picture = out.join(&ticket.file);
        let lines: Vec<&str> = ticket.lines.iter().map(String::as_str).collect();
        let judged: Result<(), JudgeError> =
            judge::qr(&picture, &ticket.qr).and_then(|()| judge::lines(&picture, &lines));
        if let Err(found) = judged {
            unreadable += 1;
            say(&format!("  WRONG: {found}"));
        }
    }
    say(&format!("judge: {} tickets shown to zbarimg and tesseract, {unreadable} not read", tickets.len()));
    match (tickets.is_empty(), unreadable) {
        (false, 0) => Ok(()),
        (_, unreadable) => Err(DemoError::Unreadable(unreadable)),
    }
}
