//! What a demonstration comes to: figures from the two databases and the paper in the tray, and everything in them that
//! does not add up, as sentences.

use std::collections::{BTreeMap, BTreeSet};

use kiosk_core::time::BusinessDay;
use kiosk_protocol::{Body, EventData, LookupOutcome, NumberGap, PrintOutcome, ReadEvent};
use serde::Serialize;

use super::books::{Books, TicketKey, TicketRow};
use super::papers::Paper;
use crate::agreement;

/// The longest command that a printer may get.
const LONGEST_COMMAND: usize = 4096;
/// What the district measures halls by.
const TARGET_SECS: f64 = 900.0;

/// Waits from issue to first call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Waits {
    /// Tickets that were called.
    pub count: usize,
    /// Mean, seconds.
    pub mean_s: f64,
    /// Median, seconds.
    pub median_s: f64,
    /// Nine of ten waited no longer, seconds.
    pub p90_s: f64,
    /// Share that waited 15 minutes or less, 0 to 1.
    pub within_15_min: f64,
}

/// Look-ups by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lookups {
    /// Status shown.
    pub found: usize,
    /// No such dossier.
    pub not_found: usize,
    /// Server out of reach.
    pub unreachable: usize,
    /// Citizen cards, refused.
    pub citizen_card: usize,
    /// Anything else.
    pub other: usize,
}

/// What the fake printer saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Printer {
    /// Pieces cut off.
    pub pieces: usize,
    /// Pieces with a ticket's QR and no mark.
    pub tickets: usize,
    /// Pieces with a ticket's QR and IN LẠI.
    pub copies: usize,
    /// Other pieces: the staff slip, remains of interrupted jobs.
    pub others: usize,
    /// Longest command, bytes.
    pub longest_command: usize,
    /// Bytes that were no known command.
    pub unknown_bytes: usize,
}

/// The figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Numbers that were given to people.
    pub issued: usize,
    /// Print jobs of tickets that the printer confirmed.
    pub printed: usize,
    /// Print jobs of tickets without usable paper: the number was shown on the screen.
    pub print_failed: usize,
    /// Print jobs of tickets whose outcome nobody knows, because power or line went away.
    pub print_unknown: usize,
    /// Numbers called at least once.
    pub called: usize,
    /// Numbers that were served.
    pub served: usize,
    /// Numbers called in vain.
    pub no_show: usize,
    /// Numbers with a priority class.
    pub priority: usize,
    /// Numbers sent to another counter or area.
    pub transferred: usize,
    /// Ratings counted.
    pub ratings: usize,
    /// Look-ups.
    pub lookups: Lookups,
    /// Numbers burnt but never issued, each explained by an event.
    pub gaps: usize,
    /// Events that the district server has.
    pub reported: usize,
    /// Events or numbers that are there twice.
    pub duplicates: usize,
    /// Events or numbers that one side had and the other has not.
    pub lost: usize,
    /// Waits.
    pub waits: Waits,
    /// What came out of the printer.
    pub printer: Printer,
    /// What does not add up.
    pub faults: Vec<String>,
}

