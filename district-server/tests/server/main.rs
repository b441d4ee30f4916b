//! The server as a kiosk, an officer and an operator meet it: whole requests against the whole router and a real store.

#[cfg(test)]
mod import;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod lookup;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod process;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod ticket_page;
#[cfg(test)]
mod updates;
