//! One page a month, to print and sign.

use super::period::{self, Looked, PeriodQuery};
use super::ratings::ratings_sections;
use super::waiting::{waits_figures, waits_table};
use super::{layout, words};
use crate::app::App;
use crate::auth::SignedIn;
use crate::clock::day_of;
use crate::stats::{totals, waits_by_area, waits_of_all};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use maud::html;

/// The page.
pub async fn get_report(State(app): State<App>, who: SignedIn, Query(query): Query<PeriodQuery>) -> Response {
    let now_ms = app.clock.now_ms();
    match period::look(&app, who, query, now_ms).await {
        Err(refusal) => refusal.response(now_ms),
        Ok(Looked { facts, halls, period, who }) => {
            let totals = totals(&facts);
            let place = period
                .hall
                .as_deref()
                .map_or("tất cả các nơi tiếp nhận", |hall| app.settings.hall_name(hall));
            let body = html! {
                (period.form(&app, &who, &halls, "/report", true))
                p .noprint {
                    "In trang này bằng phím Ctrl + P. Tải số liệu: "
                    a href={ "/month.csv" (period.query()) } { "tệp CSV (dấu phẩy)" } " hoặc "
                    a href={ "/month.csv" (period.query()) "&mark=semicolon" } { "tệp CSV (dấu chấm phẩy)" } "."
                }
                section {
                    h1 { "Báo cáo tiếp nhận tại bộ phận một cửa" }
                    p {
                        "Nơi tiếp nhận: " (place) ". Từ " (words::date(&period.from)) " đến " (words::date(&period.to))
                        ", lập ngày " (words::date(&day_of(now_ms))) "."
                    }
                    (waits_figures(waits_of_all(&facts)))
                    dl .figures {
                        div { dt { "Đã cấp số" } dd { (words::count(totals.issued)) } }
                        div { dt { "Phục vụ xong" } dd { (words::count(totals.finished)) } }
                        div { dt { "Vắng mặt" } dd { (words::count(totals.no_show)) } }
                        div { dt { "Ưu tiên" } dd { (words::percent(totals.priority, totals.issued)) } }
                        div { dt { "Tra cứu hồ sơ" } dd { (words::count(usize::try_from(totals.lookups).unwrap_or(0))) } }
                        div { dt { "Đã báo quá hạn" } dd { (totals.late_told) } }
                    }
                }
                section { h2 { "Thời gian chờ theo lĩnh vực" } (waits_table("Lĩnh vực", &waits_by_area(&facts))) }
                (ratings_sections(&app, &facts, period.hall.is_some()))
            };
            layout(&app, Some(&who), "Báo cáo tháng", "/report", &body).into_response()
        }
    }
}
