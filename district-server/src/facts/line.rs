//! Who is called before whom: the kiosk's own rules (`kiosk-core`'s `queue`), played over what it reported.

use super::{DayFacts, Stage, TicketFacts};

/// How often a ticket may be overtaken by priority: the kiosk's default. A hall's own setting is not reported; where it
/// differs, the figure is off by the few who overtake.
const MAX_OVERTAKINGS: u32 = 2;

/// Series and number.
type Key = (String, String);

impl DayFacts {
    /// How many are called before a waiting ticket if nobody else comes.
    #[must_use]
    pub fn people_ahead(&self, ticket: &TicketFacts) -> usize {
        let line = self.line(&ticket.area);
        let mut own = line.iter().filter(|other| other.order() < ticket.order()).count();
        let mut line: Vec<_> = line.into_iter().map(|other| (other.priority, other.overtaken)).collect();
        let mut ahead = 0;
        while let Some(next) = turn_of(&line)
            && next != own
        {
            line.iter_mut().take(next).for_each(|(_, overtaken)| *overtaken += 1);
            line.remove(next);
            own -= usize::from(next < own);
            ahead += 1;
        }
        ahead
    }

    /// Notes whom a call overtakes; call it before the ticket leaves the line.
    pub(super) fn overtake(&mut self, called: &Key) {
        let Some(called) = self.tickets.get(called).filter(|ticket| ticket.stage == Stage::Waiting) else {
            return;
        };
        let (area, order) = (called.area.clone(), called.order());
        let passed = self.tickets.values_mut().filter(|other| other.waits_in(&area) && other.order() < order);
        passed.for_each(|other| other.overtaken += 1);
    }

    /// A no-show that came after all stands right behind the one who would be next; call it before it is in the line.
    pub(super) fn reenter(&mut self, key: &Key) {
        let Some(area) = self.tickets.get(key).map(|ticket| ticket.area.clone()) else { return };
        let line = self.line(&area);
        let waits: Vec<_> = line.iter().map(|other| (other.priority, other.overtaken)).collect();
        let next_ms = turn_of(&waits).and_then(|next| line.get(next)).map(|next| next.place_ms);
        if let (Some(ticket), Some(next_ms)) = (self.tickets.get_mut(key), next_ms) {
            ticket.place_ms = ticket.place_ms.max(next_ms);
        }
    }

    fn line(&self, area: &str) -> Vec<&TicketFacts> {
        let mut line: Vec<_> = self.tickets.values().filter(|ticket| ticket.waits_in(area)).collect();
        line.sort_by_key(|ticket| ticket.order());
        line
    }
}

impl TicketFacts {
    fn waits_in(&self, area: &str) -> bool {
        self.stage == Stage::Waiting && self.area == area
    }

    /// By place; one that re-entered stands behind the one whose place it was given.
    fn order(&self) -> (i64, bool, u32) {
        (self.place_ms, self.place_ms != self.issued_ms, self.ordinal)
    }
}

/// Whose turn it is in a line of (has priority, how often overtaken): the first with priority, unless one that stands
/// before it was overtaken often enough.
fn turn_of(line: &[(bool, u32)]) -> Option<usize> {
    let first_priority = line.iter().position(|(priority, _)| *priority).unwrap_or(0);
    let patient = line.iter().take(first_priority).all(|(_, overtaken)| *overtaken < MAX_OVERTAKINGS);
    (!line.is_empty()).then_some(if patient { first_priority } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(ordinal: u32, priority: bool, overtaken: u32) -> (Key, TicketFacts) {
        let ticket = TicketFacts {
            ordinal,
            area: "ho-tich".to_owned(),
            priority,
            issued_ms: i64::from(ordinal),
            kiosk_ms: i64::from(ordinal),
            place_ms: i64::from(ordinal),
            overtaken,
            stage: Stage::Waiting,
            printed: None,
            calls: 0,
            waited_s: None,
            served_s: None,
            counter: None,
            rating: None,
            window: None,
        };
        (("ho-tich".to_owned(), format!("A{ordinal:03}")), ticket)
    }

    fn hall(line: &[(bool, u32)]) -> DayFacts {
        let line = line.iter().zip(1..).map(|((priority, overtaken), n)| ticket(n, *priority, *overtaken));
        DayFacts { tickets: line.collect(), ..DayFacts::default() }
    }

    fn ahead(facts: &DayFacts) -> Vec<usize> {
        facts.tickets.values().map(|ticket| facts.people_ahead(ticket)).collect()
    }

    #[test]
    fn people_ahead_follow_place_priority_and_the_limit_of_overtakings() {
        let (normal, elder, tired) = ((false, 0), (true, 0), (false, MAX_OVERTAKINGS));
        for (line, expected) in [
            (vec![normal], vec![0]),
            (vec![normal, normal, normal], vec![0, 1, 2]),
            (vec![normal, normal, elder], vec![1, 2, 0]),
            (vec![elder, normal, elder], vec![0, 2, 1]),
            (vec![tired, normal, elder], vec![0, 2, 1]),
            // Two overtake the first; then it is its turn before the third.
            (vec![normal, elder, elder, elder], vec![2, 0, 1, 3]),
        ] {
            assert_eq!(ahead(&hall(&line)), expected, "{line:?}");
        }
    }

    #[test]
    fn a_call_is_remembered_by_those_it_overtakes_and_no_others() {
        let mut facts = hall(&[(false, 0), (true, 0), (false, 0)]);
        facts.overtake(&ticket(2, true, 0).0);
        assert_eq!(facts.tickets.values().map(|ticket| ticket.overtaken).collect::<Vec<_>>(), [1, 0, 0]);
    }

    #[test]
    fn one_that_re_enters_waits_behind_the_next_only() {
        let mut facts = hall(&[(false, 0); 4]);
        let first = ticket(1, false, 0).0;
        let stage = |facts: &mut DayFacts, stage| facts.tickets.get_mut(&first).unwrap().stage = stage;
        stage(&mut facts, Stage::NoShow);
        facts.reenter(&first);
        stage(&mut facts, Stage::Waiting);
        assert_eq!(ahead(&facts), [1, 0, 2, 3]);
    }
}
