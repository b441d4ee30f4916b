//! Pictures that the fake printer keeps (`GS ( L`): they outlive `ESC @` and the power.

use std::collections::BTreeMap;

use crate::document::Bitmap;

#[derive(Debug, Clone, Default)]
pub(super) struct Stored {
    pictures: BTreeMap<[u8; 2], Bitmap>,
}

/// What a function of `GS ( L` asks of the mechanism.
pub(super) enum Asked {
    Nothing,
    Print(Bitmap),
    Tell(Vec<u8>),
}

impl Stored {
    /// Carries out a function with its parameters.
    pub(super) fn carry_out(&mut self, function: u8, rest: &[u8]) -> Asked {
        match (function, rest) {
            (64, b"KC") => return Asked::Tell(self.list()),
            (65, b"CLR") => self.pictures.clear(),
            (67, [48, k1, k2, 1, x_low, x_high, _, _, 49, dots @ ..]) => {
                let width = u16::from_le_bytes([*x_low, *x_high]);
                let mut picture = Bitmap::new(width, 0);
                dots.chunks_exact(picture.row_bytes()).for_each(|row| picture.push_row(row));
                self.pictures.insert([*k1, *k2], picture);
            }
            (69, [k1, k2, 1, 1]) => {
                return self.pictures.get(&[*k1, *k2]).cloned().map_or(Asked::Nothing, Asked::Print);
            }
            _ => {}
        }
        Asked::Nothing
    }

    fn list(&self) -> Vec<u8> {
        let keys = self.pictures.keys().flatten();
        b"\x37\x72\x40".iter().chain(keys).chain(&[0]).copied().collect()
    }
}
