//! Names that identify things on the wire.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The life of one kiosk database: drawn at random when the database is made, so that a restored copy, a reset or a
/// cloned card can never continue another's sequence unseen.
///
/// On the wire: 16 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// A text that is no epoch.
#[derive(Debug, thiserror::Error)]
#[error("epoch {0:?} is not 16 lower-case hex digits")]
pub struct EpochError(String);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Epoch {
    type Err = EpochError;

    fn from_str(text: &str) -> Result<Self, EpochError> {
        let plain = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        u64::from_str_radix(text, 16)
            .ok()
            .filter(|_| plain)
            .map(Epoch)
            .ok_or_else(|| EpochError(text.to_owned()))
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One ticket, named as no other: hall + series + business day + number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TicketRef {
    /// Hall that issued it.
    pub hall: String,
    /// Series (usually the service area's prefix, `A`).
    pub series: String,
    /// Business day of the hall, `yyyy-mm-dd` at UTC+7.
    pub business_day: String,
    /// The number as the citizen reads it (`A012`).
    pub number: String,
}

impl fmt::Display for TicketRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.hall, self.series, self.business_day, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_sixteen_lower_case_hex_digits_and_nothing_else() {
        assert_eq!(Epoch(0xab).to_string(), "00000000000000ab");
        assert_eq!("00000000000000ab".parse::<Epoch>().unwrap(), Epoch(0xab));
        for bad in ["", "ab", "00000000000000AB", "+0000000000000ab", "0000000000000000a", "00000000000000g0"]
        {
            assert!(bad.parse::<Epoch>().is_err(), "{bad}");
        }
    }
}
