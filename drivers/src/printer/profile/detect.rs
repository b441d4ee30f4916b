//! Which profile fits the printer on the line.

use super::Profile;

/// What a printer says of itself; each part may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Its answer to `GS I 66`.
    pub maker: Option<String>,
    /// Its answer to `GS I 67`.
    pub model: Option<String>,
    /// Its IEEE 1284 device id, such as `MFG:EPSON;CMD:ESC/POS;MDL:TM-T82;`.
    pub device_id: Option<String>,
}

impl Identity {
    /// All names of the maker.
    fn makers(&self) -> impl Iterator<Item = &str> {
        self.maker.as_deref().into_iter().chain(self.device_field(&["MFG", "MANUFACTURER"]))
    }

    /// All names of the model.
    fn models(&self) -> impl Iterator<Item = &str> {
        self.model.as_deref().into_iter().chain(self.device_field(&["MDL", "MODEL"]))
    }

    fn device_field(&self, keys: &'static [&'static str]) -> impl Iterator<Item = &str> {
        let fields = self.device_id.as_deref().unwrap_or_default().split(';');
        fields.filter_map(|field| field.split_once(':')).filter_map(|(key, value)| {
            keys.iter().any(|wanted| key.trim().eq_ignore_ascii_case(wanted)).then_some(value.trim())
        })
    }
}

impl Profile {
    /// The built-in profile of the printer that says this of itself; `None` when no profile knows it: the configured
    /// one holds then. The longest text that fits decides.
    #[must_use]
    pub fn detect(identity: &Identity) -> Option<Self> {
        let fitting = Self::all().into_iter().filter_map(|profile| Some((profile.fit(identity)?, profile)));
        // Of several equally good ones the first, the most special.
        fitting.rev().max_by_key(|(fit, _)| *fit).map(|(_, profile)| profile)
    }

    /// How many letters of the identity this profile knows.
    fn fit(&self, identity: &Identity) -> Option<usize> {
        let models = longest(&self.detect.models, identity.models());
        let makers = longest(&self.detect.makers, identity.makers());
        let maker_unknown = self.detect.makers.is_empty() || identity.makers().next().is_none();
        match (models, makers) {
            (Some(model), Some(maker)) => Some(100 * model + maker),
            (Some(model), None) if maker_unknown => Some(100 * model),
            (None, Some(maker)) if self.detect.models.is_empty() => Some(maker),
            (Some(_) | None, None) | (None, Some(_)) => None,
        }
    }
}

/// Length of the longest pattern that is a part of any of the texts.
fn longest<'a>(patterns: &[String], texts: impl Iterator<Item = &'a str>) -> Option<usize> {
    let texts: Vec<String> = texts.map(str::to_ascii_lowercase).collect();
    let fits = |pattern: &&String| texts.iter().any(|text| text.contains(&pattern.to_ascii_lowercase()));
    patterns.iter().filter(fits).map(String::len).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printer_is_known_by_what_it_says() {
        let replies = |maker: &str, model: &str| Identity {
            maker: Some(maker.to_owned()),
            model: Some(model.to_owned()),
            device_id: None,
        };
        let device = |text: &str| Identity { device_id: Some(text.to_owned()), ..Identity::default() };
        for (identity, name) in [
            (replies("EPSON", "TM-T82III"), Some("tm-t82")),
            (replies("EPSON", "TM-T81II"), Some("tm-t82")),
            (replies("EPSON", "TM-T88V"), Some("tm-t88")),
            (replies("BIXOLON", "SRP-350III"), Some("srp-350")),
            (replies("XPRINTER", "XP-N160I"), Some("xprinter-80")),
            (replies("XPRINTER", "XP-58IIH"), Some("generic-58")),
            (device("MFG:EPSON;CMD:ESC/POS;MDL:TM-T82;CLS:PRINTER;"), Some("tm-t82")),
            (device("MANUFACTURER:CUSTOM SPA;MODEL:VKP80III;"), Some("vkp80")),
            (device("mfg:masung;mdl:MS-D347;"), Some("masung-80")),
            // A clone that calls itself TM-T88 is none.
            (replies("POS", "TM-T88"), None),
            (replies("STAR", "TSP100"), None),
            (device("no fields at all"), None),
            (Identity::default(), None),
        ] {
            let found = Profile::detect(&identity).map(|profile| profile.name);
            assert_eq!(found.as_deref(), name, "{identity:?}");
        }
    }

    #[test]
    fn a_model_without_a_maker_is_enough() {
        let identity = Identity { model: Some("TM-T88IV".to_owned()), ..Identity::default() };
        assert_eq!(Profile::detect(&identity).unwrap().name, "tm-t88");
    }
}
