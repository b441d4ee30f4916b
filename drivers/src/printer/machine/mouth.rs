//! The mouth of a presenter: who has a ticket there, and for how long.

use std::time::Duration;

use super::super::encoder::Command;
use super::super::profile::{Presenter, Unclaimed};
use super::PrinterEvent;
use crate::clock::Moment;

/// A ticket that the sensor has not seen so long after its presentation was taken at once.
const SIGHT_LIMIT: Duration = Duration::from_secs(2);
/// How long the next ticket waits for the one in the mouth to be taken.
const COURTESY: Duration = Duration::from_secs(5);
/// A ticket that is still there so long after the order to remove it is stuck.
const REMOVAL_LIMIT: Duration = Duration::from_secs(5);

const EJECT: &[u8] = b"\x1de\x05";
const RETRACT: &[u8] = b"\x1de\x02";

/// ```text
/// Empty --printed--> Expected --seen--> Out --time is over--> Removing --still there--> Stuck
///   ^                    |               |                       |                       |
///   +----not seen--------+----gone-------+--------gone-----------+-------gone------------+
/// ```
#[derive(Debug, Clone, Default)]
pub(super) enum Mouth {
    #[default]
    Empty,
    /// A ticket was presented and has not been seen yet.
    Expected { job: u64, since: Moment },
    /// A ticket is held out; one of an earlier run has no job.
    Out { job: Option<u64>, since: Moment, is_fresh: bool },
    /// A ticket that nobody took is being removed.
    Removing { since: Moment },
    /// It is still there.
    Stuck,
}

impl Mouth {
    /// A ticket has been presented.
    pub(super) fn presented(&mut self, job: u64, now: Moment) {
        *self = Self::Expected { job, since: now };
    }

    /// What the sensor says.
    pub(super) fn seen(&mut self, is_present: bool, now: Moment) -> Option<PrinterEvent> {
        let taken = |job| PrinterEvent::TicketTaken { job };
        match (&self, is_present) {
            (Self::Empty, true) => {
                *self = Self::Out { job: None, since: now, is_fresh: false };
                None
            }
            (Self::Expected { job, since }, true) => {
                *self = Self::Out { job: Some(*job), since: *since, is_fresh: true };
                None
            }
            (Self::Expected { job, since }, false) if now >= *since + SIGHT_LIMIT => {
                let event = taken(*job);
                *self = Self::Empty;
                Some(event)
            }
            (Self::Out { job, .. }, false) => {
                let event = job.map(taken);
                *self = Self::Empty;
                event
            }
            (Self::Removing { .. } | Self::Stuck, false) => {
                *self = Self::Empty;
                None
            }
            (Self::Empty | Self::Expected { .. }, false)
            | (Self::Out { .. } | Self::Removing { .. } | Self::Stuck, true) => None,
        }
    }

    /// Time has passed: what to send to the printer, and what to tell.
    pub(super) fn advance(
        &mut self,
        presenter: Presenter,
        now: Moment,
    ) -> (Option<Command>, Option<PrinterEvent>) {
        match self {
            Self::Out { job, since, .. } if now >= *since + presenter.unclaimed_limit => {
                let event = job.map(|job| PrinterEvent::TicketLeft { job });
                *self = Self::Removing { since: now };
                let order = match presenter.unclaimed {
                    Unclaimed::Keep => {
                        *self = Self::Stuck;
                        None
                    }
                    Unclaimed::Eject => Some(EJECT),
                    Unclaimed::Retract => Some(RETRACT),
                };
                (order.map(|bytes| Command::status(bytes.to_vec())), event)
            }
            Self::Out { since, is_fresh, .. } => {
                *is_fresh &= now < *since + COURTESY;
                (None, None)
            }
            Self::Removing { since } if now >= *since + REMOVAL_LIMIT => {
                *self = Self::Stuck;
                (None, None)
            }
            Self::Empty | Self::Expected { .. } | Self::Removing { .. } | Self::Stuck => (None, None),
        }
    }

    /// Makes way for the next ticket: drops the one that lies there at the front, where its owner still finds it.
    pub(super) fn make_way(&mut self) -> Option<(Command, Option<PrinterEvent>)> {
        match std::mem::take(self) {
            Self::Empty => None,
            Self::Expected { job, .. } | Self::Out { job: Some(job), .. } => {
                Some((Command::status(EJECT.to_vec()), Some(PrinterEvent::TicketLeft { job })))
            }
            Self::Out { job: None, .. } | Self::Removing { .. } | Self::Stuck => {
                Some((Command::status(EJECT.to_vec()), None))
            }
        }
    }

    /// The order that removes a voided ticket.
    pub(super) fn removal(presenter: Presenter) -> Command {
        let bytes = match presenter.unclaimed {
            Unclaimed::Keep | Unclaimed::Eject => EJECT,
            Unclaimed::Retract => RETRACT,
        };
        Command::status(bytes.to_vec())
    }

    /// Whether a ticket came out a moment ago and the next one should wait for its owner's hand.
    pub(super) fn is_fresh(&self) -> bool {
        match self {
            Self::Expected { .. } => true,
            Self::Out { is_fresh, .. } => *is_fresh,
            Self::Empty | Self::Removing { .. } | Self::Stuck => false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    pub(super) fn is_stuck(&self) -> bool {
        matches!(self, Self::Stuck)
    }

    /// When to look again, beside the sensor.
    pub(super) fn deadline(&self, presenter: Presenter) -> Option<Moment> {
        match self {
            Self::Empty | Self::Expected { .. } | Self::Stuck => None,
            Self::Out { since, is_fresh: true, .. } => Some(*since + COURTESY.min(presenter.unclaimed_limit)),
            Self::Out { since, is_fresh: false, .. } => Some(*since + presenter.unclaimed_limit),
            Self::Removing { since } => Some(*since + REMOVAL_LIMIT),
        }
    }
}
