//! Which hall and days a page is about.

use crate::app::App;
use crate::auth::SignedIn;
use crate::clock::day_of;
use crate::facts::DayFacts;
use crate::store::StoreError;
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// The query of a page, as it came.
#[derive(Deserialize)]
pub struct PeriodQuery {
    hall: Option<String>,
    from: Option<String>,
    to: Option<String>,
    month: Option<String>,
}

/// The checked period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// One hall, or all.
    pub hall: Option<String>,
    /// First day, `yyyy-mm-dd`.
    pub from: String,
    /// Last day.
    pub to: String,
}

impl Period {
    /// The asked period within what may be seen; this month where the query says nothing usable. At most 400 days.
    pub fn new(query: PeriodQuery, who: &SignedIn, now_ms: i64) -> Self {
        let hall = who.hall(query.hall);
        let today: Date = day_of(now_ms).parse().unwrap_or(Date::ZERO);
        let day = |text: Option<String>| text.and_then(|text| text.parse::<Date>().ok());
        let month = query.month.and_then(|month| format!("{month}-01").parse::<Date>().ok());
        let (from, to) = match month {
            Some(month) => (month.first_of_month(), month.last_of_month()),
            None => (day(query.from).unwrap_or(today.first_of_month()), day(query.to).unwrap_or(today)),
        };
        let longest = from.saturating_add(jiff::Span::new().days(400));
        Self { hall, from: from.to_string(), to: to.clamp(from, longest).to_string() }
    }

    /// The month as `yyyy-mm`.
    #[must_use]
    pub fn month(&self) -> &str {
        self.from.get(..7).unwrap_or_default()
    }

    /// `?hall=..&from=..&to=..` for links.
    #[must_use]
    pub fn query(&self) -> String {
        format!("?hall={}&from={}&to={}", self.hall.as_deref().unwrap_or_default(), self.from, self.to)
    }

    /// Facts of the period.
    pub fn facts(&self, app: &App) -> Result<Vec<Arc<DayFacts>>, StoreError> {
        app.facts.days(app.store.as_ref(), self.hall.as_deref(), &self.from, &self.to)
    }

    /// The form that asks for another period. With `by_month` it asks for a month.
    #[must_use]
    pub fn form(&self, app: &App, who: &SignedIn, halls: &[String], path: &str, by_month: bool) -> Markup {
        let choice = who.0.hall.is_none();
        html! {
            form .period method="get" action=(path) {
                @if choice {
                    div {
                        label for="hall" { "Nơi tiếp nhận" }
                        select #hall name="hall" {
                            option value="" { "Tất cả" }
                            @for hall in halls {
                                option value=(hall) selected[self.hall.as_ref() == Some(hall)] { (app.settings.hall_name(hall)) }
                            }
                        }
                    }
                }
                @if by_month {
                    div { label for="month" { "Tháng" } input #month type="month" name="month" value=(self.month()); }
                } @else {
                    div { label for="from" { "Từ ngày" } input #from type="date" name="from" value=(self.from); }
                    div { label for="to" { "Đến ngày" } input #to type="date" name="to" value=(self.to); }
                }
                button .main type="submit" { "Xem" }
            }
        }
    }
}

/// All halls that kiosks stand in or that the settings name, by id, as far as they may be seen.
pub fn halls(app: &App, who: &SignedIn) -> Result<Vec<String>, StoreError> {
    let mut halls: Vec<String> = app.settings.halls.iter().map(|hall| hall.id.clone()).collect();
    halls.extend(app.store.kiosks()?.into_iter().map(|kiosk| kiosk.hall));
    halls.sort_unstable();
    halls.dedup();
    halls.retain(|hall| who.may_see(hall));
    Ok(halls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Account, Role};

    fn query(from: &str, to: &str, month: Option<&str>) -> PeriodQuery {
        PeriodQuery {
            hall: Some("h1".to_owned()),
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            month: month.map(str::to_owned),
        }
    }

    #[test]
    fn periods_of_a_table() {
        let who = SignedIn(Account { name: "l".to_owned(), role: Role::Leader, hall: None });
        let noon = 1_795_237_200_000; // 2026-11-21
        for (from, to, month, expected) in [
            ("2026-11-01", "2026-11-20", None, ("2026-11-01", "2026-11-20")),
            ("", "x", None, ("2026-11-01", "2026-11-21")),
            ("2026-11-20", "2026-11-01", None, ("2026-11-20", "2026-11-20")),
            ("", "", Some("2026-02"), ("2026-02-01", "2026-02-28")),
            ("2020-01-01", "2026-11-20", None, ("2020-01-01", "2021-02-04")),
        ] {
            let period = Period::new(query(from, to, month), &who, noon);
            assert_eq!((period.from.as_str(), period.to.as_str()), expected);
        }
    }

    #[test]
    fn an_officer_sees_the_own_hall_whatever_is_asked_for() {
        let who =
            SignedIn(Account { name: "o".to_owned(), role: Role::Officer, hall: Some("h2".to_owned()) });
        assert_eq!(Period::new(query("", "", None), &who, 0).hall.as_deref(), Some("h2"));
    }
}
