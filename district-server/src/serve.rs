//! The server: routes, limits of size, headers, and its life.

use crate::app::App;
use crate::import::Watcher;
use crate::{enrol, intake, lookup, metrics, pages, reads};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use kiosk_protocol::MAX_BATCH_BYTES;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// How often the drop folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// All routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/v1/kiosks/{kiosk}/events", post(intake::post_events))
        .route("/v1/kiosks/{kiosk}/config", get(reads::get_config))
        .route("/v1/kiosks/{kiosk}/inbox", get(reads::get_inbox))
        .route("/v1/kiosks/{kiosk}/bundles/{sha256}", get(reads::get_bundle))
        .route("/v1/dossiers/{code}", get(lookup::get_dossier))
        .route("/v1/enrol", post(enrol::post_enrol))
        .route("/metrics", get(metrics::get_metrics))
        .route("/healthz", get(metrics::get_healthz))
        .merge(pages::routes())
        // A body on the wire may be as large as an unzipped batch, never larger: it need not be zipped.
        .layer(DefaultBodyLimit::max(MAX_BATCH_BYTES))
        .layer(from_fn(guard_headers))
        .with_state(app)
}

/// Nothing from elsewhere runs in a page, and nothing else shows a page inside itself.
async fn guard_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // The page of a ticket carries its style in itself and says so.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
    ));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Serves until the process is told to end. Every answered batch is durable, so there is nothing to wind down.
pub async fn serve(app: App, listener: TcpListener, watcher: Watcher) -> std::io::Result<()> {
    tokio::spawn(watch_drop_folder(app.clone(), watcher));
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        served = async { axum::serve(listener, service).await } => served,
        told = told_to_end() => told,
    }
}

async fn told_to_end() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _signal = terminate.recv() => Ok(()),
    }
}

async fn watch_drop_folder(app: App, mut watcher: Watcher) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    loop {
        ticks.tick().await;
        let looked = app
            .blocking(move |app| {
                for (path, outcome) in watcher.look(app) {
                    match outcome {
                        Ok(outcome) => tracing::info!(
                            file = %path.display(),
                            imported = outcome.imported,
                            rejected = outcome.rejects.len(),
                            "dossiers imported"
                        ),
                        Err(error) => tracing::error!(
                            file = %path.display(),
                            error = &error as &dyn std::error::Error,
                            "dossier file refused"
                        ),
                    }
                }
                Ok(watcher)
            })
            .await;
        match looked {
            Ok(back) => watcher = back,
            Err(_) => return,
        }
    }
}
