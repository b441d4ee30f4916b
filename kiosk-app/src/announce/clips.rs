//! Which clips a call is made of.

use std::path::{Path, PathBuf};

/// The chime, then a clip for each word. Words are letters and digits only, so that a number can name no other file.
pub(super) fn of(words: &str, folder: &Path) -> Vec<PathBuf> {
    let clip = |word: &str| {
        let name: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        folder.join(format!("{name}.wav"))
    };
    std::iter::once("chime").chain(words.split_whitespace()).map(clip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_a_chime_and_its_words() {
        let files = of("mời công dân số a không", Path::new("/clips"));
        let names: Vec<_> = files.iter().filter_map(|file| file.file_stem()?.to_str()).collect();
        assert_eq!(names, ["chime", "mời", "công", "dân", "số", "a", "không"]);
    }

    #[test]
    fn no_word_leads_out_of_the_folder() {
        let files = of("../../etc/passwd", Path::new("/clips"));
        assert_eq!(files[1], Path::new("/clips/etcpasswd.wav"));
    }
}
