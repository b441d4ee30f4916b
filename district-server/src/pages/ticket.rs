//! Where one ticket stands, for its owner's phone: what the QR on the paper opens. Without signing in, so it says no more
//! than the hall's own display does.

use super::{board, words};
use crate::app::App;
use crate::clock::day_of;
use crate::facts::{Stage, TicketFacts};
use crate::secret::{base64, sha256};
use crate::store::StoreError;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use kiosk_protocol::is_plain_id;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// In the page itself: one answer over a weak line, and nothing that an old phone must fetch or run.
const STYLE: &str = include_str!("ticket.css");
const REFRESH_SECS: u32 = 20;
/// A hall that was silent for longer may have moved on without the page knowing.
const SILENT_AFTER_MS: i64 = 120_000;
const CHECK_LETTERS: usize = 8;
const WATCH_DISPLAY: &str = "Xin theo dõi bảng gọi số tại nơi tiếp nhận.";

/// What a ticket's link names: `/p/{hall}/{day}/{series}/{ordinal}-{check}`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    hall: String,
    day: String,
    series: String,
    ordinal: u32,
}

impl Link {
    /// Reads a path. The check letters must look like some; only the kiosk that made them can tell more.
    fn read(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix("/p/")?.split('/');
        let (hall, day, series, last) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (digits, check) = last.split_once('-')?;
        let ordinal: u32 = digits.parse().ok()?;
        let is_day = day.parse::<jiff::civil::Date>().is_ok_and(|date| date.to_string() == day);
        let is_check = check.len() == CHECK_LETTERS
            && check.bytes().all(|letter| {
                letter.is_ascii_alphanumeric()
                    && !matches!(letter.to_ascii_uppercase(), b'I' | b'L' | b'O' | b'U')
            });
        let is_link = parts.next().is_none()
            && is_plain_id(hall)
            && is_day
            && is_plain_id(series)
            && ordinal.to_string() == digits
            && is_check;
        is_link.then(|| Self {
            hall: hall.to_owned(),
            day: day.to_owned(),
            series: series.to_owned(),
            ordinal,
        })
    }
}

/// What the page shows of a ticket.
struct Found {
    number: String,
    area: String,
    ticket: TicketFacts,
    /// Only of a ticket that waits.
    people_ahead: usize,
}

/// A hall's word on a link.
struct Answer {
    found: Option<Found>,
    last_heard_ms: Option<i64>,
}

fn answer(app: &App, link: &Link) -> Result<Answer, StoreError> {
    let last_heard_ms = board::last_heard_ms(app, &link.hall)?.filter(|ms| *ms > 0);
    let facts = app.facts.days(app.store.as_ref(), Some(&link.hall), &link.day, &link.day)?.pop();
    let found = facts.as_ref().and_then(|facts| {
        let (number, ticket) = facts.ticket(&link.series, link.ordinal)?;
        Some(Found {
            number: number.to_owned(),
            area: facts.area_name(&ticket.area).to_owned(),
            ticket: ticket.clone(),
            people_ahead: facts.people_ahead(ticket),
        })
    });
    Ok(Answer { found, last_heard_ms })
}

/// The page.
pub async fn get_ticket(State(app): State<App>, uri: Uri) -> Response {
    let Some(link) = Link::read(uri.path()) else { return malformed(&app) };
    let now_ms = app.clock.now_ms();
    let asked = link.clone();
    match app.blocking(move |app| answer(app, &asked)).await {
        Err(_) => busy(&app),
        Ok(Answer { found: None, last_heard_ms }) => unknown(&app, &link, last_heard_ms, now_ms),
        Ok(Answer { found: Some(found), last_heard_ms }) => known(&app, &link, &found, last_heard_ms, now_ms),
    }
}

fn known(app: &App, link: &Link, found: &Found, last_heard_ms: Option<i64>, now_ms: i64) -> Response {
    let is_over = matches!(found.ticket.stage, Stage::Finished | Stage::Cancelled);
    let is_other_day = !is_over && link.day != day_of(now_ms);
    let (state, advice) = state_words(found);
    let is_now = matches!(found.ticket.stage, Stage::Called | Stage::Serving);
    let body = html! {
        p .hall { (app.settings.hall_name(&link.hall)) }
        h1 .number { (found.number) }
        p .area { (found.area) }
        @if is_other_day {
            p .notice { "Phiếu ghi ngày " (words::short_date(&link.day)) ", không phải hôm nay. Xin hỏi quầy hướng dẫn." }
        } @else if !is_over {
            (silence(last_heard_ms, now_ms))
        }
        // Who waited on another day has no turn now; who is called all the same (a kiosk's clock was wrong) must hear of it.
        @if is_now || !is_other_day { p .state.now[is_now] { strong { (state) } (advice) } }
        @if let Some(ms) = last_heard_ms { p .foot { "Số liệu lúc " (words::dated_moment(ms)) } }
        @if !is_over {
            p .foot { "Trang tự cập nhật sau mỗi " (REFRESH_SECS) " giây. Nếu khác, xin theo bảng gọi số tại nơi tiếp nhận." }
        }
    };
    let title = format!("{}: {}", found.number, state);
    page(app, StatusCode::OK, !is_over, &title, &body)
}

