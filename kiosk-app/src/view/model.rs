//! From a screen's meaning to its words: pure, and all that a page shows, so that a page needs no thought.

mod look_up;
mod pages;

use kiosk_core::event::Touch;
use kiosk_core::screen::{Look, Notice, Screen};
use kiosk_core::ticket::TicketId;

use super::dates;
use super::words::Language;

/// The text that the code of a ticket carries.
pub type QrText = dyn Fn(&TicketId) -> String + Send + Sync;

/// Everything that a screen shows, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct ScreenModel {
    /// What stands around the page.
    pub frame: FrameModel,
    /// The page's own.
    pub page: PageModel,
}

/// What stands around every page.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameModel {
    /// Which page it is.
    pub name: PageName,
    /// `08:05`; empty while the clock is not trusted.
    pub clock: String,
    /// `Thứ Năm 12/6`; empty like the clock.
    pub date: String,
    /// Something unusual: icon name and words.
    pub notice: Option<(&'static str, String)>,
    /// The countdown; empty while the page stays.
    pub leaving: String,
    /// How it is shown.
    pub look: Look,
    /// Whether `Quay lại` and home lead anywhere.
    pub way_back: bool,
}

/// A page's data, by the shape of the page.
#[derive(Clone, Debug, PartialEq)]
pub enum PageModel {
    /// The first page.
    Home {
        /// People waiting.
        waiting: String,
        /// Counters open.
        open_counters: String,
        /// Why no number can be had; empty when it can.
        closed: String,
    },
    /// A question and its answers.
    Choices(ChoicesModel),
    /// A number.
    Number(NumberModel),
    /// One thing to say.
    Message {
        /// Large; empty when the page itself says it.
        sentence: String,
        /// Below it.
        detail: String,
        /// Icon name; empty when the page has its own.
        icon: &'static str,
    },
    /// A keypad.
    Keypad(KeypadModel),
    /// A dossier's card.
    Dossier(DossierModel),
    /// A procedure.
    Procedure {
        /// Official name.
        name: String,
        /// Label and value.
        facts: Vec<(String, String)>,
    },
}

/// A question's answers.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoicesModel {
    /// What the question is about; may be empty.
    pub about: String,
    /// The answers.
    pub choices: Vec<Choice>,
    /// `1/3`; empty when one page holds all.
    pub position: String,
    /// Whether a page comes before.
    pub has_previous: bool,
    /// Whether a page follows.
    pub has_next: bool,
}

/// An answer, and what touching it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Words.
    pub label: String,
    /// Second line.
    pub detail: String,
    /// What is to be known before choosing.
    pub status: String,
    /// Icon name; empty for none.
    pub icon: String,
    /// How it stands out.
    pub tone: Tone,
    /// Whether the words are too long for the large letters of this look.
    pub long: bool,
    /// What a touch means.
    pub touch: Touch,
}

/// How an answer stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// One of several.
    Plain,
    /// The one that most people want.
    Primary,
    /// Nothing can be had behind it now.
    Closed,
}

/// A number and what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberModel {
    /// The number.
    pub number: String,
    /// What to do, when the screen stands in for paper.
    pub sentence: String,
    /// The area.
    pub area: String,
    /// People ahead, wait, counters.
    pub facts: Vec<String>,
    /// The text of its code; empty for none.
    pub qr: String,
}

/// A keypad and what was typed on it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeypadModel {
    /// Filled in for the citizen.
    pub prefix: String,
    /// Typed so far; empty on the phone's page, where only `places` tells.
    pub typed: String,
    /// The phone's places, filled or not.
    pub places: Vec<bool>,
    /// Caps of the keys, row by row; an empty one is a gap.
    pub keys: Vec<&'static str>,
    /// Whether it can go on.
    pub complete: bool,
}

