//! Which key of a pad has which number.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use evdev::KeyCode;

use crate::address::Address;

/// The keys of a pad: code to number, 1 to 9. A code is the byte of a serial pad, the number of a pin, or a Linux key code.
///
/// As text, for a pad with keys of its own: `KEY_KP7=1,KEY_KP9=2`, `0x41=1,0x42=2`, `65=1`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyTable(BTreeMap<u16, u8>);

/// Why a text is no table of keys.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyTableError {
    /// Not `CODE=NUMBER`.
    #[error("key {0:?} must be CODE=NUMBER, such as KEY_KP1=1 or 0x41=1")]
    Entry(String),
    /// What stands for a code is none.
    #[error("code {0:?} must be a number, 0x and hexadecimal digits, or a name such as KEY_KP1")]
    Code(String),
    /// What stands for a key's number is none.
    #[error("number {0:?} of a key must be 1 to 9")]
    Number(String),
    /// One code for two numbers.
    #[error("code {0:?} stands twice")]
    Twice(String),
}

impl KeyTable {
    /// The usual keys at such an address: ASCII digits of a serial pad, both rows of digits of an input device, pins in
    /// the order of the address.
    #[must_use]
    pub fn of(address: &Address) -> Self {
        match address {
            Address::Tcp { .. } | Address::Serial { .. } | Address::File { .. } | Address::Usb(_) => {
                Self::ascii_digits()
            }
            Address::Evdev { .. } => Self::input_digits(),
            Address::Gpio { pins } => {
                Self((1..=9).zip(pins).map(|(key, pin)| ((*pin).into(), key)).collect())
            }
        }
    }

    /// `'1'` to `'9'`.
    #[must_use]
    pub fn ascii_digits() -> Self {
        Self((1..=9).map(|key| (u16::from(b'0' + key), key)).collect())
    }

    /// `KEY_1` to `KEY_9`, `KEY_KP1` to `KEY_KP9`, and `KEY_NUMERIC_1` to `_9` of remote controls.
    #[must_use]
    pub fn input_digits() -> Self {
        let number_block = [
            KeyCode::KEY_KP1,
            KeyCode::KEY_KP2,
            KeyCode::KEY_KP3,
            KeyCode::KEY_KP4,
            KeyCode::KEY_KP5,
            KeyCode::KEY_KP6,
            KeyCode::KEY_KP7,
            KeyCode::KEY_KP8,
            KeyCode::KEY_KP9,
        ];
        let mut table: BTreeMap<u16, u8> = number_block.iter().map(|code| code.code()).zip(1..=9).collect();
        for first in [KeyCode::KEY_1, KeyCode::KEY_NUMERIC_1] {
            table.extend((first.code()..).zip(1..=9));
        }
        Self(table)
    }

    /// The number of the key with this code, if it has one.
    #[must_use]
    pub fn key(&self, code: u16) -> Option<u8> {
        self.0.get(&code).copied()
    }
}

impl FromStr for KeyTable {
    type Err = KeyTableError;

    fn from_str(text: &str) -> Result<Self, KeyTableError> {
        let mut table = BTreeMap::new();
        for entry in text.split(',').map(str::trim) {
            let (code, number) =
                entry.split_once('=').ok_or_else(|| KeyTableError::Entry(entry.to_owned()))?;
            let (code, number) = (code.trim(), number.trim());
            let key = number.parse().ok().filter(|key| (1..=9).contains(key));
            let key = key.ok_or_else(|| KeyTableError::Number(number.to_owned()))?;
            let parsed = parse_code(code).ok_or_else(|| KeyTableError::Code(code.to_owned()))?;
            if table.insert(parsed, key).is_some() {
                return Err(KeyTableError::Twice(code.to_owned()));
            }
        }
        Ok(Self(table))
    }
}

fn parse_code(text: &str) -> Option<u16> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u16::from_str_radix(digits, 16).ok();
    }
    text.parse().ok().or_else(|| KeyCode::from_str(text).ok().map(KeyCode::code))
}

impl fmt::Display for KeyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Vec<String> = self.0.iter().map(|(code, key)| format!("{code}={key}")).collect();
        f.write_str(&entries.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_reads_codes_in_every_notation() {
        let table: KeyTable = "KEY_KP7=1, 0x41=2,66=3 , KEY_ENTER=3".parse().unwrap();
        for (code, key) in [(71, Some(1)), (0x41, Some(2)), (66, Some(3)), (28, Some(3)), (2, None)] {
            assert_eq!(table.key(code), key, "{code}");
        }
        assert_eq!(table.to_string().parse::<KeyTable>().unwrap(), table);
    }

    #[test]
    fn a_wrong_table_says_what_is_wrong() {
        for (text, words) in [
            ("", "must be CODE=NUMBER"),
            ("KEY_1", "must be CODE=NUMBER"),
            ("KEY_1=1,", "must be CODE=NUMBER"),
            ("KEY_NOTHING=1", "must be a number, 0x"),
            ("70000=1", "must be a number, 0x"),
            ("65=0", "must be 1 to 9"),
            ("65=10", "must be 1 to 9"),
            ("65=1,0x41=2", "stands twice"),
        ] {
            let error = text.parse::<KeyTable>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn the_usual_keys_follow_from_the_address() {
        for (address, code, key) in [
            ("serial:/dev/ttyUSB0", u16::from(b'3'), Some(3)),
            ("evdev:port=1-1", KeyCode::KEY_KP9.code(), Some(9)),
            ("evdev:port=1-1", KeyCode::KEY_1.code(), Some(1)),
            ("evdev:port=1-1", KeyCode::KEY_9.code(), Some(9)),
            ("evdev:port=1-1", KeyCode::KEY_0.code(), None),
            ("evdev:name=remote", KeyCode::KEY_NUMERIC_9.code(), Some(9)),
            ("gpio:17,27,22", 27, Some(2)),
            ("gpio:17,27,22", 4, None),
        ] {
            assert_eq!(KeyTable::of(&address.parse().unwrap()).key(code), key, "{address} {code}");
        }
    }
}
