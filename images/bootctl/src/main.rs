//! Chooses the slot a kiosk boots from.

fn main() {}
