//! Signing in: counter and PIN.

use kiosk_core::id::CounterId;
use maud::{Markup, html};

use super::{Shell, document};
use crate::hall::desk::Desk;
use crate::hall::labels::counter_title;

/// The page; `chosen` is the counter tried before and `said` what came of it.
pub(in crate::hall) fn page(desk: &Desk, chosen: Option<CounterId>, said: Option<&str>) -> Markup {
    let body = html! {
        main class="card" {
            @for line in &desk.labels.unit_lines { p class="unit" { (line) } }
            h1 { "Cán bộ vào quầy" }
            p id="answer" role="status" class=(if said.is_some() { "look" } else { "" }) {
                (said.unwrap_or("Mã PIN gồm 6 chữ số, ghi trên phiếu dành cho cán bộ."))
            }
            form method="post" action="/quay/vao" autocomplete="off" {
                label for="counter" { "Quầy" }
                select id="counter" name="counter" autofocus[chosen.is_none()] {
                    @for counter in &desk.labels.counters {
                        option value=(counter.id) selected[chosen == Some(counter.id)] {
                            (counter_title(counter.id, &counter.name))
                        }
                    }
                }
                label for="pin" { "Mã PIN" }
                input id="pin" name="pin" type="password" inputmode="numeric" maxlength="12" required
                    autocomplete="off" autofocus[chosen.is_some()];
                button type="submit" class="next" { "Vào quầy" }
            }
        }
    };
    let shell = Shell {
        title: "Vào quầy",
        style: "/tinh/console.css",
        script: Some("/tinh/console.js"),
        events: "",
        software: &desk.software,
    };
    document(&shell, &body)
}
