//! Accepted pictures in `tests/golden`, and what to do when a page looks otherwise.

use std::path::{Path, PathBuf};

use kiosk_app::view::headless::Picture;

/// A channel may differ this much: accepted pictures have few colours, and the last bit of a blend is the processor's.
const TOLERANCE: u8 = Picture::MOST_OFF + 4;

/// Compares with the accepted picture; `KIOSK_ACCEPT=1` makes this one the accepted.
pub fn compare(name: &str, picture: &Picture) -> Result<(), String> {
    let accepted = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.png"));
    let same = Picture::load(&accepted).is_ok_and(|old| differing(&old, picture) == Some(0));
    if same {
        return Ok(());
    }
    if std::env::var_os("KIOSK_ACCEPT").is_some() {
        return picture.save(&accepted).map_err(|fault| format!("{name}: {fault}"));
    }
    let difference = match Picture::load(&accepted).map(|old| differing(&old, picture)) {
        Ok(Some(pixels)) => format!("{pixels} pixels differ from the accepted picture"),
        Ok(None) => "another size than the accepted picture".into(),
        Err(fault) => format!("no accepted picture ({fault})"),
    };
    let actual = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
    picture.save(&actual).map_err(|fault| format!("{name}: {difference}; {fault}"))?;
    Err(format!("{name}: {difference}; look at {} and accept it with KIOSK_ACCEPT=1", actual.display()))
}

/// Pixels that differ, `None` for pictures of different sizes.
fn differing(one: &Picture, other: &Picture) -> Option<usize> {
    if (one.width, one.height) != (other.width, other.height) {
        return None;
    }
    let pixels = one.rgb.as_chunks::<3>().0.iter().zip(other.rgb.as_chunks::<3>().0);
    Some(pixels.filter(|(a, b)| a != b && a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > TOLERANCE)).count())
}
