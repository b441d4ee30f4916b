//! Figures as CSV: one row a day, hall and area. UTF-8 with BOM and whole numbers only, so that spreadsheet programs of any
//! language read it right.

use super::period::{Period, PeriodQuery};
use super::words;
use crate::app::App;
use crate::auth::SignedIn;
use crate::facts::{DayFacts, Stage, TicketFacts};
use crate::stats::waits;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;

const HEADINGS: [&str; 14] = [
    "Ngày",
    "Nơi tiếp nhận",
    "Lĩnh vực",
    "Số đã cấp",
    "Ưu tiên",
    "Phục vụ xong",
    "Vắng mặt",
    "Hủy",
    "Chờ trung bình (giây)",
    "Chờ trung vị (giây)",
    "Chờ P90 (giây)",
    "Chờ tối đa 15 phút (phiếu)",
    "Số đánh giá",
    "Số lần mời đánh giá",
];

/// Which separator.
#[derive(Deserialize)]
pub struct MarkQuery {
    mark: Option<String>,
}

/// The file.
pub async fn get_month_csv(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<PeriodQuery>,
    Query(mark): Query<MarkQuery>,
) -> Response {
    let now_ms = app.clock.now_ms();
    let period = Period::new(query, &who, now_ms);
    let delimiter = if mark.mark.as_deref() == Some("semicolon") { b';' } else { b',' };
    let name = format!("attachment; filename=\"bao-cao-{}-{}.csv\"", period.from, period.to);
    match app.blocking(move |app| Ok(month_csv(app, &period.facts(app)?, delimiter))).await {
        Err(refusal) => refusal.response(now_ms),
        Ok(None) => crate::problem::Refusal::Busy.response(now_ms),
        Ok(Some(text)) => {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            (headers, text).into_response()
        }
    }
}

/// The text; `None` only if the writer fails, which it does not on memory.
fn month_csv(app: &App, days: &[Arc<DayFacts>], delimiter: u8) -> Option<String> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(HEADINGS).ok()?;
    for day in days {
        for (area, name) in &day.areas {
            let tickets: Vec<&TicketFacts> =
                day.tickets.values().filter(|ticket| ticket.area == *area).collect();
            writer.write_record(row(app, day, name, &tickets)).ok()?;
        }
    }
    let text = String::from_utf8(writer.into_inner().ok()?).ok()?;
    Some(format!("\u{feff}{text}"))
}

fn row(app: &App, day: &DayFacts, area: &str, tickets: &[&TicketFacts]) -> Vec<String> {
    let at = |stage: Stage| tickets.iter().filter(|ticket| ticket.stage == stage).count();
    let waits = waits(tickets.iter().filter_map(|ticket| ticket.waited_s));
    let seconds = |figure: Option<u32>| figure.map(|s| s.to_string()).unwrap_or_default();
    let rated = tickets.iter().filter(|ticket| ticket.rating.is_some()).count();
    let asked = tickets.iter().filter(|ticket| ticket.rating.is_some() || ticket.window.is_some()).count();
    vec![
        words::date(&day.day),
        plain_cell(app.settings.hall_name(&day.hall)),
        plain_cell(area),
        tickets.len().to_string(),
        tickets.iter().filter(|ticket| ticket.priority).count().to_string(),
        at(Stage::Finished).to_string(),
        at(Stage::NoShow).to_string(),
        at(Stage::Cancelled).to_string(),
        seconds(waits.map(|waits| waits.mean_s)),
        seconds(waits.map(|waits| waits.median_s)),
        seconds(waits.map(|waits| waits.p90_s)),
        waits.map_or(0, |waits| waits.within_target).to_string(),
        rated.to_string(),
        asked.to_string(),
    ]
}

/// A text that a spreadsheet program will not take for a formula.
fn plain_cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(plain_cell("=1+1"), "'=1+1");
        assert_eq!(plain_cell("Hộ tịch"), "Hộ tịch");
    }
}
