//! What a server may ask of a kiosk, and the files it may take for it.

use serde::{Deserialize, Serialize};

/// A bundle is never larger: what does not fit the slots of a card need not be sent.
pub const MAX_BUNDLE_BYTES: u64 = 1024 * 1024 * 1024;

/// At most this many bytes of a bundle in one answer.
pub const MAX_PART_BYTES: u64 = 256 * 1024;

/// The JSON of [`crate::InboxCommand::command`]. Kiosk and number stand in the signed text, so that a command is good for one
/// kiosk and once.
///
/// ```text
/// {"kiosk":"don-duong-1","number":3,"order":{"update":{"version":"0.2.0","sha256":"<64 hex>","size":123456789}}}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Kiosk it is for.
    pub kiosk: String,
    /// The same as [`crate::InboxCommand::number`].
    pub number: u64,
    /// What to do.
    pub order: Order,
}

/// What to do. A kiosk that does not know an order passes it over and says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Take a bundle, and install it when the hall is closed and empty.
    Update(UpdateOrder),
}

/// The bundle of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateOrder {
    /// Version, 1 to 40 of `a-z A-Z 0-9 . - _ +` ([`is_plain_version`]).
    pub version: String,
    /// SHA-256 of the bundle, 64 lower-case hex digits.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

impl UpdateOrder {
    /// Whether its members can be meant.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        is_plain_version(&self.version)
            && is_hex_digest(&self.sha256)
            && (1..=MAX_BUNDLE_BYTES).contains(&self.size)
    }
}

/// Whether `version` may name a version: it needs no escaping in a page, a log or a file name.
#[must_use]
pub fn is_plain_version(version: &str) -> bool {
    (1..=40).contains(&version.len())
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
}

/// Whether `text` is 64 lower-case hex digits.
#[must_use]
pub fn is_hex_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Path of a bundle that was ordered for a kiosk.
#[must_use]
pub fn bundle_path(kiosk: &str, sha256: &str) -> String {
    format!("/v1/kiosks/{kiosk}/bundles/{sha256}")
}

/// Query of a part of it: `len` bytes from `from` on, fewer at its end.
#[must_use]
pub fn part_query(from: u64, len: u64) -> String {
    format!("from={from}&len={len}")
}

/// Reads what [`part_query`] wrote; `None` for anything else, and for more than [`MAX_PART_BYTES`].
#[must_use]
pub fn parse_part_query(query: &str) -> Option<(u64, u64)> {
    let (from, len) = query.strip_prefix("from=")?.split_once("&len=")?;
    let (from, len) = (from.parse().ok()?, len.parse().ok()?);
    ((1..=MAX_PART_BYTES).contains(&len) && part_query(from, len) == query).then_some((from, len))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_command_has_these_bytes() {
        let order = Order::Update(UpdateOrder {
            version: "0.2.0".to_owned(),
            sha256: "ab".repeat(32),
            size: 123_456_789,
        });
        let command = Command { kiosk: "don-duong-1".to_owned(), number: 3, order };
        let text = serde_json::to_string(&command).unwrap();
        assert_eq!(
            text,
            format!(
                r#"{{"kiosk":"don-duong-1","number":3,"order":{{"update":{{"version":"0.2.0","sha256":"{}","size":123456789}}}}}}"#,
                "ab".repeat(32)
            )
        );
        assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), command);
        // The other text that a server signs is none.
        let document = r#"{"kiosk":"don-duong-1","version":1,"fragment":""}"#;
        assert!(serde_json::from_str::<Command>(document).is_err());
    }

    #[test]
    fn an_order_that_cannot_be_meant_is_seen() {
        let good = UpdateOrder { version: "1".to_owned(), sha256: "0".repeat(64), size: 1 };
        assert!(good.is_plausible());
        for bad in [
            UpdateOrder { version: String::new(), ..good.clone() },
            UpdateOrder { version: "1/../2".to_owned(), ..good.clone() },
            UpdateOrder { version: "1".repeat(41), ..good.clone() },
            UpdateOrder { sha256: "A".repeat(64), ..good.clone() },
            UpdateOrder { sha256: "0".repeat(63), ..good.clone() },
            UpdateOrder { size: 0, ..good.clone() },
            UpdateOrder { size: MAX_BUNDLE_BYTES + 1, ..good },
        ] {
            assert!(!bad.is_plausible(), "{bad:?}");
        }
    }

    #[test]
    fn a_parts_query_comes_back_and_nothing_else_is_one() {
        assert_eq!(parse_part_query(&part_query(0, 1)), Some((0, 1)));
        assert_eq!(parse_part_query(&part_query(u64::MAX, MAX_PART_BYTES)), Some((u64::MAX, MAX_PART_BYTES)));
        for bad in [
            "",
            "from=1",
            "from=1&len=0",
            "from=1&len=262145",
            "from=+1&len=1",
            "from=01&len=1",
            "len=1&from=1",
        ] {
            assert_eq!(parse_part_query(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_the_reader_fail(query in ".{0,80}") {
            if let Some((from, len)) = parse_part_query(&query) {
                prop_assert_eq!(part_query(from, len), query);
            }
        }
    }
}
