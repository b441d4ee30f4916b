//! The drivers against the fakes, over real lines and in virtual time.

#[cfg(test)]
mod displays;
#[cfg(test)]
mod encoding;
#[cfg(test)]
mod end_to_end;
#[cfg(test)]
mod endurance;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod judges;
#[cfg(test)]
mod port;
#[cfg(test)]
mod presenter;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod readers;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod stored;
