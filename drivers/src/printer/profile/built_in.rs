//! The profiles that come with the crate.

/// A profile that comes with the crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    pub(super) text: &'static str,
}

/// The most general last.
pub(super) const ALL: [BuiltIn; 8] = [
    BuiltIn { name: "tm-t82", text: include_str!("../../../profiles/tm-t82.toml") },
    BuiltIn { name: "tm-t88", text: include_str!("../../../profiles/tm-t88.toml") },
    BuiltIn { name: "srp-350", text: include_str!("../../../profiles/srp-350.toml") },
    BuiltIn { name: "xprinter-80", text: include_str!("../../../profiles/xprinter-80.toml") },
    BuiltIn { name: "vkp80", text: include_str!("../../../profiles/vkp80.toml") },
    BuiltIn { name: "masung-80", text: include_str!("../../../profiles/masung-80.toml") },
    BuiltIn { name: "generic-80", text: include_str!("../../../profiles/generic-80.toml") },
    BuiltIn { name: "generic-58", text: include_str!("../../../profiles/generic-58.toml") },
];

#[cfg(test)]
mod tests {
    use super::super::Profile;
    use super::*;

    #[test]
    fn each_built_in_profile_can_be_used_and_has_the_name_of_its_file() {
        for BuiltIn { name, text } in ALL {
            let profile = Profile::from_toml(text, name).unwrap();
            assert_eq!(profile.name, name);
        }
        assert_eq!(Profile::all().len(), ALL.len());
    }
}
