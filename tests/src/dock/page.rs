//! The dock's one page.

use kiosk_core::settings::HallSettings;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Addresses;
use crate::rig::receipts::{CITIZEN_CARD, RECEIPTS, UNKNOWN_CODE};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page, whole.
pub(super) fn render(addresses: &Addresses, settings: &HallSettings, has_screen: bool) -> String {
    let page: Markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Dock" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Dock" }
                    p { "Everything around the kiosk, for a person to play with. Vietnamese words are those of the product." }
                    p #answer role="status" {}
                }
                main {
                    @if has_screen { (screen()) }
                    div .column {
                        (pages(addresses))
                        (scanner())
                        (keypads(settings))
                        (printer())
                        (faults())
                    }
                    section .tickets {
                        h2 { "Tickets" }
                        p .hint { "The latest pieces of paper that the printer cut off." }
                        div #tickets {}
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn act(action: &str, label: &str) -> Markup {
    html! { button type="button" data-act=(action) { (label) } }
}

fn screen() -> Markup {
    html! {
        section .screen {
            h2 { "The kiosk's screen" }
            p .hint { "Click to touch." }
            img #screen alt="The kiosk's screen" src="/screen.png";
        }
    }
}

fn pages(addresses: &Addresses) -> Markup {
    let hall = |path: &str| format!("{}{path}", addresses.hall);
    html! {
        section {
            h2 { "Pages" }
            ul {
                li { a href=(hall("/quay")) target="_blank" { "Officer console (Cán bộ vào quầy)" } }
                li { a href=(hall("/bang")) target="_blank" { "Hall display (Bảng gọi số)" } }
                li { a href=(hall("/may")) target="_blank" { "State of the machine (Tình trạng máy)" } }
                li { a href=(addresses.server) target="_blank" { "District server" } ", sign-in code " code { (addresses.code) } }
            }
            table {
                tr { @for (counter, _) in &addresses.pins { th { "Quầy " (counter) } } }
                tr { @for (_, pin) in &addresses.pins { td { code { (pin) } } } }
            }
        }
    }
}

fn scanner() -> Markup {
    html! {
        section {
            h2 { "Scanner" }
            div .buttons {
                @for receipt in &RECEIPTS {
                    button type="button" data-act={ "scan " (receipt.code) } {
                        (receipt.procedure.1) small { (receipt.code) " · " (receipt.status) }
                    }
                }
                button type="button" data-act={ "scan " (UNKNOWN_CODE) } { "A code that nobody knows" small { (UNKNOWN_CODE) } }
                button type="button" data-act={ "scan " (CITIZEN_CARD) } { "A citizen card (thẻ căn cước)" small { "made up; the kiosk must refuse it" } }
                button type="button" data-act={ "scan " ("9".repeat(4096)) } { "A barcode of 4 KB" }
            }
            form #scan {
                input name="code" placeholder="any code" aria-label="Code to scan";
                button type="submit" { "Scan" }
            }
        }
    }
}

fn keypads(settings: &HallSettings) -> Markup {
    html! {
        section {
            h2 { "Rating keypads" }
            @for counter in &settings.counters {
                p .counter { "Quầy " (counter.id) " " small { (counter.name) } }
                div .buttons {
                    @for choice in &settings.rating_scale.choices {
                        (act(&format!("key {} {}", counter.id, choice.key), &format!("{} {}", choice.key, choice.name)))
                    }
                }
            }
        }
    }
}

fn printer() -> Markup {
    html! {
        section {
            h2 { "Printer" }
            p #printer .state {}
            div .buttons {
                (act("cover open", "Open the cover"))
                (act("cover close", "Close the cover"))
                (act("paper near-end", "Paper near its end"))
                (act("paper short", "Paper ends in the next ticket"))
                (act("paper end", "Paper out"))
                (act("paper new", "New roll"))
                (act("cutter jam", "Jam the cutter"))
                (act("cutter free", "Free the cutter"))
                (act("printer unplug", "Pull the cable"))
                (act("printer plug", "Plug the cable in"))
            }
        }
    }
}

fn faults() -> Markup {
    html! {
        section {
            h2 { "Line, server, kiosk" }
            p #outside .state {}
            div .buttons {
                (act("line cut", "Cut the line"))
                (act("line mend", "Mend the line"))
                (act("server stop", "Stop the district server"))
                (act("server start", "Start the district server"))
                (act("kiosk kill", "kill -9 of the kiosk, then start it"))
            }
        }
    }
}
