//! An officer's press as a form carries it.

use kiosk_core::event::{OfficerAction, TransferTo};
use kiosk_core::id::{AreaId, CounterId, PauseReasonId, PressId};
use kiosk_core::ticket::TicketId;
use kiosk_core::time::BusinessDay;
use serde::Deserialize;

use super::secret;

/// The fields of `POST /quay/bam`.
#[derive(Debug, Deserialize)]
pub(super) struct PressForm {
    /// Proof that one of our pages sent it.
    pub token: String,
    /// Idempotency key, 32 hexadecimal digits.
    press: String,
    /// The ticket that the page showed in hand, empty for none.
    #[serde(default)]
    seen: String,
    /// The value of the button that was pressed, as [`button_value`] makes it.
    #[serde(rename = "do")]
    pub button: String,
}

/// A press, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Press {
    pub id: PressId,
    pub seen: Option<TicketId>,
    pub action: OfficerAction,
}

impl PressForm {
    /// `None` when no page of ours can have sent it.
    pub fn read(&self) -> Option<Press> {
        let id = PressId(u128::from_be_bytes(secret::unhex(&self.press)?));
        let seen = if self.seen.is_empty() { None } else { Some(read_ticket(&self.seen)?) };
        Some(Press { id, seen, action: action(&self.button)? })
    }
}

/// The action of a button's value, the way back of [`button_value`].
fn action(button: &str) -> Option<OfficerAction> {
    let (word, target) = button.split_once(':').unwrap_or((button, ""));
    Some(match word {
        "open" => OfficerAction::Open,
        "close" => OfficerAction::Close,
        "call" => OfficerAction::CallNext,
        "recall" => OfficerAction::Recall,
        "serve" => OfficerAction::Serve,
        "finish" => OfficerAction::Finish,
        "no-show" => OfficerAction::NoShow,
        "hold" => OfficerAction::Hold,
        "pause" => OfficerAction::Pause(PauseReasonId::new(target)),
        "to-area" => OfficerAction::Transfer(TransferTo::Area(AreaId::new(target))),
        "to-counter" => OfficerAction::Transfer(TransferTo::Counter(CounterId(target.parse().ok()?))),
        "resume" => OfficerAction::Resume(read_ticket(target)?),
        "reenter" => OfficerAction::Reenter(read_ticket(target)?),
        "cancel" => OfficerAction::Cancel(read_ticket(target)?),
        "revoke" => OfficerAction::RevokePriority(read_ticket(target)?),
        "reprint" => OfficerAction::Reprint(read_ticket(target)?),
        _ => return None,
    })
}

/// What a button of the console sends: a word, and where needed what it is done to (`to-area:dat-dai`).
pub(super) fn button_value(action: &OfficerAction) -> String {
    match action {
        OfficerAction::Open => "open".into(),
        OfficerAction::Close => "close".into(),
        OfficerAction::CallNext => "call".into(),
        OfficerAction::Recall => "recall".into(),
        OfficerAction::Serve => "serve".into(),
        OfficerAction::Finish => "finish".into(),
        OfficerAction::NoShow => "no-show".into(),
        OfficerAction::Hold => "hold".into(),
        OfficerAction::Pause(reason) => format!("pause:{reason}"),
        OfficerAction::Transfer(TransferTo::Area(area)) => format!("to-area:{area}"),
        OfficerAction::Transfer(TransferTo::Counter(counter)) => format!("to-counter:{counter}"),
        OfficerAction::Resume(ticket) => format!("resume:{}", ticket_text(ticket)),
        OfficerAction::Reenter(ticket) => format!("reenter:{}", ticket_text(ticket)),
        OfficerAction::Cancel(ticket) => format!("cancel:{}", ticket_text(ticket)),
        OfficerAction::RevokePriority(ticket) => format!("revoke:{}", ticket_text(ticket)),
        OfficerAction::Reprint(ticket) => format!("reprint:{}", ticket_text(ticket)),
    }
}

/// A ticket's identity in one word: `2026-06-12/ho-tich/12`.
pub(super) fn ticket_text(id: &TicketId) -> String {
    format!("{}/{}/{}", id.day, id.series, id.ordinal)
}

fn read_ticket(text: &str) -> Option<TicketId> {
    let (day, rest) = text.split_once('/')?;
    let (series, ordinal) = rest.rsplit_once('/')?;
    let mut date = day.splitn(3, '-');
    let year = date.next()?.parse().ok()?;
    let month = date.next()?.parse().ok()?;
    let day = BusinessDay::from_ymd(year, month, date.next()?.parse().ok()?)?;
    Some(TicketId { day, series: AreaId::new(series), ordinal: ordinal.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> TicketId {
        TicketId { day: BusinessDay(20_615), series: AreaId::new("ho-tich"), ordinal: 12 }
    }

    fn form(press: &str, seen: &str, button: &str) -> PressForm {
        let [token, press, seen, button] = ["", press, seen, button].map(str::to_owned);
        PressForm { token, press, seen, button }
    }

    #[test]
    fn every_action_goes_through_a_form_unchanged() {
        let actions = [
            OfficerAction::Open,
            OfficerAction::Pause(PauseReasonId::new("hop")),
            OfficerAction::Close,
            OfficerAction::CallNext,
            OfficerAction::Recall,
            OfficerAction::Serve,
            OfficerAction::Finish,
            OfficerAction::NoShow,
            OfficerAction::Hold,
            OfficerAction::Resume(ticket()),
            OfficerAction::Transfer(TransferTo::Area(AreaId::new("dat-dai"))),
            OfficerAction::Transfer(TransferTo::Counter(CounterId(4))),
            OfficerAction::Reenter(ticket()),
            OfficerAction::Cancel(ticket()),
            OfficerAction::RevokePriority(ticket()),
            OfficerAction::Reprint(ticket()),
        ];
        for expected in actions {
            assert_eq!(action(&button_value(&expected)), Some(expected));
        }
    }

    #[test]
    fn a_form_that_no_page_of_ours_draws_is_refused() {
        let press = "00000000000000000000000000000001";
        assert!(form(press, "", "call").read().is_some());
        assert_eq!(form(press, &ticket_text(&ticket()), "recall").read().unwrap().seen, Some(ticket()));
        let wrong = [
            ("1", "", "call"),
            (press, "2026-13-01/ho-tich/1", "call"),
            (press, "12", "call"),
            (press, "", "explode"),
            (press, "", "resume"),
            (press, "", "to-counter:300"),
        ];
        for (press, seen, button) in wrong {
            assert_eq!(form(press, seen, button).read(), None, "{press} {seen} {button}");
        }
    }
}
