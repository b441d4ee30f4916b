//! Line breaking.

use std::ops::Range;

use super::font::Font;

/// Breaks a paragraph into as few lines as possible: two at the end of a phrase if that fits, otherwise all about equally
/// long. No lonely last word. Breaks stand between words, and inside a word only where it alone is too wide. An empty
/// paragraph is an empty line.
pub(super) fn wrap_evenly(font: &Font, paragraph: &str, bold: bool, size: f32, width: f32) -> Vec<String> {
    // All is measured in one go: how wide a line becomes is the distance between its ends in the whole.
    let words = Words::measure(font, paragraph, bold, size);
    let Some(widest) = words.widest() else { return vec![String::new()] };
    if widest > width {
        return break_words(font, &words.text, bold, size, width);
    }
    let mut lines = words.lines(width);
    if let [_, _] = lines.as_slice()
        && let Some(halves) = words.phrases(width)
    {
        lines = halves.to_vec();
    } else {
        let step = width / 24.0;
        let mut narrower = width - step;
        while lines.len() > 1 && narrower > step.max(widest) {
            let candidate = words.lines(narrower);
            if candidate.len() > lines.len() {
                break;
            }
            lines = candidate;
            narrower -= step;
        }
    }
    lines.into_iter().map(|line| words.text_of(line).to_owned()).collect()
}

/// A paragraph whose words stand one blank apart.
struct Words {
    text: String,
    places: Vec<Place>,
}

/// Where a word stands: in the text, and in dots.
struct Place {
    bytes: Range<usize>,
    left: f32,
    right: f32,
}

impl Words {
    fn measure(font: &Font, paragraph: &str, bold: bool, size: f32) -> Self {
        let words: Vec<&str> = paragraph.split(' ').filter(|word| !word.is_empty()).collect();
        let text = words.join(" ");
        let line = font.shape(&text, bold, size);
        let mut start = 0;
        let place = |word: &str| {
            let bytes = start..start + word.len();
            start = bytes.end + 1;
            Place { left: line.pen_at(bytes.start), right: line.pen_at(bytes.end), bytes }
        };
        let places = words.into_iter().map(place).collect();
        Self { text, places }
    }

    /// The width of the widest word; none when there are no words.
    fn widest(&self) -> Option<f32> {
        self.places.iter().map(|place| place.right - place.left).reduce(f32::max)
    }

    fn width_of(&self, words: &Range<usize>) -> f32 {
        let places = self.places.get(words.clone()).unwrap_or_default();
        places.first().zip(places.last()).map_or(0.0, |(first, last)| last.right - first.left)
    }

    fn text_of(&self, words: Range<usize>) -> &str {
        let places = self.places.get(words).unwrap_or_default();
        let ends = places.first().zip(places.last());
        ends.and_then(|(first, last)| self.text.get(first.bytes.start..last.bytes.end)).unwrap_or_default()
    }

    /// As many words on each line as go; no word is wider than a line.
    fn lines(&self, width: f32) -> Vec<Range<usize>> {
        let mut lines: Vec<Range<usize>> = Vec::new();
        for word in 0..self.places.len() {
            match lines.last_mut() {
                Some(line) if self.width_of(&(line.start..word + 1)) <= width => line.end = word + 1,
                Some(_) | None => lines.push(word..word + 1),
            }
        }
        lines
    }

    /// The two phrases around a punctuation mark that make the most even lines; none where one would be lonely.
    fn phrases(&self, width: f32) -> Option<[Range<usize>; 2]> {
        const LONELY: f32 = 0.4;
        let count = self.places.len();
        let ends_phrase = |word: &usize| self.text_of(word - 1..*word).ends_with([',', ';', ':']);
        let halves = (1..count).filter(ends_phrase).filter_map(|at| {
            let halves = [0..at, at..count];
            let [one, other] = halves.each_ref().map(|half| self.width_of(half));
            let evenness = one.min(other) / one.max(other).max(1.0);
            (one.max(other) <= width && evenness >= LONELY).then_some((evenness, halves))
        });
        halves.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, halves)| halves)
    }
}

/// Breaks a text that has a word which is too wide, never inside a grapheme.
fn break_words(font: &Font, text: &str, bold: bool, size: f32, width: f32) -> Vec<String> {
    let measure = |text: &str| font.shape(text, bold, size).width;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let candidate = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if measure(&candidate) <= width {
            line = candidate;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut rest = word;
        while measure(rest) > width {
            let cut = font.shape(rest, bold, size).fitting_prefix(width, rest.len());
            let Some((head, tail)) = rest.split_at_checked(cut) else { break };
            if tail.is_empty() {
                break;
            }
            lines.push(head.to_owned());
            rest = tail;
        }
        line = rest.to_owned();
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn font() -> Font {
        Font::new(
            include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Regular.ttf"),
            include_bytes!("../../../kiosk-app/ui/fonts/NotoSans-Bold.ttf"),
        )
        .unwrap()
    }

    #[test]
    fn two_lines_break_between_phrases_and_leave_no_word_alone() {
        for (text, width, lines) in [
            ("Hướng dẫn, hỗ trợ trực tuyến", 400.0, ["Hướng dẫn,", "hỗ trợ trực tuyến"].as_slice()),
            ("Kinh doanh, bảo trợ xã hội", 400.0, &["Kinh doanh,", "bảo trợ xã hội"]),
            // A short phrase alone would be lonely: about equal lines instead.
            ("Có, xin chờ đến lượt của Ông hoặc Bà", 400.0, &["Có, xin chờ đến lượt", "của Ông hoặc Bà"]),
            ("Hộ tịch", 400.0, &["Hộ tịch"]),
            ("", 400.0, &[""]),
        ] {
            assert_eq!(wrap_evenly(&font(), text, true, 36.0, width), lines, "{text}");
        }
    }
}