/// Adds everything up.
pub fn add_up(books: &Books, tray: &[Paper], printer: (usize, usize)) -> Summary {
    let events = Events::read(books);
    let outcome = |word: &str| {
        books.jobs.iter().filter(|job| job.ticket.is_some() && job.outcome.as_deref() == Some(word)).count()
    };
    let (longest_command, unknown_bytes) = printer;
    let with_qr =
        |marked: bool| tray.iter().filter(|paper| paper.ticket.is_some() && paper.marked == marked).count();
    let mut summary = Summary {
        issued: books.tickets.len(),
        printed: outcome("printed"),
        print_failed: outcome("not_printed"),
        print_unknown: outcome("unknown"),
        called: books.tickets.iter().filter(|ticket| ticket.called_ms.is_some()).count(),
        served: books.tickets.iter().filter(|ticket| ticket.served_ms.is_some()).count(),
        no_show: events.no_shows.len(),
        priority: books.tickets.iter().filter(|ticket| ticket.priority.is_some()).count(),
        transferred: events.transferred.len(),
        ratings: books.ratings.len(),
        lookups: events.lookups,
        reported: books.taken.len(),
        waits: waits(&books.tickets),
        printer: Printer {
            pieces: tray.len(),
            tickets: with_qr(false),
            copies: with_qr(true),
            others: tray.len() - with_qr(false) - with_qr(true),
            longest_command,
            unknown_bytes,
        },
        ..Summary::default()
    };
    summary.hold_events_together(books);
    summary.hold_figures_together(&events);
    summary.hold_paper_to_the_store(books, tray);
    summary.explain_gaps(books, &events.gaps);
    if longest_command > LONGEST_COMMAND {
        summary
            .fault(format!("a printer command was {longest_command} bytes long, {LONGEST_COMMAND} at most"));
    }
    if unknown_bytes > 0 {
        summary.fault(format!("the printer got {unknown_bytes} bytes that are no command"));
    }
    summary
}

