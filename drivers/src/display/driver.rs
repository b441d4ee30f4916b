//! The thread of an address at which counter displays are: one chip, or a line that several panels hear.

use std::io::ErrorKind;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use super::{
    Board, DisplayAddress, DisplayConfig, DisplayConfigError, DisplayEvent, DisplayOrder, Face, Max7219,
    Panel, PanelConfig, PanelError, Ssd1306, picture,
};
use crate::clock::{Clock, Moment};
use crate::document::{Bitmap, Font};
use crate::health::{BackOff, DeviceHealth};
use crate::pi;
use crate::supervise::{Duty, Tally, supervise};
use crate::transport::{Inbox, Opener, Received, Transport, TransportError, Waker, poll_fds};

/// Longest wait before a chip's bus is opened again.
const LONGEST_CHIP_WAIT: Duration = Duration::from_secs(10);
/// Longest sleep when nothing is due: a bound for mistakes, not a rhythm.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A line that takes no byte of a frame for this long is given up and opened again.
const WRITE_LIMIT: Duration = Duration::from_secs(3);

/// The counter displays at one address.
#[derive(Debug)]
pub struct CounterDisplay {
    config: DisplayConfig,
    /// What each panel is to show.
    panels: Vec<(PanelConfig, Board)>,
    told: DeviceHealth,
    tally: Tally,
}

/// Why a display was lost.
#[derive(Debug, thiserror::Error)]
enum Loss {
    #[error(transparent)]
    Line(#[from] TransportError),
    #[error(transparent)]
    Panel(#[from] PanelError),
}

impl CounterDisplay {
    /// Displays that are not connected yet; `run` does the rest.
    ///
    /// # Errors
    /// When the panels at this address could not be told apart.
    pub fn new(config: DisplayConfig) -> Result<Self, DisplayConfigError> {
        config.check()?;
        let panels = config.panels.iter().map(|panel| (panel.clone(), Board::new())).collect();
        Ok(Self { config, panels, told: DeviceHealth::Starting, tally: Tally::default() })
    }

    /// What happens to this address is counted there; keep it before `run`.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally.clone()
    }

    /// Serves the displays until told to end, and leaves them dark. Blocks: call it in a thread of its own. Tells every event
    /// in order, from this thread; the callback must not block.
    pub fn run(mut self, inbox: &Inbox<DisplayOrder>, mut events: impl FnMut(DisplayEvent)) {
        let (name, tally, clock) = (self.config.address.to_string(), self.tally.clone(), Clock::start());
        supervise(&name, &tally, |duty| match duty {
            Duty::Serve => self.serve(inbox, &clock, &mut events),
            Duty::Recover => self.tell(DeviceHealth::Absent, &mut events),
        });
    }

    fn serve(&mut self, inbox: &Inbox<DisplayOrder>, clock: &Clock, events: &mut impl FnMut(DisplayEvent)) {
        let mut way = Way::new(&self.config, inbox.waker());
        loop {
            match inbox.take() {
                Received::Message(DisplayOrder::Call { panel, face }) => {
                    self.board_of(panel, |board| board.call(face, clock.now()));
                }
                Received::Message(DisplayOrder::Show { panel, face }) => {
                    self.board_of(panel, |board| board.show(face));
                }
                Received::Message(DisplayOrder::Blank { panel }) => {
                    self.board_of(panel, |board| board.show(Face::Dark));
                }
                Received::Message(DisplayOrder::Shutdown) | Received::Closed => {
                    for (panel, _) in &self.panels {
                        // Nobody is left to hear that it failed.
                        let _unseen = way.show(&Face::Dark, panel, &self.config.font, clock.now());
                    }
                    return;
                }
                Received::Nothing => {}
            }
            match way.open(clock.now()) {
                Some(Ok(())) => {
                    self.panels.iter_mut().for_each(|(_, board)| board.opened());
                    self.tally.count(|counters| counters.opens += 1);
                    self.tell(DeviceHealth::Ready, events);
                }
                Some(Err(health)) => {
                    self.tally.count(|counters| counters.failed_opens += 1);
                    self.tell(health, events);
                }
                None => {}
            }
            self.tally.count(|counters| counters.beats += 1);
            let waited = self.send_due(&mut way, clock.now()).and_then(|()| {
                let now = clock.now();
                let boards = self.panels.iter().map(|(_, board)| board.next_deadline(now)).min();
                let due = boards.filter(|_| way.is_idle()).unwrap_or_else(|| way.next_deadline(now));
                way.wait(inbox, due.saturating_sub(now).min(LONGEST_WAIT))
            });
            if let Err(loss) = waited {
                self.tally.count(|counters| counters.losses += 1);
                way.lost(clock.now());
                self.tell(health_of(&loss), events);
            }
        }
    }

    fn board_of(&mut self, number: u8, change: impl FnOnce(&mut Board)) {
        if let Some((_, board)) = self.panels.iter_mut().find(|(panel, _)| panel.number == number) {
            change(board);
        }
    }

    /// Sends what is due, one panel after the other, as far as the line takes it.
    fn send_due(&mut self, way: &mut Way, now: Moment) -> Result<(), Loss> {
        way.push(now)?;
        for (panel, board) in &mut self.panels {
            if way.is_idle()
                && let Some(face) = board.due(now)
            {
                way.show(&face, panel, &self.config.font, now)?;
            }
        }
        Ok(())
    }

    fn tell(&mut self, health: DeviceHealth, events: &mut impl FnMut(DisplayEvent)) {
        if self.told != health {
            self.tally.count(|counters| counters.health_changes += 1);
            self.told = health.clone();
            events(DisplayEvent::Health(health));
        }
    }
}

fn health_of(loss: &Loss) -> DeviceHealth {
    match loss {
        Loss::Line(TransportError::Refused { .. }) => DeviceHealth::Failed(loss.to_string()),
        Loss::Line(TransportError::Absent { .. } | TransportError::Gone | TransportError::Line(_))
        | Loss::Panel(_) => DeviceHealth::Absent,
    }
}

/// The way to the panels.
enum Way {
    Chip(ChipWay),
    Line(LineWay),
}

/// A chip on a bus of this computer. Opening it and writing to it take milliseconds.
struct ChipWay {
    address: DisplayAddress,
    panel: Option<Box<dyn Panel>>,
    back_off: BackOff,
    next_attempt: Moment,
}

/// Panels on a line.
struct LineWay {
    opener: Opener,
    waker: Waker,
    line: Option<Box<dyn Transport>>,
    /// What the line has not taken yet, and when it last took something.
    pending: Vec<u8>,
    taken_at: Moment,
}

impl Way {
    fn new(config: &DisplayConfig, waker: Waker) -> Self {
        match &config.address {
            DisplayAddress::Line(address) => Self::Line(LineWay {
                opener: Opener::new(address.clone()),
                waker,
                line: None,
                pending: Vec::new(),
                taken_at: Moment::ZERO,
            }),
            chip @ (DisplayAddress::Max7219 { .. } | DisplayAddress::Ssd1306 { .. }) => Self::Chip(ChipWay {
                address: chip.clone(),
                panel: None,
                back_off: BackOff::new(LONGEST_CHIP_WAIT, &chip.to_string()),
                next_attempt: Moment::ZERO,
            }),
        }
    }

