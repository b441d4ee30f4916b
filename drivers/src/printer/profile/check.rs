//! What a profile must hold for a ticket to come out.

use super::{Crop, Dialect, Profile, ProfileError};

/// The first fault, with its remedy.
pub(super) fn check(profile: &Profile, origin: &str) -> Result<(), ProfileError> {
    let fault = paper_fault(profile).or_else(|| line_fault(profile)).or_else(|| extras_fault(profile));
    match fault {
        None => Ok(()),
        Some((field, value, remedy)) => {
            Err(ProfileError::Field { origin: origin.to_owned(), field, value, remedy })
        }
    }
}

type Fault = Option<(&'static str, String, &'static str)>;

/// A fault unless the value is as it should be.
fn unless(is_good: bool, field: &'static str, value: impl ToString, remedy: &'static str) -> Fault {
    (!is_good).then(|| (field, value.to_string(), remedy))
}

fn paper_fault(profile: &Profile) -> Fault {
    let name_is_good = !profile.name.is_empty()
        && profile
            .name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let width = profile.width_dots;
    None.or_else(|| {
        unless(name_is_good, "name", format!("{:?}", profile.name), "use small letters, digits and hyphens")
    })
    .or_else(|| unless(!profile.title.is_empty(), "title", "\"\"", "say maker and model"))
    .or_else(|| {
        let is_good = width.is_multiple_of(8) && (192..=1280).contains(&width);
        unless(
            is_good,
            "width_dots",
            width,
            "give a multiple of 8 from 192 to 1280; 80 mm paper has 512 to 640",
        )
    })
    .or_else(|| {
        let is_good = (150..=255).contains(&profile.dpi);
        unless(
            is_good,
            "dpi",
            profile.dpi,
            "give 150 to 255; 203 and 180 are usual (8 or 7 dots a millimetre)",
        )
    })
    .or_else(|| {
        let is_good = (20..=500).contains(&profile.mm_per_sec);
        unless(is_good, "mm_per_sec", profile.mm_per_sec, "give the paper's speed, 20 to 500")
    })
    .or_else(|| {
        let distance = profile.head_to_cutter_mm;
        unless(distance <= 100, "head_to_cutter_mm", distance, "give at most 100; 15 is usual")
    })
}

fn line_fault(profile: &Profile) -> Fault {
    let (longest, buffer) = (profile.max_command_bytes, profile.receive_buffer_bytes);
    None.or_else(|| {
        unless(
            (512..=4096).contains(&longest),
            "max_command_bytes",
            longest,
            "give 512 to 4096; a longer command that breaks off would make the printer swallow the next ticket",
        )
    })
    .or_else(|| {
        let is_good = (256..=1 << 24).contains(&buffer);
        unless(is_good, "receive_buffer_bytes", buffer, "give the size that the manual names, 256 at least")
    })
    .or_else(|| {
        let bands = profile.unconfirmed_bands;
        unless(bands <= 64, "unconfirmed_bands", bands, "give 0 to 64; 3 is usual")
    })
    .or_else(|| {
        let is_good = (500..=30_000).contains(&profile.reply_limit.as_millis());
        unless(is_good, "reply_limit_ms", profile.reply_limit.as_millis(), "give 500 to 30000; 3000 is usual")
    })
    .or_else(|| {
        let is_good = (500..=30_000).contains(&profile.write_limit.as_millis());
        unless(is_good, "write_limit_ms", profile.write_limit.as_millis(), "give 500 to 30000; 3000 is usual")
    })
    .or_else(|| {
        let is_good = (1_200..=921_600).contains(&profile.serial.baud);
        unless(is_good, "serial.baud", profile.serial.baud, "give 1200 to 921600; the self-test slip names it")
    })
}

fn extras_fault(profile: &Profile) -> Fault {
    let patterns = || profile.detect.makers.iter().chain(&profile.detect.models);
    let short = patterns().find(|pattern| pattern.trim().len() < 2);
    None.or_else(|| {
        let font = profile.rom_font?;
        let is_good = (8..=32).contains(&font.width_dots) && (16..=48).contains(&font.height_dots);
        let value = format!("{} x {}", font.width_dots, font.height_dots);
        unless(is_good, "rom_font", value, "give the size of font A, mostly 12 x 24")
    })
    .or_else(|| {
        let needless = profile.presenter.is_some() && profile.dialect == Dialect::Epson;
        unless(!needless, "presenter", "...", "only dialect = \"custom\" has one; remove it or set the dialect")
    })
    .or_else(|| {
        let limit = profile.presenter?.unclaimed_limit.as_secs();
        let is_good = (2..=600).contains(&limit);
        unless(is_good, "presenter.unclaimed_limit_secs", limit, "give 2 to 600 seconds")
    })
    .or_else(|| {
        let is_safe = profile.dialect == Dialect::Epson && profile.crop == Crop::Position;
        let is_good = !profile.nv_graphics || is_safe;
        unless(
            is_good,
            "nv_graphics",
            profile.nv_graphics,
            "set false: only printers that follow Epson to the letter (crop = \"position\") keep pictures safely",
        )
    })
    .or_else(|| short.and_then(|pattern| unless(false, "detect", pattern, "give at least two letters each")))
}

