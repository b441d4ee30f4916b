//! Waiting times against the national target of 15 minutes.

use super::period::{self, Looked, PeriodQuery};
use super::{layout, words};
use crate::app::App;
use crate::auth::SignedIn;
use crate::stats::{Waits, totals, waits_by_area, waits_by_hour, waits_of_all};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

/// The page.
pub async fn get_waiting(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<PeriodQuery>,
) -> Response {
    let now_ms = app.clock.now_ms();
    match period::look(&app, who, query, now_ms).await {
        Err(refusal) => refusal.response(now_ms),
        Ok(Looked { facts, halls, period, who }) => {
            let totals = totals(&facts);
            let body = html! {
                h1 { "Thời gian chờ" }
                (period.form(&app, &who, &halls, "/waiting", false))
                section {
                    h2 { "Từ " (words::date(&period.from)) " đến " (words::date(&period.to)) }
                    (waits_figures(waits_of_all(&facts)))
                    p {
                        "Đã cấp " (words::count(totals.issued)) " số, phục vụ xong " (words::count(totals.finished)) ", vắng mặt "
                        (words::count(totals.no_show)) ", hủy " (words::count(totals.cancelled)) ". Số bỏ qua có lý do: " (totals.gaps) ". Ưu tiên "
                        (words::percent(totals.priority, totals.issued)) "."
                    }
                }
                section { h2 { "Theo lĩnh vực" } (waits_table("Lĩnh vực", &waits_by_area(&facts))) }
                section {
                    h2 { "Theo giờ lấy số" }
                    @let hours: Vec<_> = waits_by_hour(&facts).into_iter().map(|(hour, waits)| {
                        (format!("{hour:02}:00–{hour:02}:59"), waits)
                    }).collect();
                    (waits_table("Giờ", &hours))
                }
            };
            layout(&app, Some(&who), "Thời gian chờ", "/waiting", &body).into_response()
        }
    }
}

/// The four figures that lead every report.
pub fn waits_figures(waits: Option<Waits>) -> Markup {
    html! {
        @match waits {
            None => p { "Chưa có phiếu nào được phục vụ xong trong thời gian này." },
            Some(waits) => {
                dl .figures {
                    div { dt { "Chờ trung bình" } dd { (words::minutes(waits.mean_s)) " " small { "phút" } } }
                    div { dt { "Một nửa chờ không quá" } dd { (words::minutes(waits.median_s)) " " small { "phút" } } }
                    div { dt { "90 % chờ không quá" } dd { (words::minutes(waits.p90_s)) " " small { "phút" } } }
                    div { dt { "Chờ tối đa 15 phút" } dd { (words::percent(waits.within_target, waits.n)) } }
                }
                p .hint {
                    "Tính trên " (words::count(waits.n)) " phiếu đã phục vụ xong, từ lúc lấy số đến lúc được gọi. "
                    "Mục tiêu trung bình không quá 15 phút theo Quyết định 468/QĐ-TTg: "
                    @if waits.mean_s <= crate::stats::TARGET_S { span .good { "đạt" } } @else { span .bad { "chưa đạt" } } "."
                }
            }
        }
    }
}

/// The figures by group.
pub fn waits_table(group: &str, rows: &[(String, Waits)]) -> Markup {
    let longest = rows.iter().map(|(_, waits)| waits.mean_s).max().unwrap_or(1).max(1);
    html! {
        @if rows.is_empty() {
            p { "Chưa có số liệu." }
        } @else {
            div .scroll {
                table {
                    thead {
                        tr {
                            th { (group) } th .n { "Phiếu" } th .n { "Trung bình" br; "(phút)" } th .bars {}
                            th .n { "Một nửa" br; "không quá" } th .n { "90 %" br; "không quá" } th .n { "Tối đa" br; "15 phút" }
                        }
                    }
                    tbody {
                        @for (name, waits) in rows {
                            tr {
                                td .name { (name) }
                                td .n { (words::count(waits.n)) }
                                td .n { (words::minutes(waits.mean_s)) }
                                td .bars {
                                    svg .bar width={ (waits.mean_s * 100 / longest) "%" } aria-hidden="true" {}
                                }
                                td .n { (words::minutes(waits.median_s)) }
                                td .n { (words::minutes(waits.p90_s)) }
                                td .n { (words::percent(waits.within_target, waits.n)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
