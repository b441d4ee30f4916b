//! What must never be kept: a citizen card, a dossier's full code and secret, phone digits, foreign scans. Canaries are
//! scanned and typed, then searched for in the raw bytes of every file that kiosk and district server leave.
#![cfg(test)]

mod canaries;
mod glass;
mod store;