#[cfg(test)]
mod tests {
    use super::super::{Profile, ProfileError};

    /// The text of a good profile with one line exchanged.
    fn changed(from: &str, to: &str) -> String {
        let text = include_str!("../../../profiles/vkp80.toml");
        let start = text.find(from).unwrap();
        let end = start + text[start..].find('\n').unwrap();
        format!("{}{to}{}", &text[..start], &text[end..])
    }

    #[test]
    fn each_fault_is_named_with_its_field_and_remedy() {
        let idle = "presenter = { present_steps = 8, unclaimed_limit_secs = 0, unclaimed = \"eject\" }";
        for (from, to, field, remedy) in [
            ("name =", "name = \"VKP 80\"", "name", "small letters"),
            ("title =", "title = \"\"", "title", "maker and model"),
            ("width_dots =", "width_dots = 577", "width_dots", "multiple of 8"),
            ("dpi =", "dpi = 600", "dpi", "203 and 180"),
            ("mm_per_sec =", "mm_per_sec = 0", "mm_per_sec", "20 to 500"),
            ("head_to_cutter_mm =", "head_to_cutter_mm = 500", "head_to_cutter_mm", "15 is usual"),
            ("max_command_bytes =", "max_command_bytes = 4097", "max_command_bytes", "512 to 4096"),
            ("receive_buffer_bytes =", "receive_buffer_bytes = 1", "receive_buffer_bytes", "manual"),
            ("unconfirmed_bands =", "unconfirmed_bands = 65", "unconfirmed_bands", "3 is usual"),
            ("reply_limit_ms =", "reply_limit_ms = 1", "reply_limit_ms", "3000 is usual"),
            ("write_limit_ms =", "write_limit_ms = 40000", "write_limit_ms", "3000 is usual"),
            ("nv_graphics =", "nv_graphics = true", "nv_graphics", "set false"),
            ("dialect =", "dialect = \"epson\"", "presenter", "custom"),
            ("presenter =", idle, "presenter.unclaimed_limit_secs", "2 to 600"),
            ("serial =", "serial = { baud = 9, flow = \"none\" }", "serial.baud", "self-test"),
            ("detect =", "detect = { makers = [\"\"] }", "detect", "two letters"),
        ] {
            match Profile::from_toml(&changed(from, to), "hall.toml") {
                Err(error @ ProfileError::Field { .. }) => {
                    let text = error.to_string();
                    assert!(text.starts_with(&format!("printer profile hall.toml: {field} = ")), "{text}");
                    assert!(text.contains(remedy), "{text}");
                }
                other => panic!("{to}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_missing_unknown_or_mistyped_field_is_named_with_its_line() {
        for (from, to, words) in [
            ("width_dots =", "", "missing field `width_dots`"),
            ("width_dots =", "widht_dots = 576", "unknown field `widht_dots`"),
            ("cutter =", "cutter = \"yes\"", "expected a boolean"),
            (
                "crop =",
                "crop = \"left\"",
                "unknown variant `left`, expected one of `position`, `center`, `right`",
            ),
            ("serial =", "serial = { baud = 9600, flow = \"dtr\" }", "unknown variant `dtr`"),
        ] {
            let error = Profile::from_toml(&changed(from, to), "hall.toml").unwrap_err().to_string();
            assert!(
                error.contains("hall.toml") && error.contains(words) && error.contains("line"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_name_that_nobody_knows_is_answered_with_those_that_are_known() {
        let error = Profile::find("tm-t81").unwrap_err().to_string();
        assert!(error.contains("tm-t82, tm-t88") && error.contains(".toml"), "{error}");
    }

    #[test]
    fn a_hall_adds_a_profile_by_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("own.toml");
        std::fs::write(&path, changed("name =", "name = \"own\"")).unwrap();
        assert_eq!(Profile::find(path.to_str().unwrap()).unwrap().name, "own");
        let missing = dir.path().join("missing.toml");
        let error = Profile::find(missing.to_str().unwrap()).unwrap_err();
        assert!(matches!(error, ProfileError::Unreadable { path, .. } if path == missing));
    }
}
