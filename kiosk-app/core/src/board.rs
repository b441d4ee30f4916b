//! The hall's state as officer pages and the hall display show it.

use crate::effect::CounterState;
use crate::event::{Device, Health, Line, PrintTrouble};
use crate::id::{AreaId, CounterId, PriorityId};
use crate::ticket::{Paper, TicketId, TicketNumber, TicketState};
use crate::time::{BusinessDay, Wall};
use crate::update::UpdateWait;

/// The hall's state for officer pages and hall display, rebuilt whole.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Board {
    /// The business day, `None` before the first.
    pub day: Option<BusinessDay>,
    /// Every counter in ascending order.
    pub counters: Vec<BoardCounter>,
    /// Every area in the order of the screen.
    pub areas: Vec<BoardArea>,
    /// The last calls, newest first, at most six.
    pub calls: Vec<BoardCall>,
    /// What waits, by place in the queue.
    pub waiting: Vec<BoardTicket>,
    /// On hold or not come, which an officer may take up again.
    pub aside: Vec<BoardTicket>,
    /// Notices for staff.
    pub notices: Vec<StaffNotice>,
}

/// A counter on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardCounter {
    /// The counter.
    pub counter: CounterId,
    /// What it says beside the number.
    pub name: String,
    /// Its state.
    pub state: CounterState,
    /// The ticket in hand.
    pub current: Option<BoardTicket>,
    /// How many wait for this counter's areas.
    pub waiting: u32,
}

/// An area on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardArea {
    /// The area.
    pub area: AreaId,
    /// Its name.
    pub name: String,
    /// How many wait.
    pub waiting: u32,
}

/// A ticket on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardTicket {
    /// Identity.
    pub id: TicketId,
    /// Its number.
    pub number: TicketNumber,
    /// The area it waits in.
    pub area: AreaId,
    /// The one counter it was transferred to; no other calls it.
    pub only_counter: Option<CounterId>,
    /// Its priority class.
    pub priority: Option<PriorityId>,
    /// State.
    pub state: TicketState,
    /// When it was issued.
    pub issued_at: Wall,
    /// What became of its paper.
    pub paper: Paper,
}

/// A call on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardCall {
    /// Counts calls of this run; the display blinks what is new to it.
    pub serial: u64,
    /// The number.
    pub number: TicketNumber,
    /// Where to go.
    pub counter: CounterId,
    /// When.
    pub at: Wall,
}

/// Something staff should act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaffNotice {
    /// A device needs a look.
    Device {
        /// The device.
        device: Device,
        /// Its health.
        health: Health,
    },
    /// The line is down; numbers go on.
    Line(Line),
    /// The outbox fills up.
    OutboxFilling {
        /// 80 and up.
        percent: u8,
    },
    /// The clock is not synchronised.
    ClockUntrusted,
    /// An update lies there and waits.
    UpdateWaits(UpdateWait),
    /// Parts of the configuration are wrong and out of use.
    ConfigurationFaulty {
        /// How many faults.
        faults: u32,
    },
    /// The store failed; no numbers until it works again.
    StoreFailed,
    /// The database was damaged and a copy took its place today.
    RestoredFromCopy {
        /// First and last of the numbers whose tickets are missing.
        lost: Vec<(TicketNumber, TicketNumber)>,
    },
    /// A number was issued without paper.
    WithoutPaper {
        /// The number.
        number: TicketNumber,
        /// Why.
        trouble: PrintTrouble,
    },
}
