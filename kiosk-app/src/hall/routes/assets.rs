//! Scripts and styles. They change only with the software, which is how a page notices that it is newer.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

use crate::hall::desk::Desk;
use crate::hall::secret;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

const ASSETS: [(&str, &str, &str); 6] = [
    ("/tinh/common.js", SCRIPT, include_str!("../assets/common.js")),
    ("/tinh/console.js", SCRIPT, include_str!("../assets/console.js")),
    ("/tinh/display.js", SCRIPT, include_str!("../assets/display.js")),
    ("/tinh/page.css", STYLE, include_str!("../assets/page.css")),
    ("/tinh/console.css", STYLE, include_str!("../assets/console.css")),
    ("/tinh/display.css", STYLE, include_str!("../assets/display.css")),
];

/// Their addresses.
pub(super) fn routes() -> Router<Arc<Desk>> {
    ASSETS.into_iter().fold(Router::new(), |router, (path, kind, text)| {
        router.route(path, get(move || std::future::ready(([(CONTENT_TYPE, kind)], text))))
    })
}

/// Tells one state of all scripts and styles from another.
pub(in crate::hall) fn software() -> String {
    let texts = ASSETS.map(|(_, _, text)| text.as_bytes());
    secret::hex(&secret::tag(&[0; 32], &texts)[..8])
}
