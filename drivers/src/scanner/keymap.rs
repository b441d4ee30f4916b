//! The keyboard of a wedge scanner: key movements to bytes, by a fixed US map.
//!
//! A wedge scanner types what it reads, so it must be set to the US keyboard (how scanners come from the factory), and
//! it can only type ASCII. Nothing is guessed: a key that types no ASCII spoils the scan it stands in.

use crate::keys::{KeyRecord, Movement};

/// Stands for a character that this map does not have: no scan with it is text.
const SUBSTITUTE: u8 = 0x1a;

/// Characters of the codes 0 to 57 (`KEY_ESC` is 1, `KEY_SPACE` 57); 0: none.
const PLAIN: &[u8; 58] = b"\0\x1b1234567890-=\x08\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
/// The same with a shift key down.
const SHIFTED: &[u8; 58] = b"\0\x1b!@#$%^&*()_+\x08\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";
/// Characters of the number block, codes 71 (`KEY_KP7`) to 83 (`KEY_KPDOT`).
const NUMBER_BLOCK: &[u8; 13] = b"789-456+1230.";
const FIRST_OF_NUMBER_BLOCK: u16 = 71;
const ENTER_OF_NUMBER_BLOCK: u16 = 96;
const SLASH_OF_NUMBER_BLOCK: u16 = 98;

const SHIFT: u8 = 0b0000_0011;
const CONTROL: u8 = 0b0000_1100;
const OTHER: u8 = 0b1111_0000;

/// A US keyboard: which modifiers are down. Caps Lock does nothing: a grabbed keyboard has no lock.
#[derive(Debug, Default)]
pub struct UsKeyboard {
    modifiers: u8,
}

impl UsKeyboard {
    /// The byte that a movement types, if any. Enter is a carriage return, whatever the scanner calls its suffix; NUL is
    /// a key without character, such as F1.
    pub fn typed(&mut self, record: KeyRecord) -> Option<u8> {
        let bit = modifier(record.code);
        match record.movement {
            Movement::Lost => {
                self.modifiers = 0;
                return Some(SUBSTITUTE);
            }
            Movement::Down | Movement::Held => self.modifiers |= bit,
            Movement::Up => self.modifiers &= !bit,
        }
        if bit != 0 || record.movement != Movement::Down {
            return None;
        }
        let byte = character(record.code, self.modifiers & SHIFT != 0);
        Some(match byte {
            0 => 0,
            _ if self.modifiers & OTHER != 0 => SUBSTITUTE,
            b'a'..=b'z' | b'A'..=b'Z' | b'[' | b'\\' | b']' if self.modifiers & CONTROL != 0 => byte & 0x1f,
            _ if self.modifiers & CONTROL != 0 => SUBSTITUTE,
            byte => byte,
        })
    }

    /// The scanner is gone: no key is down.
    pub fn reset(&mut self) {
        self.modifiers = 0;
    }
}

/// The bit of a modifier key: both Shifts, both Controls, both Alts, both Metas.
fn modifier(code: u16) -> u8 {
    match code {
        42 => 1,
        54 => 1 << 1,
        29 => 1 << 2,
        97 => 1 << 3,
        56 => 1 << 4,
        100 => 1 << 5,
        125 => 1 << 6,
        126 => 1 << 7,
        _ => 0,
    }
}

