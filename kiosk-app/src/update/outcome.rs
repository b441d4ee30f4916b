//! The boot control's last word on an update, read with care: another program wrote it.

use kiosk_core::update::{UpdateOutcome, UpdateState};
use kiosk_protocol::is_plain_version;
use serde::Deserialize;

/// The longest file that is looked at.
pub(super) const MOST_BYTES: u64 = 4096;

/// The longest reason that is passed on.
const REASON_CHARS: usize = 200;

#[derive(Deserialize)]
struct Written {
    state: State,
    version: String,
    slot: String,
    reason: String,
    at_boot: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Installing,
    Refused,
    Trial,
    Committed,
    FellBack,
}

/// The outcome in these bytes; `None` if they are none.
pub(super) fn parse(bytes: &[u8]) -> Option<UpdateOutcome> {
    if bytes.len() as u64 > MOST_BYTES {
        return None;
    }
    let Written { state, version, slot, reason, at_boot } = serde_json::from_slice(bytes).ok()?;
    let plain = (version.is_empty() || is_plain_version(&version))
        && matches!(slot.as_str(), "A" | "B")
        && at_boot.len() <= 64
        && at_boot.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let state = match state {
        State::Installing => UpdateState::Installing,
        State::Refused => UpdateState::Refused,
        State::Trial => UpdateState::Trial,
        State::Committed => UpdateState::Committed,
        State::FellBack => UpdateState::FellBack,
    };
    plain.then(|| UpdateOutcome { state, version, slot, reason: in_one_line(&reason), at_boot })
}

/// Words for one line of a page: nothing that moves a cursor, and not endless.
fn in_one_line(reason: &str) -> String {
    let letters = reason.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    letters.take(REASON_CHARS).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WRITTEN: &str =
        r#"{"state":"fell_back","version":"1.2.3","slot":"B","reason":"no first frame","at_boot":"0d7d-1"}"#;

    #[test]
    fn the_boot_controls_words_are_read() {
        let outcome = parse(WRITTEN.as_bytes()).unwrap();
        assert_eq!((outcome.state, outcome.version.as_str()), (UpdateState::FellBack, "1.2.3"));
        assert_eq!((outcome.slot.as_str(), outcome.reason.as_str()), ("B", "no first frame"));
        assert_eq!(outcome.key(), "fell_back B 1.2.3 0d7d-1");
    }

    #[test]
    fn what_it_cannot_have_written_is_passed_over() {
        for (from, to) in [
            ("fell_back", "exploded"),
            ("1.2.3", "<script>"),
            ("\"B\"", "\"C\""),
            ("0d7d-1", "0d7d 1"),
            ("\"reason\"", "\"raisin\""),
            ("}", ""),
        ] {
            assert_eq!(parse(WRITTEN.replace(from, to).as_bytes()), None, "{from} -> {to}");
        }
        assert_eq!(parse(&[b' '; 5000]), None);
    }

    #[test]
    fn a_reason_is_cut_to_one_line() {
        let long = format!("a\\u001b[2J\\nb{}", "ô".repeat(500));
        let outcome = parse(WRITTEN.replace("no first frame", &long).as_bytes()).unwrap();
        assert!(outcome.reason.starts_with("a [2J bôô"), "{}", outcome.reason);
        assert_eq!(outcome.reason.chars().count(), REASON_CHARS);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_fail(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _outcome = parse(&bytes);
        }
    }
}
