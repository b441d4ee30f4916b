//! Server-sent events: the whole fragment of a page each time the picture changes, and a beat every 15 s.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use tokio::time::{MissedTickBehavior, interval};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::{IntervalStream, WatchStream};

use super::desk::Desk;
use super::scene::Scene;

/// A page that hears nothing for three of these knows that the line is cut.
const BEAT: Duration = Duration::from_secs(15);
/// How soon a browser tries again after a cut.
const RETRY: Duration = Duration::from_secs(2);

/// Follows the picture: an event `fragment` for each change and an event `beat` with the clock, until `goes_on` says
/// no or the service ends. The first fragment comes at once.
pub(super) fn follow(
    desk: Arc<Desk>,
    render: impl Fn(&Desk, &Scene) -> Markup + Send + 'static,
    goes_on: impl Fn(&Desk) -> bool + Send + 'static,
) -> Response {
    let Ok(place) = Arc::clone(&desk.streams).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "Quá nhiều trang đang mở.").into_response();
    };
    let mut ticks = interval(BEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (for_fragments, for_beats) = (Arc::clone(&desk), Arc::clone(&desk));
    let fragments = WatchStream::new(desk.follow()).map(move |scene| {
        // A carriage return would end a line of the event; no text on a page needs one.
        let html = render(&for_fragments, &scene).into_string().replace('\r', " ");
        let id = format!("{}-{}", for_fragments.run, scene.version);
        Event::default().event("fragment").id(id).retry(RETRY).data(html)
    });
    let beats = IntervalStream::new(ticks).map(move |_| beat(&for_beats));
    let events = fragments.merge(beats).take_while(move |_| {
        // Keeps the page's place among the streams until it goes away.
        let _place = &place;
        goes_on(&desk)
    });
    Sse::new(events.map(Ok::<_, Infallible>)).into_response()
}

/// One event that tells an officer's page to sign in again, and nothing more.
pub(super) fn signed_out() -> Response {
    let event = Event::default().event("signed-out").retry(RETRY).data("1");
    Sse::new(tokio_stream::once(Ok::<_, Infallible>(event))).into_response()
}

/// The kiosk's clock, 0 when it cannot be trusted, and the state of its scripts, so that a page notices newer ones.
fn beat(desk: &Desk) -> Event {
    let wall = desk.clock.now().wall;
    let unix_secs = if wall.trusted { wall.unix_ms.div_euclid(1000) } else { 0 };
    let data = serde_json::json!({ "unix_secs": unix_secs, "software": desk.software });
    Event::default().event("beat").data(data.to_string())
}
