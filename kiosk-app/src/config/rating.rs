//! Rating scales.

use kiosk_core::settings::{RatingChoice, RatingScale};

use super::fault::{Consequence, FaultKind};
use super::fields::Fields;

/// The scale that `[rating] scale` names among the `[scale.ID]`; the usual one when it cannot be had.
pub(super) fn scale(root: &mut Fields<'_>, chosen: Option<&str>) -> RatingScale {
    let scales = root.items("scale", |name, fields| {
        let mut keys = Vec::new();
        let choices = fields.tables("choices", |choice| {
            let key = choice.number("key", 0..=255, "số của phím, từ 0 đến 255");
            let name = choice.text("name");
            let low = choice.flag("low", false);
            let (key, name) = (key? as u8, name?);
            if keys.contains(&key) {
                let kind = FaultKind::Repeated { item: choice.item(), key: "key", value: key.to_string() };
                choice.fault(kind, Consequence::ValueIgnored);
                return None;
            }
            keys.push(key);
            Some(RatingChoice { key, name, low })
        });
        if !(2..=6).contains(&choices.len()) {
            fields.bad_value("choices", "từ 2 đến 6 mức, mỗi mức có key và name", Consequence::ItemOff);
            return None;
        }
        Some(RatingScale { id: name.to_owned(), choices })
    });
    let known: Vec<String> = scales.iter().map(|scale| scale.id.clone()).collect();
    let Some(chosen) = chosen else {
        return usual();
    };
    match scales.into_iter().find(|scale| scale.id == chosen) {
        Some(scale) => scale,
        None => {
            let kind = FaultKind::UnknownReference {
                item: "[rating]".to_owned(),
                key: "scale",
                id: chosen.to_owned(),
                known,
            };
            root.fault_at("rating", kind, Consequence::ValueIgnored);
            usual()
        }
    }
}

/// vn3, with the keys that common keypads have.
fn usual() -> RatingScale {
    let choice = |key, name: &str, low| RatingChoice { key, name: name.to_owned(), low };
    RatingScale {
        id: "vn3".to_owned(),
        choices: vec![
            choice(1, "Rất hài lòng", false),
            choice(2, "Hài lòng", false),
            choice(3, "Không hài lòng", true),
        ],
    }
}