/// The state in a few words, and what its owner should do.
fn state_words(found: &Found) -> (&'static str, String) {
    let counter = found.ticket.counter.as_deref().unwrap_or("ghi trên bảng gọi số");
    match found.ticket.stage {
        Stage::Waiting if found.people_ahead == 0 => {
            ("Đang chờ", "Ông/Bà là người tiếp theo. Xin chờ gần quầy.".to_owned())
        }
        Stage::Waiting => ("Đang chờ", format!("Còn {} người trước Ông/Bà.", found.people_ahead)),
        Stage::Called => ("Đã gọi", format!("Mời Ông/Bà đến quầy {counter}.")),
        Stage::Serving => ("Đang phục vụ", format!("Tại quầy {counter}.")),
        Stage::OnHold => ("Tạm giữ", "Xin chờ, Ông/Bà sẽ được gọi lại.".to_owned()),
        Stage::Finished => ("Đã xong", "Cảm ơn Ông/Bà.".to_owned()),
        Stage::NoShow => ("Đã gọi nhưng vắng mặt", "Xin hỏi quầy hướng dẫn.".to_owned()),
        Stage::Cancelled => ("Đã huỷ", "Nếu còn việc cần làm, xin lấy số mới.".to_owned()),
    }
}

/// Says so when a hall's figures may be old.
fn silence(last_heard_ms: Option<i64>, now_ms: i64) -> Markup {
    let is_silent = last_heard_ms.is_some_and(|ms| now_ms - ms > SILENT_AFTER_MS);
    html! {
        @if is_silent {
            p .notice { "Máy lấy số chưa kết nối được với máy chủ, xin theo dõi bảng gọi số tại nơi tiếp nhận." }
        }
    }
}

/// A ticket that was never issued looks like one whose report is still under way.
fn unknown(app: &App, link: &Link, last_heard_ms: Option<i64>, now_ms: i64) -> Response {
    let body = html! {
        h1 { "Chưa có thông tin về số này" }
        (silence(last_heard_ms.filter(|_| link.day == day_of(now_ms)), now_ms))
        p .state { (WATCH_DISPLAY) }
        p { "Phiếu vừa lấy có thể cần vài phút mới xem được ở đây. Trang tự cập nhật sau mỗi " (REFRESH_SECS) " giây." }
    };
    page(app, StatusCode::NOT_FOUND, true, "Chưa có thông tin", &body)
}

fn malformed(app: &App) -> Response {
    let body = html! {
        h1 { "Địa chỉ này không đúng" }
        p .state { (WATCH_DISPLAY) }
        p { "Ông/Bà có thể quét lại mã QR trên phiếu, hoặc hỏi quầy hướng dẫn." }
    };
    page(app, StatusCode::NOT_FOUND, false, "Địa chỉ không đúng", &body)
}

fn busy(app: &App) -> Response {
    let body = html! {
        h1 { "Máy chủ đang bận" }
        p .state { (WATCH_DISPLAY) }
        p { "Trang tự thử lại sau " (REFRESH_SECS) " giây." }
    };
    page(app, StatusCode::SERVICE_UNAVAILABLE, true, "Máy chủ đang bận", &body)
}

fn page(app: &App, status: StatusCode, refreshes: bool, title: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="vi" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                @if refreshes { meta http-equiv="refresh" content=(REFRESH_SECS); }
                title { (title) " – " (app.settings.unit_name) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    // A browser that knows hashes ignores 'unsafe-inline'; one from before 2015 would else show no style at all.
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline' 'sha256-{}'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
        base64(&sha256(STYLE.as_bytes()))
    );
    (status, [(header::CONTENT_SECURITY_POLICY, policy)], Html(page.into_string())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_as_the_kiosk_writes_it_and_no_other_way() {
        let link = Link::read("/p/don-duong/2026-06-12/ho-tich/12-0123ABCZ").unwrap();
        let expected = ("don-duong", "2026-06-12", "ho-tich", 12);
        assert_eq!((link.hall.as_str(), link.day.as_str(), link.series.as_str(), link.ordinal), expected);
        assert_eq!(Link::read("/p/don-duong/2026-06-12/ho-tich/12-0123abcz"), Some(link), "typed by hand");
        for path in [
            "/p/",
            "/p/don-duong",
            "/p/don-duong/2026-06-12/ho-tich",
            "/p/don-duong/2026-06-12/ho-tich/12",
            "/p/don-duong/2026-06-12/ho-tich/12-0123ABC",
            "/p/don-duong/2026-06-12/ho-tich/12-0123ABCZ9",
            "/p/don-duong/2026-06-12/ho-tich/12-0123ABCU",
            "/p/don-duong/2026-06-12/ho-tich/12-0123ABCZ/",
            "/p/don-duong/2026-06-12/ho-tich/12-0123-BCZ",
            "/p/don-duong/2026-06-12/ho-tich/-0123ABCZ",
            "/p/don-duong/2026-06-12/ho-tich/+12-0123ABCZ",
            "/p/don-duong/2026-06-12/ho-tich/012-0123ABCZ",
            "/p/don-duong/2026-06-12/ho-tich/4294967296-0123ABCZ",
            "/p/don-duong/2026-06-31/ho-tich/12-0123ABCZ",
            "/p/don-duong/20260612/ho-tich/12-0123ABCZ",
            "/p/don-duong/2026-6-12/ho-tich/12-0123ABCZ",
            "/p/Don/2026-06-12/ho-tich/12-0123ABCZ",
            "/p/don-duong/2026-06-12/%22%3E/12-0123ABCZ",
            "/p//2026-06-12/ho-tich/12-0123ABCZ",
        ] {
            assert_eq!(Link::read(path), None, "{path}");
        }
    }
}
