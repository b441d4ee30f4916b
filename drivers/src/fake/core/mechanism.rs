//! Head, cutter and presenter: what they do to paper, and how long it takes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Moment;
use crate::document::Bitmap;
use crate::fake::model::{FakeModel, FakeTicket, Fate, Person};
use crate::fake::state::Sensors;

/// What moving a ticket in the presenter takes.
const PRESENTER_TIME: Duration = Duration::from_millis(200);
/// How soon the person of a fresh printer takes a ticket.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the mechanism is doing.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Rows { rows: Bitmap, done: usize },
    Feed { dots: u32 },
    Cut,
    Present,
    Eject,
    Retract,
}

#[derive(Debug, Clone)]
pub(super) struct Mechanism {
    row_time: Duration,
    cut_time: Duration,
    dots_to_cutter: u32,
    has_presenter: bool,
    pub(super) works: VecDeque<Work>,
    /// Until when the mechanism has been followed.
    at: Moment,
    /// Rows until the paper ends.
    pub(super) rows_left: Option<u32>,
    pub(super) paper: Bitmap,
    pub(super) raw: Vec<u8>,
    pub(super) finished: VecDeque<FakeTicket>,
    pub(super) ticket_count: usize,
    /// Cut off and still in the presenter.
    pub(super) held: Option<FakeTicket>,
    /// Since when a ticket is held out.
    presented_at: Option<Moment>,
    pub(super) person: Person,
}

impl Mechanism {
    pub(super) fn new(model: &FakeModel) -> Self {
        Self {
            row_time: model.row_time(),
            cut_time: model.cut_time,
            dots_to_cutter: u32::from(model.head_to_cutter_mm) * u32::from(model.dpi) * 10 / 254,
            has_presenter: model.presenter,
            works: VecDeque::new(),
            at: Moment::ZERO,
            rows_left: None,
            paper: Bitmap::new(model.width_dots, 0),
            raw: Vec::new(),
            finished: VecDeque::new(),
            ticket_count: 0,
            held: None,
            presented_at: None,
            person: Person::TakesAfter(PATIENCE),
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.works.is_empty()
    }

    pub(super) fn print(&mut self, rows: Bitmap) {
        self.works.push_back(Work::Rows { rows, done: 0 });
    }

    pub(super) fn feed_and_cut(&mut self, feed: u32) {
        self.works.push_back(Work::Feed { dots: feed + self.dots_to_cutter });
        self.works.push_back(Work::Cut);
    }

    pub(super) fn present(&mut self) {
        self.works.push_back(Work::Present);
    }

    pub(super) fn eject(&mut self) {
        self.works.push_back(Work::Eject);
    }

    pub(super) fn retract(&mut self) {
        self.works.push_back(Work::Retract);
    }

    /// When the work under way will have made its next step.
    pub(super) fn next_step(&self) -> Option<Moment> {
        let time = match self.works.front()? {
            Work::Rows { .. } | Work::Feed { .. } => self.row_time,
            Work::Cut => self.cut_time,
            Work::Present | Work::Eject | Work::Retract => PRESENTER_TIME,
        };
        Some(self.at + time)
    }

    /// Makes the next step if it is time; says whether it was.
    pub(super) fn step(&mut self, sensors: &mut Sensors, now: Moment) -> bool {
        let Some(at) = self.next_step().filter(|at| *at <= now) else { return false };
        self.at = at;
        let mut is_done = true;
        match self.works.front_mut() {
            None => return false,
            Some(Work::Rows { rows, done }) => {
                if let Some(row) = rows.rows().nth(*done) {
                    self.paper.push_row(row);
                    *done += 1;
                }
                is_done = *done >= rows.row_count();
                self.use_paper(sensors);
            }
            Some(Work::Feed { dots }) => {
                *dots = dots.saturating_sub(1);
                is_done = *dots == 0;
                self.use_paper(sensors);
            }
            Some(Work::Cut) => self.cut(sensors),
            Some(Work::Present) => {
                if self.held.is_some() {
                    self.presented_at = Some(at);
                    sensors.ticket_present = true;
                }
            }
            Some(Work::Eject) => self.release(Fate::Ejected, sensors),
            Some(Work::Retract) => self.release(Fate::Retracted, sensors),
        }
        if is_done {
            self.works.pop_front();
        }
        true
    }

    /// Nothing to do, or unable to do it: no time is saved up.
    pub(super) fn rest(&mut self, is_blocked: bool, now: Moment) {
        if is_blocked || self.is_idle() {
            self.at = self.at.max(now);
        }
    }

    fn use_paper(&mut self, sensors: &mut Sensors) {
        if let Some(left) = &mut self.rows_left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.rows_left = None;
                sensors.paper_end = true;
            }
        }
    }

    pub(super) fn cut(&mut self, sensors: &mut Sensors) {
        let blank = Bitmap::new(self.paper.width_dots(), 0);
        let image = std::mem::replace(&mut self.paper, blank);
        let raw = std::mem::take(&mut self.raw);
        if image.row_count() == 0 {
            return;
        }
        self.ticket_count += 1;
        let ticket = FakeTicket { number: self.ticket_count, image, raw, fate: Fate::CutOff };
        if !self.has_presenter {
            self.finished.push_back(ticket);
        } else if let Some(crushed) = self.held.replace(ticket) {
            // The mouth was not free: what was there is crushed behind the new one.
            self.finished.push_back(crushed);
            sensors.paper_jam = true;
        }
    }

    fn release(&mut self, fate: Fate, sensors: &mut Sensors) {
        self.presented_at = None;
        sensors.ticket_present = false;
        if let Some(ticket) = self.held.take() {
            self.finished.push_back(FakeTicket { fate, ..ticket });
        }
    }

    /// When the person takes the ticket that is held out.
    pub(super) fn taking_at(&self) -> Option<Moment> {
        match self.person {
            Person::TakesAfter(time) => Some(self.presented_at? + time),
            Person::Leaves => None,
        }
    }

    pub(super) fn follow_person(&mut self, sensors: &mut Sensors, now: Moment) {
        if self.taking_at().is_some_and(|at| at <= now) {
            self.take(sensors);
        }
    }

    /// Somebody takes the ticket, if one is held out.
    pub(super) fn take(&mut self, sensors: &mut Sensors) {
        if self.presented_at.is_some() {
            self.release(Fate::Taken, sensors);
        }
    }
}