impl Summary {
    /// The figures by name, for the page.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let (waits, looked, printer) = (&self.waits, &self.lookups, &self.printer);
        let count = |name, figure: usize| (name, figure.to_string());
        vec![
            count("numbers issued", self.issued),
            (
                "print jobs printed / failed / unknown",
                format!("{} / {} / {}", self.printed, self.print_failed, self.print_unknown),
            ),
            ("called / served / no-show", format!("{} / {} / {}", self.called, self.served, self.no_show)),
            ("with priority / transferred", format!("{} / {}", self.priority, self.transferred)),
            count("ratings", self.ratings),
            (
                "look-ups found / not found / unreachable / citizen card / other",
                format!(
                    "{} / {} / {} / {} / {}",
                    looked.found, looked.not_found, looked.unreachable, looked.citizen_card, looked.other
                ),
            ),
            (
                "wait mean / median / P90, share within 15 min",
                format!(
                    "{:.0} s / {:.0} s / {:.0} s, {:.0} %",
                    waits.mean_s,
                    waits.median_s,
                    waits.p90_s,
                    waits.within_15_min * 100.0
                ),
            ),
            count("events at the district server", self.reported),
            ("duplicates / lost", format!("{} / {}", self.duplicates, self.lost)),
            count("numbers skipped, each explained", self.gaps),
            (
                "paper: tickets / copies IN LẠI / other pieces",
                format!("{} / {} / {}", printer.tickets, printer.copies, printer.others),
            ),
            (
                "longest printer command / unknown bytes",
                format!("{} bytes / {}", printer.longest_command, printer.unknown_bytes),
            ),
        ]
    }

    /// Notes something that does not add up.
    pub fn fault(&mut self, sentence: String) {
        self.faults.push(sentence);
    }

    /// The kiosk's log and the district's events: the same, each once, in the same order.
    fn hold_events_together(&mut self, books: &Books) {
        let taken: Vec<String> = books.taken.iter().map(|taken| taken.raw.clone()).collect();
        let places: BTreeSet<_> = books.taken.iter().map(|taken| (&taken.epoch, taken.seq)).collect();
        self.duplicates += books.taken.len() - places.len();
        if let Err(difference) = agreement::same_events(&books.log, &taken) {
            self.fault(difference.to_string());
            let there: BTreeSet<&String> = taken.iter().collect();
            self.lost += books.log.iter().filter(|event| !there.contains(event)).count();
        }
        if books.unacknowledged > 0 {
            self.fault(format!("the kiosk still holds {} events that nobody took", books.unacknowledged));
        }
    }

    /// What the kiosk's tables say, and what the events at the district say.
    fn hold_figures_together(&mut self, events: &Events) {
        for (what, store, reported) in [
            ("issued", self.issued, events.issued.len()),
            ("printed", self.printed, events.printed(PrintOutcome::Printed)),
            ("print_failed", self.print_failed, events.printed(PrintOutcome::PrintFailed)),
            ("print_unknown", self.print_unknown, events.printed(PrintOutcome::PrintUnknown)),
            ("called", self.called, events.called.len()),
            ("served", self.served, events.served.len()),
            ("ratings", self.ratings, events.rated.len()),
        ] {
            if store != reported {
                self.fault(format!(
                    "{what}: the kiosk's tables say {store}, the district's events {reported}"
                ));
            }
        }
        if events.unreadable > 0 {
            self.fault(format!("{} events cannot be read", events.unreadable));
        }
    }

    /// No number twice, none on paper that the store does not know, no paper without a job.
    fn hold_paper_to_the_store(&mut self, books: &Books, tray: &[Paper]) {
        let mut seen = BTreeSet::new();
        for ticket in &books.tickets {
            if !seen.insert((ticket.key.day, ticket.number.as_str())) {
                self.duplicates += 1;
                self.fault(format!("number {} was given to two people", ticket.number));
            }
        }
        for ticket in &books.tickets {
            let papers: Vec<&Paper> =
                tray.iter().filter(|paper| paper.ticket.as_ref() == Some(&ticket.key)).collect();
            let copies = papers.iter().filter(|paper| paper.marked).count();
            let unmarked = papers.len() - copies;
            let jobs = |outcome: &str| {
                let ours = books.jobs.iter().filter(|job| job.ticket.as_ref() == Some(&ticket.key));
                ours.filter(|job| job.outcome.as_deref() == Some(outcome)).count()
            };
            let (printed, unknown) = (jobs("printed"), jobs("unknown"));
            if unmarked > 1 {
                self.duplicates += unmarked - 1;
                self.fault(format!("number {} is on {unmarked} papers without IN LẠI", ticket.number));
            }
            if papers.len() < printed {
                self.lost += 1;
                self.fault(format!(
                    "number {} was confirmed as printed {printed} times, but {} papers are there",
                    ticket.number,
                    papers.len()
                ));
            }
            if papers.len() > printed + unknown {
                self.fault(format!("number {} is on paper although its job failed", ticket.number));
            }
        }
        for paper in tray {
            if let Some(key) = &paper.ticket
                && !books.tickets.iter().any(|ticket| ticket.key == *key)
            {
                self.lost += 1;
                self.fault(format!(
                    "paper {} bears number {} of {}, which the store does not know",
                    paper.piece, key.ordinal, key.series
                ));
            }
        }
    }

    /// Every burnt number was issued, or an event says why not.
    fn explain_gaps(&mut self, books: &Books, gaps: &[NumberGap]) {
        for burnt in &books.burnt {
            let issued: BTreeSet<u32> = books
                .tickets
                .iter()
                .filter(|ticket| ticket.key.day == burnt.day && ticket.key.series == burnt.series)
                .map(|ticket| ticket.key.ordinal)
                .collect();
            let day = BusinessDay(burnt.day).to_string();
            let ours = gaps.iter().filter(|gap| gap.business_day == day && gap.series == burnt.series);
            let explained: BTreeSet<u32> = ours.flat_map(|gap| gap.from..=gap.to).collect();
            self.gaps += explained.len();
            let first = issued.iter().chain(&explained).min().copied().unwrap_or(burnt.ordinal);
            for ordinal in first..=burnt.ordinal {
                match (issued.contains(&ordinal), explained.contains(&ordinal)) {
                    (true, false) | (false, true) => {}
                    (true, true) => {
                        self.fault(format!("{} {ordinal} was issued and reported as skipped", burnt.series));
                    }
                    (false, false) => {
                        self.lost += 1;
                        self.fault(format!("{} {ordinal} is missing and nothing says why", burnt.series));
                    }
                }
            }
        }
    }
}

