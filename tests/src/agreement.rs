//! Whether two sides hold the same events: what the kiosk wrote down and what the district has.

use std::collections::BTreeMap;

/// How two lists of events differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// The district has an event twice.
    #[error("the district has event {event} twice")]
    Twice {
        /// The event's bytes.
        event: String,
    },
    /// The district lacks an event.
    #[error("the district lacks {count} events of the kiosk, first {event}")]
    Lost {
        /// How many.
        count: usize,
        /// The first of them.
        event: String,
    },
    /// The district has an event that the kiosk never wrote.
    #[error("the district has {count} events that the kiosk does not know, first {event}")]
    Foreign {
        /// How many.
        count: usize,
        /// The first of them.
        event: String,
    },
    /// Both have the same events, in another order.
    #[error("event {place} is {district} at the district and {kiosk} at the kiosk")]
    Order {
        /// The first place that differs, from 0.
        place: usize,
        /// The district's event there.
        district: String,
        /// The kiosk's event there.
        kiosk: String,
    },
}

/// Holds what the district has against the kiosk's log: byte for byte, each once, in the same order.
///
/// # Errors
/// Names the first difference.
pub fn same_events(kiosk: &[String], district: &[String]) -> Result<(), Disagreement> {
    none_twice_none_lost(kiosk, district)?;
    foreign(kiosk, district)?;
    for (place, (at_district, at_kiosk)) in district.iter().zip(kiosk).enumerate() {
        if at_district != at_kiosk {
            let (district, kiosk) = (at_district.clone(), at_kiosk.clone());
            return Err(Disagreement::Order { place, district, kiosk });
        }
    }
    Ok(())
}

/// The weaker promise that holds even for a storage card that lost what it had confirmed: everything the kiosk knows is
/// there, and nothing is there twice.
///
/// # Errors
/// Names the first difference.
pub fn none_twice_none_lost(kiosk: &[String], district: &[String]) -> Result<(), Disagreement> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for event in district {
        let count = counts.entry(event.as_str()).or_default();
        *count += 1;
        if *count > 1 {
            return Err(Disagreement::Twice { event: event.clone() });
        }
    }
    let lost: Vec<&String> = kiosk.iter().filter(|event| !counts.contains_key(event.as_str())).collect();
    match lost.first() {
        Some(first) => Err(Disagreement::Lost { count: lost.len(), event: (*first).clone() }),
        None => Ok(()),
    }
}

fn foreign(kiosk: &[String], district: &[String]) -> Result<(), Disagreement> {
    let known: std::collections::BTreeSet<&str> = kiosk.iter().map(String::as_str).collect();
    let unknown: Vec<&String> = district.iter().filter(|event| !known.contains(event.as_str())).collect();
    match unknown.first() {
        Some(first) => Err(Disagreement::Foreign { count: unknown.len(), event: (*first).clone() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_difference_is_named() {
        let list = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        let kiosk = list("a b c");
        for (district, expected) in [
            ("a b c", ""),
            ("a b b c", "the district has event b twice"),
            ("a", "the district lacks 2 events of the kiosk, first b"),
            ("a b c d", "the district has 1 events that the kiosk does not know, first d"),
            ("a c b", "event 1 is c at the district and b at the kiosk"),
        ] {
            let said = same_events(&kiosk, &list(district))
                .map_or_else(|found| found.to_string(), |()| String::new());
            assert_eq!(said, expected, "{district}");
        }
        assert!(none_twice_none_lost(&kiosk, &list("x c a b")).is_ok());
    }
}
