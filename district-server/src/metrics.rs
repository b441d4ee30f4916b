//! `/metrics` for Prometheus and `/healthz` for a supervisor. Neither says anything of a person.

use crate::app::App;
use crate::facts::Stage;
use crate::pages::kiosks_now;
use crate::store::StoreError;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kiosk_protocol::DeviceState;
use std::fmt::Write;

/// Figures in Prometheus' text form.
pub async fn get_metrics(State(app): State<App>) -> Response {
    match app.blocking(metrics).await {
        Err(refusal) => refusal.response(app.clock.now_ms()),
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
    }
}

/// `ok` as long as the store answers.
pub async fn get_healthz(State(app): State<App>) -> Response {
    match app.blocking(|app| app.store.account_count()).await {
        Err(refusal) => refusal.response(app.clock.now_ms()),
        Ok(_) => "ok\n".into_response(),
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str, samples: &[(String, i64)]) {
        // Writing to a String cannot fail.
        let _unused = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _unused = writeln!(self.0, "{name}{{{labels}}} {value}");
        }
    }
}

fn metrics(app: &App) -> Result<String, StoreError> {
    let now_ms = app.clock.now_ms();
    let kiosks = kiosks_now(app)?;
    let mut page = Page::default();
    let each = |value: &dyn Fn(&crate::pages::KioskNow) -> Option<i64>| -> Vec<(String, i64)> {
        let labels = |kiosk: &crate::store::Kiosk| format!("kiosk=\"{}\",hall=\"{}\"", kiosk.id, kiosk.hall);
        kiosks.iter().filter_map(|now| Some((labels(&now.kiosk), value(now)?))).collect()
    };
    let events = each(&|now| Some(now.kiosk.events.cast_signed()));
    page.family("district_events_total", "counter", "Events received.", &events);
    let silent = each(&|now| Some((now_ms - now.kiosk.last_heard_ms) / 1_000));
    page.family("district_kiosk_silent_seconds", "gauge", "Seconds since the kiosk last reported.", &silent);
    let depth = each(&|now| Some(i64::from(now.heartbeat.as_ref()?.0.outbox_depth)));
    page.family("district_kiosk_outbox_depth", "gauge", "Events the kiosk has yet to send.", &depth);
    let faults = each(&|now| {
        i64::try_from(now.devices.iter().filter(|device| device.state != DeviceState::Ok).count()).ok()
    });
    page.family("district_kiosk_device_faults", "gauge", "Devices that are not well.", &faults);

    let mut halls: Vec<&str> = kiosks.iter().map(|now| now.kiosk.hall.as_str()).collect();
    halls.dedup();
    let (mut waiting, mut open) = (Vec::new(), Vec::new());
    for hall in halls {
        let facts = app.facts.today(app.store.as_ref(), hall, now_ms)?;
        let labels = format!("hall=\"{hall}\"");
        waiting.push((labels.clone(), i64::try_from(facts.count(Stage::Waiting)).unwrap_or(0)));
        open.push((labels, i64::try_from(facts.open_counters()).unwrap_or(0)));
    }
    page.family("district_hall_waiting", "gauge", "People waiting now.", &waiting);
    page.family("district_hall_open_counters", "gauge", "Counters open now.", &open);
    Ok(page.0)
}
