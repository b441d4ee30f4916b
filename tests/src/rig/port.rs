//! Ports of this machine that two rigs do not take at the same time.

use std::io;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

/// How often any free port is looked for.
const TRIES: u32 = 20;

/// A port that was free when it was taken. No other rig takes it for as long as this lives, whether or not the program
/// that it is for listens yet.
pub struct Port {
    number: u16,
    /// A name that one process of this machine can hold; it leaves no file behind.
    _claim: UnixListener,
}

impl Port {
    /// The wished port if nobody has it, any other otherwise; 0 for any.
    ///
    /// # Errors
    /// When the system has no free port.
    pub fn take(wished: u16) -> io::Result<Self> {
        let mut taken = Self::claim(wished);
        for _ in 0..TRIES {
            if taken.is_ok() {
                break;
            }
            taken = Self::claim(0);
        }
        taken
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }

    fn claim(wished: u16) -> io::Result<Self> {
        let number = TcpListener::bind(("127.0.0.1", wished))?.local_addr()?.port();
        let name = SocketAddr::from_abstract_name(format!("kiosk-hall-rig-{number}"))?;
        Ok(Self { number, _claim: UnixListener::bind_addr(&name)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rigs_that_wish_for_one_port_get_two() {
        let first = Port::take(0).unwrap();
        let second = Port::take(first.number()).unwrap();
        assert_ne!(first.number(), second.number());
        let wished = first.number();
        drop(first);
        assert_eq!(Port::take(wished).unwrap().number(), wished, "control: given back, it can be had");
    }
}
