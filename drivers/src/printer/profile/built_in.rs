//! The profiles that come with the crate.

/// Names and texts, the most general last.
pub(super) const TEXTS: [(&str, &str); 8] = [
    ("tm-t82", include_str!("../../../profiles/tm-t82.toml")),
    ("tm-t88", include_str!("../../../profiles/tm-t88.toml")),
    ("srp-350", include_str!("../../../profiles/srp-350.toml")),
    ("xprinter-80", include_str!("../../../profiles/xprinter-80.toml")),
    ("vkp80", include_str!("../../../profiles/vkp80.toml")),
    ("masung-80", include_str!("../../../profiles/masung-80.toml")),
    ("generic-80", include_str!("../../../profiles/generic-80.toml")),
    ("generic-58", include_str!("../../../profiles/generic-58.toml")),
];

pub(super) fn text_of(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::super::Profile;
    use super::*;

    #[test]
    fn each_built_in_profile_can_be_used_and_has_the_name_of_its_file() {
        for (name, text) in TEXTS {
            let profile = Profile::from_toml(text, name).unwrap();
            assert_eq!(profile.name, name);
        }
        assert_eq!(Profile::all().len(), TEXTS.len());
    }
}
