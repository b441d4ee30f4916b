//! The first questions of a connection: who are you, and do you confirm what you have carried out?

use super::super::profile::{Dialect, Identity};
use super::FENCE;
use crate::clock::Moment;

/// `GS I 66` and `GS I 67`: maker and model, as text. A printer that does not know a question skips it; the fence behind
/// each tells which one was answered.
const QUESTIONS: [&[u8]; 2] = [b"\x1dI\x42", b"\x1dI\x43"];

/// What is still to be answered. A job begins only then: a late answer would pass for its confirmation.
#[derive(Debug, Clone, Default)]
pub(super) struct Greeting {
    fences_due: usize,
    questions: usize,
    identity: Identity,
    /// Until when to wait; none while the printer cannot answer.
    until: Option<Moment>,
}

impl Greeting {
    /// The questions for a printer of that dialect, with their bytes. Custom's answer to `GS I` is a byte that says little.
    pub(super) fn new(dialect: Dialect) -> (Self, Vec<u8>) {
        let questions: &[&[u8]] = match dialect {
            Dialect::Epson => &QUESTIONS,
            Dialect::Custom => &[],
        };
        let mut bytes = FENCE.to_vec();
        for question in questions {
            bytes.extend_from_slice(question);
            bytes.extend_from_slice(FENCE);
        }
        let fences_due = questions.len() + 1;
        (Self { fences_due, questions: questions.len(), ..Self::default() }, bytes)
    }

    pub(super) fn fence_answered(&mut self) {
        self.fences_due = self.fences_due.saturating_sub(1);
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text).trim().to_owned();
        // The first fence stands before the first question.
        match (self.questions + 1).saturating_sub(self.fences_due) {
            1 => self.identity.maker = Some(text),
            2 => self.identity.model = Some(text),
            _ => {}
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        self.fences_due == 0
    }

    /// Waits until `until`, counted from the moment when the printer could answer.
    pub(super) fn wait(&mut self, can_answer: bool, until: Moment) {
        self.until = if can_answer { self.until.or(Some(until)) } else { None };
    }

    pub(super) fn until(&self) -> Option<Moment> {
        self.until.filter(|_| !self.is_answered())
    }

    pub(super) fn is_over(&self, now: Moment) -> bool {
        self.until().is_some_and(|until| now >= until)
    }

    /// What the printer said of itself; nothing if it did not understand the questions.
    pub(super) fn into_identity(self) -> Identity {
        self.identity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_belongs_to_the_question_between_its_fences() {
        let some = |text: &str| Some(text.to_owned());
        for (replies, maker, model) in [
            (&["", "EPSON", "", "TM-T82", ""][..], some("EPSON"), some("TM-T82")),
            (&["", "", "TM-T82", ""], None, some("TM-T82")),
            (&["", "EPSON", "", ""], some("EPSON"), None),
            (&["noise", "", "", ""], None, None),
        ] {
            let (mut greeting, _) = Greeting::new(Dialect::Epson);
            for reply in replies {
                if reply.is_empty() { greeting.fence_answered() } else { greeting.text(reply.as_bytes()) }
            }
            assert!(greeting.is_answered());
            let identity = greeting.into_identity();
            assert_eq!((identity.maker, identity.model), (maker, model), "{replies:?}");
        }
    }
}