    /// Opens the way if it is not open and an attempt is due; tells how a new attempt ended.
    fn open(&mut self, now: Moment) -> Option<Result<(), DeviceHealth>> {
        match self {
            Self::Chip(chip) => chip.open(now),
            Self::Line(line) => line.open(now),
        }
    }

    /// Whether the way is open and takes a picture now.
    fn is_idle(&self) -> bool {
        match self {
            Self::Chip(chip) => chip.panel.is_some(),
            Self::Line(line) => line.line.is_some() && line.pending.is_empty(),
        }
    }

    fn show(&mut self, face: &Face, panel: &PanelConfig, font: &Font, now: Moment) -> Result<(), Loss> {
        match self {
            Self::Chip(chip) => chip.show(face, font),
            Self::Line(line) => line.show(face, panel, now),
        }
    }

    /// Writes what the line did not take so far.
    fn push(&mut self, now: Moment) -> Result<(), Loss> {
        match self {
            Self::Chip(_) => Ok(()),
            Self::Line(line) => line.push(now),
        }
    }

    fn next_deadline(&self, now: Moment) -> Moment {
        match self {
            Self::Chip(chip) => chip.next_attempt,
            Self::Line(line) if line.line.is_some() => line.taken_at + WRITE_LIMIT,
            Self::Line(line) => line.opener.next_deadline(now),
        }
    }

