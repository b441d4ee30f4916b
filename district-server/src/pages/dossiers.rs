//! Dossiers: what citizens were told, and what is late by unit. No code, no name: the server keeps neither.

use super::period::{self, Period, PeriodQuery};
use super::{layout, words};
use crate::app::App;
use crate::auth::SignedIn;
use crate::clock::day_of;
use crate::facts::DayFacts;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use kiosk_protocol::LookupOutcome;
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The page.
pub async fn get_dossiers(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<PeriodQuery>,
) -> Response {
    let now_ms = app.clock.now_ms();
    let period = Period::new(query, &who, now_ms);
    let read = app
        .blocking(move |app| {
            let (facts, halls) = (period.facts(app)?, period::halls(app, &who)?);
            Ok((facts, halls, app.store.dossier_counts(&day_of(now_ms))?, period, who))
        })
        .await;
    match read {
        Err(refusal) => refusal.response(now_ms),
        Ok((facts, halls, counts, period, who)) => {
            let body = html! {
                h1 { "Hồ sơ" }
                section {
                    h2 { "Hồ sơ đang giải quyết theo đơn vị, đến hôm nay" }
                    @if counts.is_empty() { p { "Chưa nhập hồ sơ nào. Chép tệp CSV hoặc JSON vào thư mục nhập của máy chủ." } }
                    @else {
                        div .scroll {
                            table {
                                thead { tr { th { "Đơn vị" } th .n { "Đang giải quyết" } th .n { "Quá hạn" } th .n { "Tỷ lệ quá hạn" } } }
                                tbody {
                                    @for row in &counts {
                                        @let (open, late) = (usize_of(row.open), usize_of(row.late));
                                        tr {
                                            td { @if row.unit.is_empty() { "Chưa ghi đơn vị" } @else { (row.unit) } }
                                            td .n { (words::count(open)) }
                                            td .n.bad[late > 0] { (words::count(late)) }
                                            td .n { (words::percent(late, open)) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                (period.form(&app, &who, &halls, "/dossiers", false))
                (lookups_section(&facts, &period))
            };
            layout(&app, Some(&who), "Hồ sơ", "/dossiers", &body).into_response()
        }
    }
}

fn usize_of(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn lookups_section(facts: &[Arc<DayFacts>], period: &Period) -> Markup {
    let mut counts: BTreeMap<LookupOutcome, usize> = BTreeMap::new();
    for (outcome, n) in facts.iter().flat_map(|day| &day.lookups) {
        *counts.entry(*outcome).or_default() += usize::try_from(*n).unwrap_or(0);
    }
    let all: usize = counts.values().sum();
    let late: u32 = facts.iter().map(|day| day.late_told).sum();
    html! {
        section {
            h2 { "Tra cứu tại máy, từ " (words::date(&period.from)) " đến " (words::date(&period.to)) }
            dl .figures {
                div { dt { "Lượt tra cứu" } dd { (words::count(all)) } }
                div { dt { "Đã báo hồ sơ quá hạn" } dd .warn[late > 0] { (late) " " small { "lượt" } } }
            }
            @if !counts.is_empty() {
                table {
                    tbody {
                        @for (outcome, n) in &counts {
                            tr { td { (outcome_words(*outcome)) } td .n { (words::count(*n)) } td .n { (words::percent(*n, all)) } }
                        }
                    }
                }
            }
        }
    }
}

fn outcome_words(outcome: LookupOutcome) -> &'static str {
    match outcome {
        LookupOutcome::Found => "Có kết quả",
        LookupOutcome::FoundOffline => "Có kết quả từ bản lưu tại máy",
        LookupOutcome::NotFound => "Không tìm thấy, hoặc sai bốn số điện thoại",
        LookupOutcome::Unreachable => "Mất kết nối với máy chủ",
        LookupOutcome::Throttled => "Thử quá nhiều lần",
        LookupOutcome::CitizenCard => "Quét nhầm thẻ căn cước (không lưu)",
        LookupOutcome::NotACode => "Không phải mã hồ sơ",
    }
}
