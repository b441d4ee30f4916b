//! Figures of a built kiosk: cold start to first page, last touch to first printer byte, resident memory.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::clock::{self, Stopwatch};
use crate::rig::{Hall, Plan, RigError, at};
use crate::say::say;

const STARTS: usize = 10;
const TICKETS: usize = 40;
/// A heartbeat is a few bytes; a ticket's first band is hundreds.
const MORE_THAN_A_HEARTBEAT: u64 = 64;
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than the pages refuse touches after a change, so that every touch of ours counts.
const THOUGHT: Duration = Duration::from_millis(900);

/// What was measured, in milliseconds and KiB.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Process start to the first page drawn and the hall service answering.
    pub cold_start_ms: Quantiles,
    /// The touch that asks for the number to the printer's first bytes of it, with the touch's own way to the screen.
    pub tap_to_first_byte_ms: Quantiles,
    /// The kiosk's resident memory after the last ticket.
    pub resident_kib: u64,
    /// Whether the programs were built with optimisation.
    pub optimised: bool,
}

/// A sample's median, 99th percentile and size.
#[derive(Clone, Debug, Serialize)]
pub struct Quantiles {
    /// Median.
    pub p50: f64,
    /// 99th percentile; of a small sample the largest value.
    pub p99: f64,
    /// How many were measured.
    pub samples: usize,
}

impl Quantiles {
    fn of(mut sample: Vec<Duration>) -> Self {
        sample.sort_unstable();
        let at = |percent: usize| {
            let index = (sample.len() * percent).div_ceil(100).saturating_sub(1);
            sample.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        Self { p50: at(50), p99: at(99), samples: sample.len() }
    }
}

/// Measures and writes `kiosk.json` into `out`.
///
/// # Errors
/// When a hall cannot be set up or does not do what it is measured at.
pub fn run(out: &Path) -> Result<Figures, RigError> {
    fs::create_dir_all(out).map_err(at(out))?;
    let folder = out.join("work");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(at(&folder))?;
    }
    let mut hall = Hall::set_up(&folder, Plan::default())?;
    say("bench: starting the kiosk again and again");
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let watch = Stopwatch::start();
        hall.start_kiosk()?;
        starts.push(watch.elapsed());
        hall.stop_kiosk()?;
    }
    hall.start_kiosk()?;
    hall.wait_printer_ready()?;
    say("bench: taking numbers");
    let mut taps = Vec::new();
    for _ in 0..TICKETS {
        taps.push(tap_to_first_byte(&hall)?);
    }
    let figures = Figures {
        cold_start_ms: Quantiles::of(starts),
        tap_to_first_byte_ms: Quantiles::of(taps),
        resident_kib: hall.kiosk_pid().map_or(0, resident_kib),
        optimised: !cfg!(debug_assertions),
    };
    hall.stop_kiosk()?;
    let path = out.join("kiosk.json");
    let text = serde_json::to_string_pretty(&figures).unwrap_or_default();
    fs::write(&path, &text).map_err(at(&path))?;
    say(&text);
    Ok(figures)
}

/// From the touch that asks for a number to the first bytes of its ticket at the printer.
fn tap_to_first_byte(hall: &Hall) -> Result<Duration, RigError> {
    let screen = hall.screen();
    for (label, page) in [("Lấy số thứ tự", "errands"), ("Nộp hồ sơ", "areas"), ("Chứng thực", "priorities")]
    {
        screen.tap(label)?;
        screen.wait(page, PATIENCE)?;
        clock::pass(THOUGHT);
    }
    let before = hall.printer.with(|printer| printer.received_bytes());
    let tickets = hall.printer.with(|printer| printer.ticket_count());
    let watch = Stopwatch::start();
    screen.tap("Không thuộc diện ưu tiên")?;
    let arrived = hall
        .printer
        .wait_until(PATIENCE, |printer| printer.received_bytes() > before + MORE_THAN_A_HEARTBEAT);
    let time = watch.elapsed();
    if !arrived {
        return Err(clock::TooLate { what: "the printer's first bytes".to_owned(), timeout: PATIENCE }.into());
    }
    screen.wait("taken", PATIENCE)?;
    if !hall.printer.wait_for_tickets(tickets + 1, PATIENCE) {
        return Err(clock::TooLate { what: "the cut ticket".to_owned(), timeout: PATIENCE }.into());
    }
    clock::pass(THOUGHT);
    screen.tap("Xong")?;
    screen.wait("home", PATIENCE)?;
    clock::pass(THOUGHT);
    Ok(time)
}

fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_sample_are_of_its_own_values() {
        let sample = (1..=200).map(Duration::from_millis).collect();
        let quantiles = Quantiles::of(sample);
        assert_eq!((quantiles.p50, quantiles.p99, quantiles.samples), (100.0, 198.0, 200));
        assert_eq!(Quantiles::of(Vec::new()).p99, 0.0);
    }
}
