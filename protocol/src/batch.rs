//! Many events in one body, and the bytes the hash chain runs over.
//!
//! **The exact-byte rule.** Event n's bytes are those of its JSON object as [`crate::Event::to_json`] wrote it: from `{` to
//! `}`, no white space around. A batch is `[` + the objects joined by `,` + `]`, so the bytes of each element in a
//! received body are the event's bytes; a server keeps them unparsed (`RawValue`) and hashes them as they came.
//! `h_0` = 32 zero bytes, `h_n = SHA-256(h_{n-1} || bytes_n)`, one chain an epoch.

use serde_json::value::RawValue;

/// A body that is no batch.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Not a JSON array.
    #[error("batch is not a JSON array")]
    Json(#[from] serde_json::Error),
}

/// The body (before gzip) of a batch of events, each given by its exact bytes.
pub fn batch_body<'a>(events: impl IntoIterator<Item = &'a str>) -> String {
    let mut body = String::from("[");
    for (index, event) in events.into_iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(event);
    }
    body.push(']');
    body
}

/// The exact bytes of each event of a body.
pub fn split_batch(body: &str) -> Result<Vec<&str>, BatchError> {
    let raw: Vec<&RawValue> = serde_json::from_str(body)?;
    Ok(raw.into_iter().map(RawValue::get).collect())
}

/// What to hash for `h_n`: the 32 bytes of `h_{n-1}`, then the event's exact bytes.
#[must_use]
pub fn chain_input(previous: &[u8; 32], event: &str) -> Vec<u8> {
    let mut input = Vec::with_capacity(previous.len() + event.len());
    input.extend_from_slice(previous);
    input.extend_from_slice(event.as_bytes());
    input
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_joined_comes_apart_byte_for_byte() {
        let events = [r#"{"b":1,"a":[1, 2]}"#, r#"{"u":"đơn","e":"\u0111"}"#, "{}"];
        let body = batch_body(events);
        assert_eq!(split_batch(&body).unwrap(), events);
        assert_eq!(split_batch("[]").unwrap(), Vec::<&str>::new());
    }

    #[test]
    fn a_body_that_is_no_array_is_refused() {
        for bad in ["", "{}", "[{}", "[{}]x", "<html>đăng nhập</html>"] {
            assert!(split_batch(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_splitter_fall(text in ".{0,200}") {
            let _unused = split_batch(&text);
        }
    }
}