    fn wait(&mut self, inbox: &Inbox<DisplayOrder>, timeout: Duration) -> Result<(), Loss> {
        let bell = inbox.bell();
        match self {
            Self::Chip(_) => poll_fds(&mut [PollFd::from_borrowed_fd(bell, PollFlags::IN)], timeout)?,
            Self::Line(LineWay { line: Some(line), pending, .. }) => {
                // A panel that does speak is read, so that its words do not fill the line, and not heard.
                let mut ignored = [0; 64];
                while line.read(&mut ignored)? > 0 {}
                line.wait(!pending.is_empty(), bell, timeout)?;
            }
            Self::Line(LineWay { line: None, opener, .. }) => opener.wait(bell, timeout)?,
        }
        Ok(())
    }

    fn lost(&mut self, now: Moment) {
        match self {
            Self::Chip(chip) => chip.lost(now),
            Self::Line(line) => line.lost(now),
        }
    }
}

impl ChipWay {
    fn open(&mut self, now: Moment) -> Option<Result<(), DeviceHealth>> {
        if self.panel.is_some() || now < self.next_attempt {
            return None;
        }
        let panel: std::io::Result<Box<dyn Panel>> = match &self.address {
            DisplayAddress::Max7219 { bus, chip_select, modules } => pi::open_spi(*bus, *chip_select)
                .map(|spi| Box::new(Max7219::new(spi, *modules)) as Box<dyn Panel>),
            DisplayAddress::Ssd1306 { bus, address, rows } => {
                pi::open_i2c(*bus).map(|i2c| Box::new(Ssd1306::new(i2c, *address, *rows)) as Box<dyn Panel>)
            }
            DisplayAddress::Line(_) => return None,
        };
        let opened = match panel {
            Ok(panel) => Ok(panel),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(DeviceHealth::Absent),
            Err(error) => Err(DeviceHealth::Failed(format!("cannot open {}: {error}", self.address))),
        };
        // The bus opens with nothing on it, too: a first, dark picture shows whether a chip that acknowledges is there.
        let shown = opened.and_then(|mut panel| {
            let (width, rows) = panel.size();
            let dark = panel.show(&Bitmap::new(width, rows.into()));
            dark.map(|()| panel).map_err(|_unheard| DeviceHealth::Absent)
        });
        Some(match shown {
            Ok(panel) => {
                self.back_off.opened(now);
                self.panel = Some(panel);
                Ok(())
            }
            Err(health) => {
                self.lost(now);
                Err(health)
            }
        })
    }

    fn show(&mut self, face: &Face, font: &Font) -> Result<(), Loss> {
        let Some(panel) = &mut self.panel else { return Ok(()) };
        let (width, rows) = panel.size();
        Ok(panel.show(&picture(face, width, rows, font))?)
    }

    fn lost(&mut self, now: Moment) {
        self.panel = None;
        self.next_attempt = now + self.back_off.lost(now);
    }
}

impl LineWay {
    fn open(&mut self, now: Moment) -> Option<Result<(), DeviceHealth>> {
        if self.line.is_some() {
            return None;
        }
        match self.opener.poll(now, &self.waker)? {
            Ok(line) => {
                self.line = Some(line);
                self.taken_at = now;
                Some(Ok(()))
            }
            Err(error) => Some(Err(health_of(&error.into()))),
        }
    }

    fn show(&mut self, face: &Face, panel: &PanelConfig, now: Moment) -> Result<(), Loss> {
        if self.line.is_some() && self.pending.is_empty() {
            self.pending = panel.frame.encode(panel.number, face);
            self.taken_at = now;
        }
        self.push(now)
    }

    fn push(&mut self, now: Moment) -> Result<(), Loss> {
        let Some(line) = &mut self.line else { return Ok(()) };
        while !self.pending.is_empty() {
            let count = line.write(&self.pending)?;
            if count == 0 {
                let is_stalled = now >= self.taken_at + WRITE_LIMIT;
                return if is_stalled { Err(TransportError::Gone.into()) } else { Ok(()) };
            }
            self.pending.drain(..count.min(self.pending.len()));
            self.taken_at = now;
        }
        Ok(())
    }

    fn lost(&mut self, now: Moment) {
        self.line = None;
        // Half a frame is no beginning of another one.
        self.pending.clear();
        self.opener.lost(now);
    }
}
