//! Which hall and days a page is about.

use super::words;
use crate::app::App;
use crate::auth::SignedIn;
use crate::clock::day_of;
use crate::facts::DayFacts;
use crate::problem::Refusal;
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
    /// A date was given that cannot be read.
    pub fault: bool,
}

impl Period {
    /// The asked period within what may be seen; this month where the query says nothing usable. At most 400 days.
    pub fn new(query: PeriodQuery, who: &SignedIn, now_ms: i64) -> Self {
        let hall = who.hall(query.hall);
        let today: Date = day_of(now_ms).parse().unwrap_or(Date::ZERO);
        let given = [&query.from, &query.to, &query.month]
            .map(|text| text.as_deref().map(str::trim).unwrap_or_default());
        let [from, to, month] = given.map(read_date);
        let fault =
            given.iter().zip([from, to, month]).any(|(text, date)| !text.is_empty() && date.is_none());
        let (from, to) = match month {
            Some(month) => (month.first_of_month(), month.last_of_month()),
            None => (from.unwrap_or(today.first_of_month()), to.unwrap_or(today)),
        };
        let longest = from.saturating_add(jiff::Span::new().days(400));
        Self { hall, from: from.to_string(), to: to.clamp(from, longest).to_string(), fault }
    }

    /// The month as `mm/yyyy`.
    fn month(&self) -> String {
        words::date(&self.from).chars().skip(3).collect()
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

    /// The form that asks for another period. With `by_month` it asks for a month. Dates are text, `dd/mm/yyyy`: a
    /// browser's own date field writes them as its language does, not as Vietnamese do.
    #[must_use]
    pub fn form(&self, app: &App, who: &SignedIn, halls: &[String], path: &str, by_month: bool) -> Markup {
        let field = |id: &str, label: &str, hint: &str, value: &str| {
            html! {
                div {
                    label for=(id) { (label) }
                    input id=(id) name=(id) type="text" inputmode="numeric" placeholder=(hint) value=(value);
                }
            }
        };
        html! {
            form .period method="get" action=(path) {
                @if who.0.hall.is_none() { (self.hall_choice(app, halls)) }
                @if by_month {
                    (field("month", "Tháng", "tháng/năm", &self.month()))
                } @else {
                    (field("from", "Từ ngày", "ngày/tháng/năm", &words::date(&self.from)))
                    (field("to", "Đến ngày", "ngày/tháng/năm", &words::date(&self.to)))
                }
                button .main type="submit" { "Xem" }
                @if !by_month { (self.shortcuts(path, app.clock.now_ms())) }
            }
            @if self.fault { p .fault role="alert" { "Ngày không đọc được. Vui lòng viết như 21/11/2026." } }
        }
    }

    fn hall_choice(&self, app: &App, halls: &[String]) -> Markup {
        html! {
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
    }

    fn shortcuts(&self, path: &str, now_ms: i64) -> Markup {
        let today: Date = day_of(now_ms).parse().unwrap_or(Date::ZERO);
        let last_month = today.first_of_month().yesterday().unwrap_or(today);
        let week = today.saturating_sub(jiff::Span::new().days(6));
        let spans = [
            ("Hôm nay", today, today),
            ("7 ngày qua", week, today),
            ("Tháng này", today.first_of_month(), today),
            ("Tháng trước", last_month.first_of_month(), last_month),
        ];
        html! {
            div .shortcuts {
                @for (name, from, to) in spans {
                a href={ (path) "?hall=" (self.hall.as_deref().unwrap_or_default()) "&from=" (from) "&to=" (to) } { (name) }
                }
            }
        }
    }
}

/// `21/11/2026`, `2026-11-21`, or a month: `11/2026`, `2026-11`.
fn read_date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).map(str::trim).collect();
    let (year, month, day) = match *parts.as_slice() {
        [year, month, day] if year.len() == 4 => (year, month, day),
        [day, month, year] if year.len() == 4 => (year, month, day),
        [year, month] if year.len() == 4 => (year, month, "1"),
        [month, year] if year.len() == 4 => (year, month, "1"),
        _ => return None,
    };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
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

/// What a page of a period shows.
pub struct Looked {
    /// The facts of its days.
    pub facts: Vec<Arc<DayFacts>>,
    /// The halls to choose from.
    pub halls: Vec<String>,
    /// The period asked for.
    pub period: Period,
    /// Who asks.
    pub who: SignedIn,
}

/// Reads what a page of a period shows.
///
/// # Errors
/// When the store cannot be read now.
pub async fn look(app: &App, who: SignedIn, query: PeriodQuery, now_ms: i64) -> Result<Looked, Refusal> {
    let period = Period::new(query, &who, now_ms);
    app.blocking(move |app| Ok(Looked { facts: period.facts(app)?, halls: halls(app, &who)?, period, who }))
        .await
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
            ("1/11/2026", "20/11/2026", None, ("2026-11-01", "2026-11-20")),
            ("", "", Some("02/2026"), ("2026-02-01", "2026-02-28")),
        ] {
            let period = Period::new(query(from, to, month), &who, noon);
            assert_eq!((period.from.as_str(), period.to.as_str()), expected);
            assert_eq!(period.fault, to == "x", "{to}");
        }
    }

    #[test]
    fn an_officer_sees_the_own_hall_whatever_is_asked_for() {
        let who =
            SignedIn(Account { name: "o".to_owned(), role: Role::Officer, hall: Some("h2".to_owned()) });
        assert_eq!(Period::new(query("", "", None), &who, 0).hall.as_deref(), Some("h2"));
    }
}
