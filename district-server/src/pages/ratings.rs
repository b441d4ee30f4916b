//! Satisfaction ratings: always with n and the response rate; a counter's own from 10 ratings on.

use super::period::{self, Looked, PeriodQuery};
use super::{layout, words};
use crate::app::App;
use crate::auth::SignedIn;
use crate::facts::DayFacts;
use crate::settings::Scale;
use crate::stats::{MIN_RATINGS, Ratings, ratings, reasons};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The page.
pub async fn get_ratings(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<PeriodQuery>,
) -> Response {
    let now_ms = app.clock.now_ms();
    match period::look(&app, who, query, now_ms).await {
        Err(refusal) => refusal.response(now_ms),
        Ok(Looked { facts, halls, period, who }) => {
            let flagged: u32 = facts.iter().map(|day| day.flagged).sum();
            let reasons = reasons(&facts);
            let body = html! {
                h1 { "Đánh giá mức độ hài lòng" }
                (period.form(&app, &who, &halls, "/ratings", false))
                (ratings_sections(&app, &facts, period.hall.is_some()))
                @if !reasons.is_empty() {
                    section {
                        h2 { "Lý do khi chưa hài lòng" }
                        table { tbody { @for (reason, n) in &reasons { tr { td { (reason_words(reason)) } td .n { (n) } } } } }
                    }
                }
                p .hint {
                    "Đánh giá tại quầy là ẩn danh, mỗi phiếu một lần. " (words::count(usize::try_from(flagged).unwrap_or(0)))
                    " lần nhấn bất thường (nhấn dồn dập, phím kẹt, quá sớm) không được tính. "
                    "Đây không phải điểm theo Quyết định 766/QĐ-TTg."
                }
            };
            layout(&app, Some(&who), "Đánh giá", "/ratings", &body).into_response()
        }
    }
}

/// One section for each scale. Counters are named only within one hall: counter 1 of two halls is not one counter.
pub fn ratings_sections(app: &App, facts: &[Arc<DayFacts>], by_counter: bool) -> Markup {
    let groups = ratings(facts);
    let mut scales: BTreeMap<&str, Vec<(Option<&str>, &Ratings)>> = BTreeMap::new();
    for ((scale, counter), ratings) in &groups {
        scales.entry(scale).or_default().push((counter.as_deref(), ratings));
    }
    html! {
        @if scales.is_empty() { section { p { "Chưa có đánh giá nào trong thời gian này." } } }
        @for (scale, groups) in scales {
            @let known = app.settings.scales.get(scale);
            section {
                h2 { @match known { Some(known) => { "Thang " (known.labels.len()) " mức (" (scale) ")" } None => { "Thang " (scale) } } }
                @for (_, all) in groups.iter().filter(|(counter, _)| counter.is_none()) { (whole(known, all)) }
                @if by_counter { (counters(known, &groups)) }
                @else { p .hint { "Chọn một nơi tiếp nhận để xem theo quầy." } }
            }
        }
    }
}

fn whole(scale: Option<&Scale>, all: &Ratings) -> Markup {
    let n = all.n();
    html! {
        dl .figures {
            div { dt { "Số đánh giá" } dd { (words::count(n)) } }
            div { dt { "Tỷ lệ trả lời" } dd { (words::percent(n, all.asked)) } }
            @if let Some(scale) = scale { div { dt { "Hài lòng" } dd { (words::percent(all.satisfied(scale), n)) } } }
        }
        div .scroll {
            table {
                tbody {
                    @for (value, count) in all.by_value.iter().rev() {
                        tr {
                            td { (label(scale, *value)) }
                            td .n { (words::count(*count)) }
                            td .n { (words::percent(*count, n)) }
                            td .bars { svg .bar width={ (count * 100 / n.max(1)) "%" } aria-hidden="true" {} }
                        }
                    }
                }
            }
        }
    }
}

fn counters(scale: Option<&Scale>, groups: &[(Option<&str>, &Ratings)]) -> Markup {
    html! {
        h3 { "Theo quầy" }
        div .scroll {
            table {
                thead { tr { th { "Quầy" } th .n { "Số đánh giá" } th .n { "Tỷ lệ trả lời" } th .n { "Hài lòng" } } }
                tbody {
                    @for (counter, ratings) in groups.iter().filter_map(|(counter, ratings)| Some(((*counter)?, ratings))) {
                        @let n = ratings.n();
                        tr {
                            td { (counter) }
                            @if n < MIN_RATINGS {
                                td .n { "dưới " (MIN_RATINGS) } td .n { "–" } td .n { "–" }
                            } @else {
                                td .n { (words::count(n)) }
                                td .n { (words::percent(n, ratings.asked)) }
                                td .n { @match scale { Some(scale) => { (words::percent(ratings.satisfied(scale), n)) } None => { "–" } } }
                            }
                        }
                    }
                }
            }
        }
        p .hint { "Chỉ hiện số liệu của một quầy khi có từ " (MIN_RATINGS) " đánh giá." }
    }
}

fn label(scale: Option<&Scale>, value: u8) -> String {
    let label = scale.and_then(|scale| scale.labels.get(usize::from(value).checked_sub(1)?));
    label.cloned().unwrap_or_else(|| format!("Mức {value}"))
}

/// Words for the sample reasons of the shipped hall; another hall's are shown by their id.
fn reason_words(reason: &str) -> &str {
    match reason {
        "cho-lau" => "Chờ lâu",
        "thai-do" => "Thái độ phục vụ",
        "huong-dan" => "Hướng dẫn chưa rõ",
        "di-lai" => "Phải đi lại nhiều lần",
        "them-giay-to" => "Yêu cầu thêm giấy tờ",
        "tre-hen" => "Trễ hẹn",
        "phi" => "Phí chưa rõ",
        "co-so" => "Cơ sở vật chất",
        "khac" => "Khác",
        other => other,
    }
}