/// A dossier's card.
#[derive(Clone, Debug, PartialEq)]
pub struct DossierModel {
    /// The group, as a person understands it.
    pub group: &'static str,
    /// The official stage.
    pub stage: String,
    /// Icon name of the group.
    pub icon: &'static str,
    /// Whether the citizen must act, or it is late.
    pub urgent: bool,
    /// Whether it is good news.
    pub good: bool,
    /// How late; empty when it is not.
    pub late: String,
    /// The procedure; may be empty.
    pub procedure: String,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// What to do next.
    pub advice: String,
    /// How old the data is; empty when the server just said so.
    pub as_of: String,
    /// What taking a number means here, if it helps.
    pub take_number: Option<Touch>,
}

macro_rules! page_names {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Which page is shown, as rigs and logs name it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum PageName { $($(#[$doc])* $name,)* }

        impl PageName {
            /// Every page.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in the control socket and in picture files (`number-only`).
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

page_names! {
    /// The first page.
    Home = "home",
    /// Which errand?
    Errands = "errands",
    /// Which area?
    Areas = "areas",
    /// Priority?
    Priorities = "priorities",
    /// Paper is on its way.
    Printing = "printing",
    /// The number is printed.
    Taken = "taken",
    /// The number is on the screen only.
    NumberOnly = "number-only",
    /// None could be given.
    CannotIssue = "cannot-issue",
    /// Nothing can be written down.
    OutOfService = "out-of-service",
    /// None can be had now.
    NotNow = "not-now",
    /// Scan or type.
    LookUpStart = "look-up-start",
    /// The keypad for a code.
    TypeCode = "type-code",
    /// The keypad for four digits.
    TypePhone = "type-phone",
    /// Asking.
    Searching = "searching",
    /// The card.
    Dossier = "dossier",
    /// No card.
    LookUpFailed = "look-up-failed",
    /// Fields of procedures.
    Fields = "fields",
    /// Procedures of a field.
    Procedures = "procedures",
    /// One procedure.
    Procedure = "procedure",
    /// Which counter?
    RateCounters = "rate-counters",
    /// How was it?
    RateScale = "rate-scale",
    /// Why?
    RateReasons = "rate-reasons",
    /// Thanks.
    RateThanks = "rate-thanks",
}

/// The words of a screen. `qr` gives the text of a ticket's code.
pub fn model(screen: &Screen, qr: &QrText) -> ScreenModel {
    let language = Language::of(screen.look);
    let (name, page) = pages::page(&screen.page, &pages::Telling { language, now: screen.at, qr });
    ScreenModel { frame: frame(screen, name, language), page: fitted(page, screen.look) }
}

/// Marks the words that get smaller letters: those that do not fit on a line of a button and share it with others.
fn fitted(mut page: PageModel, look: Look) -> PageModel {
    let letters_a_line = match (look.large_text, look.low_reach) {
        (false, false) => 27,
        (true, false) | (false, true) => 20,
        (true, true) => 12,
    };
    if let PageModel::Choices(model) = &mut page {
        for choice in &mut model.choices {
            let alone = choice.detail.is_empty() && choice.status.is_empty();
            choice.long = !alone && choice.label.chars().count() > letters_a_line;
        }
    }
    page
}

fn frame(screen: &Screen, name: PageName, language: Language) -> FrameModel {
    FrameModel {
        name,
        clock: dates::clock(screen.at),
        date: dates::date(screen.at, language),
        notice: screen.notice.and_then(|notice| match notice {
            Notice::LineDown => Some(("line-down", language.line_down().to_owned())),
            // The page itself says so, larger.
            Notice::NoPaper(_) if name == PageName::NumberOnly => None,
            Notice::NoPaper(trouble) => Some(("no-paper", language.no_paper(trouble))),
        }),
        leaving: screen.leaves_in_secs.map(|secs| language.leaving(secs)).unwrap_or_default(),
        look: screen.look,
        way_back: way_back(name),
    }
}

/// Where the citizen has nothing to go back to, `Xong` or the end of a wait is the way.
fn way_back(name: PageName) -> bool {
    !matches!(
        name,
        PageName::Home
            | PageName::Printing
            | PageName::Taken
            | PageName::NumberOnly
            | PageName::CannotIssue
            | PageName::OutOfService
            | PageName::Searching
            | PageName::RateThanks
    )
}
