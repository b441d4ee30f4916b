//! What the campaign holds the tray, the kiosk's books and the district's books to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use kiosk_core::time::BusinessDay;
use kiosk_protocol::{Body, EventData, ReadEvent};

use crate::agreement::{self, Disagreement};
use crate::demo::books::{Books, TicketKey};
use crate::demo::papers::Paper;

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Two people hold the same number.
    NumberTwice {
        /// The number.
        ticket: TicketKey,
        /// The pieces of paper that carry it without a mark.
        pieces: Vec<usize>,
    },
    /// A paper came out whose number no book knows.
    PaperUnknown {
        /// The number.
        ticket: TicketKey,
        /// The piece of paper.
        piece: usize,
    },
    /// The kiosk says that a ticket was printed, but there is no paper.
    NoPaper {
        /// The number.
        ticket: TicketKey,
    },
    /// A number that was neither issued nor explained.
    GapUnexplained {
        /// The number.
        ticket: TicketKey,
    },
    /// A stored ticket whose issue was not reported, or was reported more than once.
    Reported {
        /// The number.
        ticket: TicketKey,
        /// How often.
        times: usize,
    },
    /// More prints in doubt than there were kills.
    InDoubt {
        /// Prints in doubt.
        jobs: usize,
        /// Kills.
        kills: u32,
    },
    /// Kiosk and district do not have the same events.
    Disagreement(Disagreement),
}

impl Finding {
    /// Whether two people hold the same number.
    pub(super) fn is_number_twice(&self) -> bool {
        matches!(self, Self::NumberTwice { .. })
    }

    /// Whether something that was promised to be kept is gone.
    fn is_loss(&self) -> bool {
        match self {
            Self::PaperUnknown { .. } | Self::NoPaper { .. } | Self::GapUnexplained { .. } => true,
            Self::Reported { times, .. } => *times == 0,
            Self::Disagreement(disagreement) => matches!(disagreement, Disagreement::Lost { .. }),
            Self::NumberTwice { .. } | Self::InDoubt { .. } => false,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NumberTwice { ticket, pieces } => {
                write!(f, "number {} is on pieces {pieces:?}", Named(ticket))
            }
            Self::PaperUnknown { ticket, piece } => {
                write!(f, "piece {piece} carries number {}, which the kiosk does not know", Named(ticket))
            }
            Self::NoPaper { ticket } => {
                write!(f, "number {} is said to be printed, but is not", Named(ticket))
            }
            Self::GapUnexplained { ticket } => {
                write!(f, "number {} is missing without a word", Named(ticket))
            }
            Self::Reported { ticket, times } => {
                write!(f, "number {} was reported {times} times", Named(ticket))
            }
            Self::InDoubt { jobs, kills } => write!(f, "{jobs} prints in doubt after {kills} kills"),
            Self::Disagreement(disagreement) => write!(f, "{disagreement}"),
        }
    }
}

struct Named<'a>(&'a TicketKey);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", BusinessDay(self.0.day), self.0.series, self.0.ordinal)
    }
}

/// What a stage amounted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    kills: u32,
    tickets: usize,
    papers: usize,
    printed: usize,
    unknown: usize,
    skipped: usize,
    ratings: usize,
    reported: usize,
    twice: usize,
    lost: usize,
}

impl Figures {
    pub(super) fn of(books: &Books, tray: &[Paper], kills: u32, findings: &[Finding]) -> Self {
        Self {
            kills,
            tickets: books.tickets.len(),
            papers: tray.iter().filter(|paper| paper.ticket.is_some()).count(),
            printed: jobs(books, "printed").count(),
            unknown: jobs(books, "unknown").count(),
            skipped: Told::by(&books.log).skipped.len(),
            ratings: books.ratings.len(),
            reported: books.taken.len(),
            twice: findings.iter().filter(|finding| finding.is_number_twice()).count(),
            lost: findings.iter().filter(|finding| finding.is_loss()).count(),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, tickets, papers, printed, unknown, skipped, ratings, reported, twice, lost } = self;
        write!(
            f,
            "{kills} kills, {tickets} tickets, {papers} papers, {printed} printed, {unknown} in doubt, \
             {skipped} numbers skipped and explained, {ratings} ratings, {reported} events at the district, \
             {twice} numbers twice, {lost} losses"
        )
    }
}

fn jobs<'a>(books: &'a Books, outcome: &'a str) -> impl Iterator<Item = &'a TicketKey> {
    let ended = books.jobs.iter().filter(move |job| job.outcome.as_deref() == Some(outcome));
    ended.filter_map(|job| job.ticket.as_ref())
}

