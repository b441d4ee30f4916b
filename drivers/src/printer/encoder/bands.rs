//! A bitmap as `GS v 0` bands: cropped to their ink, at most 64 rows, blank rows as `ESC J`.

use super::{Command, CommandKind, EncodeError, Piece, compose};
use crate::document::Bitmap;
use crate::printer::profile::{Crop, Profile};

const BAND_ROWS: usize = 64;
/// `ESC $ nL nH` and the header of `GS v 0`.
const HEADER_BYTES: usize = 12;
/// What a band costs beside its dots, in bytes: its header, its fence, and the printer's trouble with it.
const BAND_COST: usize = 30;

/// How large a dot of a bitmap becomes on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    /// One dot.
    Single,
    /// Two dots each way (`GS v 0`, mode 3).
    Double,
}

impl Grain {
    fn mode(self) -> u8 {
        match self {
            Self::Single => 0,
            Self::Double => 3,
        }
    }

    /// Dots of paper that this many dots of a bitmap take.
    fn dots(self, count: usize) -> u32 {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match self {
            Self::Single => count,
            Self::Double => count.saturating_mul(2),
        }
    }
}

pub(super) fn encode(
    bitmap: &Bitmap,
    grain: Grain,
    profile: &Profile,
    pieces: &mut Vec<Piece>,
) -> Result<(), EncodeError> {
    let rows: Vec<Row> = bitmap.rows().map(|dots| Row::new(dots, profile)).collect();
    let mut at = 0;
    while at < rows.len() {
        let blanks = rows.iter().skip(at).take_while(|row| row.ink.is_none()).count();
        if blanks > 0 {
            pieces.push(Piece::Blank { dots: grain.dots(blanks) });
        }
        at += blanks;
        let inked = rows.iter().skip(at).take_while(|row| row.ink.is_some()).count();
        let stretch = rows.get(at..at + inked).unwrap_or_default();
        let mut start = 0;
        for count in cheapest_bands(stretch, profile) {
            let rows = stretch.get(start..start + count).unwrap_or_default();
            pieces.push(Piece::Command(band(rows, grain, profile)?));
            start += count;
        }
        at += inked;
    }
    Ok(())
}

/// A row of dots and the bytes of it that a band must send.
struct Row<'a> {
    dots: &'a [u8],
    /// First and last byte that is sent; none for a blank row.
    ink: Option<(usize, usize)>,
}

impl<'a> Row<'a> {
    fn new(dots: &'a [u8], profile: &Profile) -> Self {
        let first = dots.iter().position(|byte| *byte != 0);
        let last = dots.iter().rposition(|byte| *byte != 0);
        let ink = first.zip(last).map(|(first, last)| match profile.crop {
            Crop::Position => (first, last),
            Crop::Center => {
                let end = dots.len().saturating_sub(1);
                let margin = first.min(end.saturating_sub(last));
                (margin, end - margin)
            }
            Crop::Right => (0, last),
        });
        Self { dots, ink }
    }
}

