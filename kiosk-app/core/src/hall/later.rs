//! Look-up, catalogue and rating.
use super::turn::Turn;
use crate::dossier::{DossierCode, LookUpAnswer};
use crate::event::KeypadFlag;
use crate::id::{CounterId, RatingReasonId, RequestId};
use crate::settings::Procedure;
use crate::ticket::Ticket;

impl Turn<'_> {
    pub(super) fn type_code(&mut self) {
        self.misplaced();
    }
    pub(super) fn typed(&mut self, _key: char) {
        self.misplaced();
    }
    pub(super) fn erase(&mut self) {
        self.misplaced();
    }
    pub(super) fn enter(&mut self) {
        self.misplaced();
    }
    pub(super) fn choose_field(&mut self, _index: usize) {
        self.misplaced();
    }
    pub(super) fn choose_procedure(&mut self, _index: usize) {
        self.misplaced();
    }
    pub(super) fn choose_rated_counter(&mut self, _counter: CounterId) {
        self.misplaced();
    }
    pub(super) fn rate_on_screen(&mut self, _key: u8) {
        self.misplaced();
    }
    pub(super) fn rate_because(&mut self, _reason: RatingReasonId) {
        self.misplaced();
    }
    pub(super) fn skip(&mut self) {
        self.misplaced();
    }
    pub(super) fn fields(&self) -> Vec<&str> {
        Vec::new()
    }
    pub(super) fn procedures_of(&self, _field: &str) -> Vec<&Procedure> {
        Vec::new()
    }
    pub(super) fn is_typed_code(&self, code: &DossierCode) -> bool {
        !code.0.is_empty()
    }
    pub(super) fn rateable_counters(&self) -> Vec<CounterId> {
        Vec::new()
    }
    pub(super) fn open_rating_window(&mut self, _counter: CounterId, _ticket: &Ticket) {}
    pub(super) fn scanned(&mut self, _text: &str) {
        self.ignore("scan");
    }
    pub(super) fn look_up_answered(&mut self, _request: RequestId, _answer: LookUpAnswer) {
        self.ignore("look-up");
    }
    pub(super) fn key_pressed(&mut self, _counter: CounterId, _key: u8) {
        self.ignore("key");
    }
    pub(super) fn keypad_flagged(&mut self, _counter: CounterId, _flag: KeypadFlag) {
        self.ignore("keypad");
    }
}