/// The first number that lies in the tray twice without a mark.
pub(super) fn twice(tray: &[Paper]) -> Option<Finding> {
    let mut pieces: BTreeMap<&TicketKey, Vec<usize>> = BTreeMap::new();
    for paper in tray.iter().filter(|paper| !paper.marked) {
        if let Some(ticket) = &paper.ticket {
            pieces.entry(ticket).or_default().push(paper.piece);
        }
    }
    let doubled = pieces.into_iter().find(|(_, pieces)| pieces.len() > 1);
    doubled.map(|(ticket, pieces)| Finding::NumberTwice { ticket: ticket.clone(), pieces })
}

/// Everything that does not hold. A lying card may lose what it confirmed: then a paper may carry a number that the
/// kiosk forgot, if it was skipped with a word, and the district may know more than the kiosk.
pub(super) fn all(books: &Books, tray: &[Paper], kills: u32, card_lies: bool) -> Vec<Finding> {
    let told = Told::by(&books.log);
    let mut findings: Vec<Finding> = twice(tray).into_iter().collect();
    let stored: BTreeSet<&TicketKey> = books.tickets.iter().map(|ticket| &ticket.key).collect();
    let on_paper: BTreeSet<&TicketKey> = tray.iter().filter_map(|paper| paper.ticket.as_ref()).collect();
    for paper in tray {
        if let Some(ticket) = paper.ticket.as_ref().filter(|ticket| !stored.contains(ticket))
            && !(card_lies && told.skipped.contains(ticket))
        {
            findings.push(Finding::PaperUnknown { ticket: ticket.clone(), piece: paper.piece });
        }
    }
    for ticket in jobs(books, "printed").filter(|ticket| !on_paper.contains(ticket)) {
        findings.push(Finding::NoPaper { ticket: ticket.clone() });
    }
    for ticket in &stored {
        let times = told.issued.get(*ticket).copied().unwrap_or(0);
        if times != 1 {
            findings.push(Finding::Reported { ticket: (*ticket).clone(), times });
        }
    }
    findings.extend(gaps(books, &stored, &told));
    let in_doubt = jobs(books, "unknown").count();
    if u32::try_from(in_doubt).is_ok_and(|jobs| jobs > kills) {
        findings.push(Finding::InDoubt { jobs: in_doubt, kills });
    }
    let district: Vec<String> = books.taken.iter().map(|taken| taken.raw.clone()).collect();
    let agreed = if card_lies {
        agreement::none_twice_none_lost(&books.log, &district)
    } else {
        agreement::same_events(&books.log, &district)
    };
    findings.extend(agreed.err().map(Finding::Disagreement));
    findings
}

fn gaps(books: &Books, stored: &BTreeSet<&TicketKey>, told: &Told) -> Vec<Finding> {
    let mut findings = Vec::new();
    for burnt in &books.burnt {
        let of_series = |key: &&TicketKey| key.day == burnt.day && key.series == burnt.series;
        let known = stored.iter().copied().chain(&told.skipped).filter(of_series).map(|key| key.ordinal);
        let first = known.min().unwrap_or(burnt.ordinal);
        for ordinal in first..=burnt.ordinal {
            let ticket = TicketKey { ordinal, ..burnt.clone() };
            if !stored.contains(&ticket) && !told.skipped.contains(&ticket) {
                findings.push(Finding::GapUnexplained { ticket });
            }
        }
    }
    findings
}

/// What events tell of numbers.
#[derive(Default)]
struct Told {
    issued: BTreeMap<TicketKey, usize>,
    skipped: BTreeSet<TicketKey>,
}

impl Told {
    fn by(log: &[String]) -> Self {
        let mut told = Self::default();
        for event in log.iter().filter_map(|event| ReadEvent::from_json(event).ok()) {
            if let Body::Known(EventData::TicketIssued(issued)) = &event.body {
                if let Some(day) = day(&issued.ticket.business_day) {
                    let key =
                        TicketKey { day, series: issued.ticket.series.clone(), ordinal: issued.ordinal };
                    *told.issued.entry(key).or_default() += 1;
                }
            } else if let Body::Known(EventData::NumberGap(gap)) = &event.body
                && let Some(day) = day(&gap.business_day)
            {
                let key = |ordinal| TicketKey { day, series: gap.series.clone(), ordinal };
                told.skipped.extend((gap.from..=gap.to).map(key));
            }
        }
        told
    }
}

/// Days since 1970 of `2026-06-12`.
fn day(text: &str) -> Option<i32> {
    let mut date = text.splitn(3, '-');
    let (year, month, day) = (date.next()?, date.next()?, date.next()?);
    Some(BusinessDay::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?.0)
}

#[cfg(test)]
mod tests;