/// Cuts a stretch of rows into bands (given as row counts) so that together they cost the fewest bytes: short rows do
/// not pay for the long ones beside them.
fn cheapest_bands(rows: &[Row<'_>], profile: &Profile) -> Vec<usize> {
    // For each row: the cost from there to the end, and how many rows the first band takes.
    let mut best = vec![(0, 0); rows.len() + 1];
    for start in (0..rows.len()).rev() {
        let (mut left, mut right) = (usize::MAX, 0);
        let mut cheapest = (usize::MAX, 1);
        for (index, row) in rows.iter().enumerate().skip(start).take(BAND_ROWS) {
            let Some((row_left, row_right)) = row.ink else { break };
            (left, right) = (left.min(row_left), right.max(row_right));
            let count = index + 1 - start;
            let dots = (right + 1 - left) * count;
            if count > 1 && dots + HEADER_BYTES > profile.max_command_bytes {
                break;
            }
            let rest = best.get(index + 1).map_or(0, |(cost, _)| *cost);
            cheapest = cheapest.min((BAND_COST + dots + rest, count));
        }
        if let Some(entry) = best.get_mut(start) {
            *entry = cheapest;
        }
    }
    let mut counts = Vec::new();
    let mut at = 0;
    while let Some((_, count)) = best.get(at).filter(|(_, count)| *count > 0) {
        counts.push(*count);
        at += count;
    }
    counts
}

fn band(rows: &[Row<'_>], grain: Grain, profile: &Profile) -> Result<Command, EncodeError> {
    let inks = || rows.iter().filter_map(|row| row.ink);
    let left = inks().map(|(first, _)| first).min().unwrap_or(0);
    let right = inks().map(|(_, last)| last).max().unwrap_or(0);
    let width = right + 1 - left;
    let mut data: Vec<u8> =
        rows.iter().flat_map(|row| row.dots.get(left..=right).unwrap_or_default()).copied().collect();
    defuse(&mut data, width);
    let low_high = |count: usize| u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    let bytes = compose(|printer| {
        if left > 0 && profile.crop == Crop::Position {
            let [low, high] = low_high(grain.dots(left * 8) as usize);
            printer.custom(&[0x1b, b'$', low, high])?;
        }
        let ([x_low, x_high], [y_low, y_high]) = (low_high(width), low_high(rows.len()));
        let mut command = vec![0x1d, b'v', b'0', grain.mode(), x_low, x_high, y_low, y_high];
        command.append(&mut data);
        printer.custom(&command)?;
        Ok(())
    })?;
    Ok(Command::new(CommandKind::Band, bytes, grain.dots(rows.len())))
}

/// Whether these bytes begin a command that some printers obey even in the middle of dots: `DLE EOT`, `DLE ENQ`,
/// `DLE DC4`.
fn is_real_time(pair: &[u8]) -> bool {
    matches!(pair, [0x10, 0x04 | 0x05 | 0x14])
}

/// Shifts rows by a dot until no real-time command is left in the dots.
pub(super) fn defuse(data: &mut [u8], width: usize) {
    const TRIES: usize = 6;
    let mut tries = vec![0; data.len() / width.max(1) + 1];
    while let Some(at) = data.windows(2).position(is_real_time) {
        let row = (at + 1) / width;
        let Some(count) = tries.get_mut(row) else { return };
        *count += 1;
        if *count > TRIES {
            // A row that resists loses the one dot of 0x10.
            if let Some(byte) = data.get_mut(at) {
                *byte = 0;
            }
            continue;
        }
        if let Some(dots) = data.get_mut(row * width..(row + 1) * width) {
            // Right once, then left twice: the row ends at most a dot away from where it was for the first tries.
            if *count % 3 == 1 { shift_right(dots) } else { shift_left(dots) }
        }
    }
}

fn shift_right(row: &mut [u8]) {
    let mut carry = 0;
    for byte in row {
        let next = *byte << 7;
        *byte = (*byte >> 1) | carry;
        carry = next;
    }
}

fn shift_left(row: &mut [u8]) {
    let mut carry = 0;
    for byte in row.iter_mut().rev() {
        let next = *byte >> 7;
        *byte = (*byte << 1) | carry;
        carry = next;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dots_that_look_like_a_real_time_command_are_shifted_by_one() {
        for second in [0x04, 0x05, 0x14] {
            let mut data = vec![0, 0x10, second, 0];
            defuse(&mut data, 4);
            let whole = u32::from_be_bytes([0, 0x10, second, 0]);
            assert_eq!(data, (whole >> 1).to_be_bytes());
            let mut across_rows = vec![0, 0x10, second, 0];
            defuse(&mut across_rows, 2);
            let [first, last] = (u16::from(second) << 7).to_be_bytes();
            assert_eq!(across_rows, [0, 0x10, first, last]);
        }
    }

    #[test]
    fn no_band_is_a_byte_longer_than_the_printer_takes() {
        for (name, row_bytes) in [("tm-t82", 60), ("generic-80", 72), ("generic-58", 48)] {
            let mut profile = Profile::named(name).unwrap();
            let mut black = Bitmap::new(profile.width_dots, 0);
            let margin = black.row_bytes() - row_bytes;
            let row = [vec![0; margin], vec![0xff; row_bytes]].concat();
            (0..64).for_each(|_| black.push_row(&row));
            for max_command_bytes in 512..=4096 {
                profile.max_command_bytes = max_command_bytes;
                let stretch: Vec<Row> = black.rows().map(|dots| Row::new(dots, &profile)).collect();
                let counts = cheapest_bands(&stretch, &profile);
                assert_eq!(counts.iter().sum::<usize>(), 64);
                let longest = band(&stretch[..*counts.iter().max().unwrap()], Grain::Single, &profile)
                    .unwrap()
                    .bytes
                    .len();
                assert!(longest <= max_command_bytes, "{name}: {longest} bytes for {max_command_bytes}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_dots_contain_a_real_time_command(
            mut data in proptest::collection::vec(prop_oneof![
                Just(0x10u8), Just(0x04), Just(0x05), Just(0x14), Just(0x20), Just(0x08), Just(0x28), any::<u8>()
            ], 8..600),
            width in 1usize..8,
        ) {
            data.truncate(data.len() / width * width);
            let length = data.len();
            defuse(&mut data, width);
            prop_assert_eq!(data.len(), length);
            prop_assert!(!data.windows(2).any(is_real_time));
        }
    }
}