fn character(code: u16, is_shifted: bool) -> u8 {
    let table = if is_shifted { SHIFTED } else { PLAIN };
    let in_number_block = code.checked_sub(FIRST_OF_NUMBER_BLOCK).map(usize::from);
    match code {
        ENTER_OF_NUMBER_BLOCK => b'\r',
        SLASH_OF_NUMBER_BLOCK => b'/',
        _ => table
            .get(usize::from(code))
            .or_else(|| NUMBER_BLOCK.get(in_number_block?))
            .copied()
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use evdev::KeyCode;
    use proptest::prelude::*;

    use super::*;

    fn record(code: u16, movement: Movement) -> KeyRecord {
        KeyRecord { code, movement }
    }

    /// What a keyboard types when these keys are pressed, the ones marked `true` held down, the others let go at once.
    fn type_keys(keys: &[(KeyCode, bool)]) -> Vec<u8> {
        let mut keyboard = UsKeyboard::default();
        let mut typed = Vec::new();
        for (key, is_held) in keys {
            typed.extend(keyboard.typed(record(key.code(), Movement::Down)));
            if !is_held {
                typed.extend(keyboard.typed(record(key.code(), Movement::Up)));
            }
        }
        typed
    }

    #[test]
    fn every_printable_character_is_typed_by_the_key_that_has_it() {
        let mut by_byte = BTreeMap::new();
        for code in 0..=255_u16 {
            for is_shifted in [false, true] {
                by_byte.entry(character(code, is_shifted)).or_insert((code, is_shifted));
            }
        }
        let missing: Vec<char> =
            (b' '..=b'~').filter(|byte| !by_byte.contains_key(byte)).map(char::from).collect();
        assert!(missing.is_empty(), "no key types {missing:?}");
    }

    #[test]
    fn the_map_is_the_us_keyboard() {
        for (key, plain, shifted) in [
            (KeyCode::KEY_1, '1', '!'),
            (KeyCode::KEY_2, '2', '@'),
            (KeyCode::KEY_0, '0', ')'),
            (KeyCode::KEY_MINUS, '-', '_'),
            (KeyCode::KEY_EQUAL, '=', '+'),
            (KeyCode::KEY_Q, 'q', 'Q'),
            (KeyCode::KEY_P, 'p', 'P'),
            (KeyCode::KEY_LEFTBRACE, '[', '{'),
            (KeyCode::KEY_RIGHTBRACE, ']', '}'),
            (KeyCode::KEY_A, 'a', 'A'),
            (KeyCode::KEY_L, 'l', 'L'),
            (KeyCode::KEY_SEMICOLON, ';', ':'),
            (KeyCode::KEY_APOSTROPHE, '\'', '"'),
            (KeyCode::KEY_GRAVE, '`', '~'),
            (KeyCode::KEY_BACKSLASH, '\\', '|'),
            (KeyCode::KEY_Z, 'z', 'Z'),
            (KeyCode::KEY_M, 'm', 'M'),
            (KeyCode::KEY_COMMA, ',', '<'),
            (KeyCode::KEY_DOT, '.', '>'),
            (KeyCode::KEY_SLASH, '/', '?'),
            (KeyCode::KEY_SPACE, ' ', ' '),
            (KeyCode::KEY_TAB, '\t', '\t'),
            (KeyCode::KEY_ENTER, '\r', '\r'),
            (KeyCode::KEY_KPENTER, '\r', '\r'),
            (KeyCode::KEY_KPASTERISK, '*', '*'),
            (KeyCode::KEY_KP7, '7', '7'),
            (KeyCode::KEY_KP0, '0', '0'),
            (KeyCode::KEY_KPDOT, '.', '.'),
            (KeyCode::KEY_KPSLASH, '/', '/'),
            (KeyCode::KEY_F1, '\0', '\0'),
        ] {
            assert_eq!(character(key.code(), false), plain as u8, "{key:?}");
            assert_eq!(character(key.code(), true), shifted as u8, "{key:?} with Shift");
        }
    }

    #[test]
    fn modifiers_hold_until_let_go_and_what_types_no_ascii_spoils_the_scan() {
        use KeyCode as K;
        type Row = (&'static str, &'static [(KeyCode, bool)], &'static [u8]);
        let table: &[Row] = &[
            ("either Shift", &[(K::KEY_LEFTSHIFT, true), (K::KEY_H, false), (K::KEY_RIGHTSHIFT, true)], b"H"),
            (
                "Shift for one letter",
                &[(K::KEY_LEFTSHIFT, false), (K::KEY_H, false), (K::KEY_4, false)],
                b"h4",
            ),
            ("Caps Lock", &[(K::KEY_CAPSLOCK, false), (K::KEY_H, false)], b"\0h"),
            ("a group separator", &[(K::KEY_LEFTCTRL, true), (K::KEY_RIGHTBRACE, false)], b"\x1d"),
            ("a line feed", &[(K::KEY_RIGHTCTRL, true), (K::KEY_J, false)], b"\n"),
            ("an Alt code", &[(K::KEY_LEFTALT, true), (K::KEY_KP1, false)], b"\x1a"),
            ("a shortcut", &[(K::KEY_LEFTMETA, true), (K::KEY_L, false)], b"\x1a"),
        ];
        for (name, keys, bytes) in table {
            assert_eq!(type_keys(keys), *bytes, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_movements_type_ascii_and_a_reset_lets_go_of_every_key(
            keys in proptest::collection::vec((any::<u16>().prop_map(|code| code % 130), 0u8..4), 0..200),
        ) {
            let mut keyboard = UsKeyboard::default();
            for (code, movement) in keys {
                let [low, high] = code.to_le_bytes();
                let typed = keyboard.typed(KeyRecord::from_bytes([low, high, movement]));
                prop_assert!(typed.is_none_or(|byte| byte.is_ascii()));
            }
            keyboard.reset();
            prop_assert_eq!(keyboard.typed(record(35, Movement::Down)), Some(b'h'));
        }
    }
}