/// What the district's events say.
#[derive(Default)]
struct Events {
    issued: BTreeSet<String>,
    prints: Vec<PrintOutcome>,
    called: BTreeSet<String>,
    served: BTreeSet<String>,
    no_shows: BTreeSet<String>,
    transferred: BTreeSet<String>,
    rated: BTreeSet<String>,
    gaps: Vec<NumberGap>,
    lookups: Lookups,
    unreadable: usize,
}

impl Events {
    fn read(books: &Books) -> Self {
        let mut events = Self::default();
        for taken in &books.taken {
            match ReadEvent::from_json(&taken.raw).map(|read| read.body) {
                Ok(Body::Known(data)) => events.take(&data),
                Ok(Body::Unknown) | Err(_) => events.unreadable += 1,
            }
        }
        events
    }

    fn printed(&self, outcome: PrintOutcome) -> usize {
        self.prints.iter().filter(|print| **print == outcome).count()
    }

    fn take(&mut self, data: &EventData) {
        if let EventData::TicketIssued(data) = data {
            self.issued.insert(data.ticket.to_string());
        } else if let EventData::TicketPrinted(data) = data {
            self.prints.push(data.outcome);
        } else if let EventData::TicketCalled(data) = data {
            self.called.insert(data.ticket.to_string());
        } else if let EventData::TicketServing(data) = data {
            self.served.insert(data.ticket.to_string());
        } else if let EventData::TicketNoShow(data) = data {
            self.no_shows.insert(data.ticket.to_string());
        } else if let EventData::TicketTransferred(data) = data {
            self.transferred.insert(data.ticket.to_string());
        } else if let EventData::RatingGiven(data) = data {
            self.rated.insert(data.ticket.to_string());
        } else if let EventData::NumberGap(gap) = data {
            self.gaps.push(gap.clone());
        } else if let EventData::LookupMade(data) = data {
            let looked = &mut self.lookups;
            *match data.outcome {
                LookupOutcome::Found | LookupOutcome::FoundOffline => &mut looked.found,
                LookupOutcome::NotFound => &mut looked.not_found,
                LookupOutcome::Unreachable => &mut looked.unreachable,
                LookupOutcome::CitizenCard => &mut looked.citizen_card,
                LookupOutcome::Throttled | LookupOutcome::NotACode => &mut looked.other,
            } += 1;
        }
    }
}

fn waits(tickets: &[TicketRow]) -> Waits {
    let secs = |ticket: &TicketRow| Some((ticket.called_ms? - ticket.issued_ms) as f64 / 1000.0);
    let mut waits: Vec<f64> = tickets.iter().filter_map(secs).collect();
    waits.sort_by(f64::total_cmp);
    let count = waits.len();
    let rank = |share: f64| {
        let index = ((count as f64 * share).ceil() as usize).saturating_sub(1);
        waits.get(index).copied().unwrap_or(0.0)
    };
    let among = count.max(1) as f64;
    Waits {
        count,
        mean_s: waits.iter().sum::<f64>() / among,
        median_s: rank(0.5),
        p90_s: rank(0.9),
        within_15_min: waits.iter().filter(|wait| **wait <= TARGET_SECS).count() as f64 / among,
    }
}

/// The number and area of every ticket, as its issue was reported.
pub fn names(books: &Books) -> BTreeMap<TicketKey, (String, String)> {
    let mut areas = BTreeMap::new();
    for taken in &books.taken {
        if let Ok(Body::Known(EventData::TicketIssued(data))) =
            ReadEvent::from_json(&taken.raw).map(|read| read.body)
        {
            areas.insert((data.ticket.business_day, data.ticket.number), data.area_name);
        }
    }
    let named = |ticket: &TicketRow| {
        let day = BusinessDay(ticket.key.day).to_string();
        let area = areas.get(&(day, ticket.number.clone()))?;
        Some((ticket.key.clone(), (ticket.number.clone(), area.clone())))
    };
    books.tickets.iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests;
