//! Finding a procedure by what people call it, however they write it.

use crate::settings::Procedure;

/// The procedures whose name, code or a synonym has all words of the query, diacritics and case aside; those that begin
/// with the query first, else in the order of the catalogue. An empty query finds nothing.
pub fn search<'a>(catalogue: &'a [Procedure], query: &str) -> Vec<&'a Procedure> {
    let query = plain(query);
    let words: Vec<&str> = query.split_whitespace().collect();
    if words.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(bool, &Procedure)> = catalogue
        .iter()
        .filter_map(|procedure| {
            let names: Vec<String> = std::iter::once(&procedure.name)
                .chain(std::iter::once(&procedure.code))
                .chain(&procedure.synonyms)
                .map(|name| plain(name))
                .collect();
            let has_all = |name: &String| words.iter().all(|word| has_word(name, word));
            let begins = names.iter().any(|name| name.starts_with(query.trim()));
            names.iter().any(has_all).then_some((!begins, procedure))
        })
        .collect();
    found.sort_by_key(|(later, _)| *later);
    found.into_iter().map(|(_, procedure)| procedure).collect()
}

fn has_word(name: &str, beginning: &str) -> bool {
    name.split_whitespace().any(|word| word.starts_with(beginning))
}

/// Lower case, without marks: `Đăng ký` and `dang ky` are one. Knows the precomposed letters of Vietnamese and of the
/// minority languages' Latin alphabets; marks that stand alone (decomposed text) are dropped.
pub fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !('\u{0300}'..='\u{036F}').contains(c))
        .flat_map(char::to_lowercase)
        .filter(|c| !('\u{0300}'..='\u{036F}').contains(c))
        .map(base_letter)
        .collect()
}

fn base_letter(c: char) -> char {
    match c {
        'à' | 'á' | 'ả' | 'ã' | 'ạ' | 'ă' | 'ằ' | 'ắ' | 'ẳ' | 'ẵ' | 'ặ' | 'â' | 'ầ' | 'ấ' | 'ẩ' | 'ẫ'
        | 'ậ' => 'a',
        'è' | 'é' | 'ẻ' | 'ẽ' | 'ẹ' | 'ê' | 'ề' | 'ế' | 'ể' | 'ễ' | 'ệ' | 'ĕ' => 'e',
        'ì' | 'í' | 'ỉ' | 'ĩ' | 'ị' | 'ĭ' => 'i',
        'ò' | 'ó' | 'ỏ' | 'õ' | 'ọ' | 'ô' | 'ồ' | 'ố' | 'ổ' | 'ỗ' | 'ộ' | 'ơ' | 'ờ' | 'ớ' | 'ở' | 'ỡ'
        | 'ợ' | 'ŏ' => 'o',
        'ù' | 'ú' | 'ủ' | 'ũ' | 'ụ' | 'ư' | 'ừ' | 'ứ' | 'ử' | 'ữ' | 'ự' | 'ŭ' => 'u',
        'ỳ' | 'ý' | 'ỷ' | 'ỹ' | 'ỵ' => 'y',
        'đ' => 'd',
        'ƀ' => 'b',
        'č' => 'c',
        'ñ' => 'n',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn procedure(code: &str, name: &str, synonyms: &[&str]) -> Procedure {
        Procedure {
            code: code.to_string(),
            name: name.to_string(),
            field: "Hộ tịch".to_string(),
            synonyms: synonyms.iter().map(|word| (*word).to_string()).collect(),
        }
    }

    #[test]
    fn people_find_it_without_diacritics_or_the_official_name() {
        let catalogue = [
            procedure("1.001193", "Đăng ký khai sinh", &[]),
            procedure("1.000656", "Đăng ký khai tử", &["báo tử"]),
            procedure("1.004873", "Cấp giấy xác nhận tình trạng hôn nhân", &["giấy độc thân"]),
            procedure("1.003197", "Xoá đăng ký thường trú", &["xóa hộ khẩu"]),
        ];
        let table: [(&str, &[&str]); 9] = [
            ("khai sinh", &["1.001193"]),
            ("KHAI SINH", &["1.001193"]),
            ("bao tu", &["1.000656"]),
            ("giấy độc thân", &["1.004873"]),
            ("giay doc than", &["1.004873"]),
            ("xoa ho khau", &["1.003197"]),
            ("dang ky", &["1.001193", "1.000656", "1.003197"]),
            ("1.0011", &["1.001193"]),
            ("  ", &[]),
        ];
        for (query, codes) in table {
            let found: Vec<&str> =
                search(&catalogue, query).iter().map(|found| found.code.as_str()).collect();
            assert_eq!(found, codes, "{query}");
        }
    }

    #[test]
    fn marks_are_stripped_whether_precomposed_or_not() {
        let table = [
            ("Đường", "duong"),
            ("đươ\u{0300}ng", "duong"),
            ("ƁĂ", "ɓa"),
            ("ƀ č ñ ĕ ĭ ŏ ŭ", "b c n e i o u"),
            ("ê\u{0306} ô\u{0306} ơ\u{0306} ư\u{0306}", "e o o u"),
        ];
        for (text, expected) in table {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn a_provinces_catalogue_is_searched_whole() {
        let catalogue: Vec<Procedure> = (0..1099)
            .map(|n| procedure(&format!("1.{n:06}"), &format!("Thủ tục số {n} về đất đai"), &["sổ đỏ"]))
            .collect();
        assert_eq!(search(&catalogue, "so do").len(), 1099);
        assert_eq!(search(&catalogue, "thu tuc so 1098").len(), 1);
    }
}
