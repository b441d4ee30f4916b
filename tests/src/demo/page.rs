//! The page that shows what a demonstration left behind.

use maud::{DOCTYPE, Markup, html};

use super::summary::Summary;

/// A picture with a sentence.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Picture {
    /// Path below the page.
    pub file: String,
    /// What it shows.
    pub caption: String,
}

const STYLE: &str = "
body { font: 16px/1.5 'Noto Sans', sans-serif; margin: 2rem auto; max-width: 1400px; padding: 0 1rem; color: #1a1a1a; background: #fff }
h1, h2 { color: #0b3d63 }
.grid { display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: flex-start }
figure { margin: 0; width: 250px }
figure img { width: 100%; border: 1px solid #999; background: #fff }
figcaption { font-size: .85rem }
table { border-collapse: collapse } td, th { border: 1px solid #999; padding: .3rem .7rem; text-align: left }
.bad { background: #fbdcdc } .good { background: #dff3e0 }
ol { columns: 2 }
";

/// The page, whole.
pub fn render(summary: &Summary, story: &[String], screens: &[Picture], tickets: &[Picture]) -> String {
    let page: Markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "A hall's morning" }
                style { (STYLE) }
            }
            body {
                h1 { "A hall's morning" }
                p { "Real programs, real byte protocols, simulated devices. Figures come from the two databases after the fact." }
                (verdict(summary))
                h2 { "What happened" }
                ol { @for line in story { li { (line) } } }
                h2 { "Screens" }
                (gallery(screens))
                h2 { "Tickets, as the printer's paper shows them" }
                (gallery(tickets))
            }
        }
    };
    page.into_string()
}

fn verdict(summary: &Summary) -> Markup {
    html! {
        table {
            @for (name, value) in summary.rows() { tr { th { (name) } td { (value) } } }
        }
        @if summary.faults.is_empty() {
            p.good { "Everything adds up." }
        } @else {
            p.bad { "It does not add up:" }
            ul { @for fault in &summary.faults { li.bad { (fault) } } }
        }
    }
}

fn gallery(pictures: &[Picture]) -> Markup {
    html! {
        div.grid {
            @for picture in pictures {
                figure {
                    a href=(picture.file) { img src=(picture.file) alt=(picture.caption); }
                    figcaption { (picture.caption) }
                }
            }
        }
    }
}
