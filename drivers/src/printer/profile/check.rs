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
    use proptest::prelude::*;

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

    /// A good profile with all keys.
    const WHOLE: &str = concat!(
        include_str!("../../../profiles/vkp80.toml"),
        "rom_font = { width_dots = 12, height_dots = 24, smoothing = true }\n"
    );

    fn is_key(line: &str) -> bool {
        line.contains(" = ")
    }

    /// Any value that TOML knows, and what is none.
    fn any_value() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            (0u32..5000).prop_map(|number| number.to_string()),
            any::<f64>().prop_map(|number| format!("{number:?}")),
            any::<bool>().prop_map(|word| word.to_string()),
            "\\PC{0,12}".prop_map(|text| format!("{text:?}")),
            "[a-z]{0,8}".prop_map(|text| format!("\"{text}\"")),
            "\\PC{0,12}",
            Just("[]".to_owned()),
            Just("{}".to_owned()),
            "[a-z_]{1,8}".prop_map(|key| format!("{{ {key} = 1 }}")),
        ]
    }

    proptest! {
        #[test]
        fn a_wrong_value_is_an_error_that_names_its_key(
            place in any::<proptest::sample::Index>(), value in any_value()
        ) {
            let lines: Vec<&str> = WHOLE.lines().collect();
            let keys: Vec<usize> = (0..lines.len()).filter(|index| is_key(lines[*index])).collect();
            let at = keys[place.index(keys.len())];
            let key = lines[at].split(' ').next().unwrap();
            let changed = format!("{key} = {value}");
            let text = lines.iter().enumerate().map(|(index, line)| if index == at { &changed } else { *line });
            let text = text.collect::<Vec<_>>().join("\n");
            match Profile::from_toml(&text, "hall.toml") {
                // Whatever passes can print.
                Ok(profile) => prop_assert!(profile.width_dots >= 192 && profile.max_command_bytes >= 512),
                Err(error) => {
                    let error = error.to_string();
                    // Of two keys that contradict each other, the one that is changed more easily is named.
                    let contradicts = ["presenter", "nv_graphics"].iter().any(|other| error.contains(other));
                    let is_named = error.contains(key) || (["dialect", "crop"].contains(&key) && contradicts);
                    // What is open at the end of its line is met on a later one, which is named by its number then.
                    let is_open = toml::from_str::<toml::Table>(&changed).is_err() && error.contains(" at line ");
                    prop_assert!(error.contains("hall.toml") && (is_named || is_open), "{changed}: {error}");
                }
            }
        }

        #[test]
        fn a_missing_or_doubled_line_is_an_error_that_names_its_key(
            place in any::<proptest::sample::Index>(), is_doubled in any::<bool>()
        ) {
            let lines: Vec<&str> = WHOLE.lines().collect();
            let keys: Vec<&str> = lines.iter().copied().filter(|line| is_key(line)).collect();
            let chosen = keys[place.index(keys.len())];
            let times = |line: &str| usize::from(is_doubled) * usize::from(line == chosen) + usize::from(is_doubled || line != chosen);
            let text: String = lines.iter().flat_map(|line| vec![format!("{line}\n"); times(line)]).collect();
            let key = chosen.split(' ').next().unwrap();
            let optional = ["presenter", "rom_font", "detect", "doubles_dots"].contains(&key);
            match Profile::from_toml(&text, "hall.toml") {
                Ok(_) => prop_assert!(optional && !is_doubled, "{key}"),
                Err(error) => prop_assert!(error.to_string().contains(key), "{key}: {error}"),
            }
        }

        #[test]
        fn any_text_is_a_profile_or_an_error_with_its_name(
            text in "\\PC{0,200}|([a-z_]{0,12}( = |\\.|\\[|\\]|\\{|\\}|\"|#)?[0-9a-z\" ]{0,8}\n){0,9}",
            start in any::<proptest::sample::Index>(), length in 0usize..400
        ) {
            // Alone, and as what is left of a good file.
            let letters: Vec<char> = WHOLE.chars().collect();
            let start = start.index(letters.len());
            let cut: String = letters[..start].iter().chain(letters.iter().skip(start + length)).collect();
            for text in [&text, &cut, &(cut.clone() + &text)] {
                if let Err(error) = Profile::from_toml(text, "hall.toml") {
                    prop_assert!(error.to_string().contains("hall.toml"), "{error}");
                }
            }
        }
    }
}
