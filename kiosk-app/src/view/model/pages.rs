//! The words of each page.

use kiosk_core::event::Touch;
use kiosk_core::screen::{AreaChoice, Availability, ErrandChoice, OutOfService, Page, Pages, TakenNumber};
use kiosk_core::settings::{PriorityClass, Procedure, RatingChoice, RatingReason};
use kiosk_core::time::Wall;

use super::super::dates;
use super::super::words::Language;
use super::look_up::{dossier, look_up_failed};
use super::{Choice, ChoicesModel, KeypadModel, NumberModel, PageModel, PageName, QrText, Tone};

/// Who is told, when, and where a ticket's code points.
pub(super) struct Telling<'a> {
    pub language: Language,
    pub now: Wall,
    pub qr: &'a QrText,
}

const CODE_KEYS: [&str; 16] = ["1", "2", "3", "-", "4", "5", "6", ".", "7", "8", "9", "/", "", "0", "", ""];
const PHONE_KEYS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", ""];
const PHONE_DIGITS: u8 = 4;

/// Name and data of a page.
pub(super) fn page(page: &Page, telling: &Telling) -> (PageName, PageModel) {
    let language = telling.language;
    match page {
        Page::Home { waiting, open_counters, availability } => (
            PageName::Home,
            PageModel::Home {
                waiting: language.waiting(*waiting),
                open_counters: language.open_counters(*open_counters),
                closed: closed_sentences(*availability, telling),
            },
        ),
        Page::Errands(errands) => (PageName::Errands, choices(errand_choices(errands, telling))),
        Page::Areas { choices: areas, pages, .. } => {
            let areas = areas.iter().map(|area| area_choice(area, telling)).collect();
            (PageName::Areas, paged("", areas, *pages))
        }
        Page::Priorities { area, classes } => (PageName::Priorities, priorities(area, classes, language)),
        Page::Printing { number } => (PageName::Printing, message(language.your_number(number), "", "")),
        Page::Taken(taken) => (PageName::Taken, PageModel::Number(number(taken, String::new(), telling))),
        Page::NumberOnly { taken, trouble } => {
            let sentence = language.number_only(*trouble, &taken.number);
            (PageName::NumberOnly, PageModel::Number(number(taken, sentence, telling)))
        }
        Page::CannotIssue => (PageName::CannotIssue, message("", "", "")),
        Page::OutOfService(why) => (PageName::OutOfService, message("", for_technicians(why), "")),
        Page::NotNow(availability) => {
            let (sentence, detail) = unavailable(*availability, telling);
            (PageName::NotNow, message(sentence, detail, "closed"))
        }
        Page::LookUpStart => (PageName::LookUpStart, message("", "", "")),
        Page::TypeCode { prefix, typed, complete } => {
            (PageName::TypeCode, PageModel::Keypad(code_keypad(prefix, typed, *complete)))
        }
        Page::TypePhone { typed } => (PageName::TypePhone, PageModel::Keypad(phone_keypad(*typed))),
        Page::Searching => (PageName::Searching, message("", "", "")),
        Page::Dossier(card) => (PageName::Dossier, PageModel::Dossier(dossier(card, telling))),
        Page::LookUpFailed(failure) => {
            let (sentence, detail, icon) = look_up_failed(*failure, language);
            (PageName::LookUpFailed, message(sentence, detail, icon))
        }
        Page::Fields { fields, pages } => {
            let fields = fields
                .iter()
                .enumerate()
                .map(|(index, field)| Choice { icon: "folder".into(), ..plain(field, Touch::Field(index)) });
            (PageName::Fields, paged("", fields.collect(), *pages))
        }
        Page::Procedures { field, procedures, pages } => {
            (PageName::Procedures, paged(field, procedure_choices(procedures), *pages))
        }
        Page::Procedure(procedure) => (PageName::Procedure, procedure_page(procedure, language)),
        Page::RateCounters(counters) => {
            let counters = counters.iter().map(|counter| Choice {
                icon: "counter".into(),
                ..plain(&language.counter(*counter), Touch::RateCounter(*counter))
            });
            let counters: Vec<Choice> = counters.collect();
            let about = if counters.is_empty() { language.nobody_to_rate().into() } else { String::new() };
            (PageName::RateCounters, PageModel::Choices(ChoicesModel { about, ..choices_model(counters) }))
        }
        Page::RateScale { counter, number, choices: scale } => {
            let about = format!("{} · {}", language.counter(*counter), language.number(number));
            let model = ChoicesModel { about, ..choices_model(scale_choices(scale)) };
            (PageName::RateScale, PageModel::Choices(model))
        }
        Page::RateReasons(reasons) => (PageName::RateReasons, choices(reason_choices(reasons, language))),
        Page::RateThanks => (PageName::RateThanks, message("", "", "")),
    }
}

/// Why no number can be had, and what to do; both empty when it can.
fn unavailable(availability: Availability, telling: &Telling) -> (String, String) {
    let language = telling.language;
    match availability {
        Availability::Open => (String::new(), String::new()),
        Availability::Closed(None) => (language.closed().into(), language.ask_staff().into()),
        Availability::Closed(Some(opens)) => {
            (language.closed().into(), dates::opening(opens, telling.now, language))
        }
        Availability::QuotaReached { morning } => {
            (language.quota_reached(morning).into(), language.come_back(morning).into())
        }
        Availability::Exhausted => (language.exhausted().into(), language.ask_staff().into()),
    }
}

/// The same in one text.
fn closed_sentences(availability: Availability, telling: &Telling) -> String {
    let (sentence, detail) = unavailable(availability, telling);
    format!("{sentence} {detail}").trim().to_owned()
}

/// The same in one line, for a button.
fn unavailable_line(availability: Availability, telling: &Telling) -> String {
    match availability {
        Availability::Closed(Some(opens)) => dates::opening(opens, telling.now, telling.language),
        Availability::Open
        | Availability::Closed(None)
        | Availability::QuotaReached { .. }
        | Availability::Exhausted => unavailable(availability, telling).0,
    }
}

fn errand_choices(errands: &[ErrandChoice], telling: &Telling) -> Vec<Choice> {
    let language = telling.language;
    let mut choices: Vec<Choice> = errands
        .iter()
        .map(|errand| {
            let open = errand.availability == Availability::Open;
            Choice {
                detail: errand.hint.clone(),
                status: if open {
                    language.waiting(errand.waiting)
                } else {
                    unavailable_line(errand.availability, telling)
                },
                icon: errand.icon.clone(),
                tone: if open { Tone::Plain } else { Tone::Closed },
                ..plain(&errand.name, Touch::Errand(errand.id.clone()))
            }
        })
        .collect();
    choices.push(Choice { icon: "unsure".into(), ..plain(language.dont_know(), Touch::DontKnow) });
    choices
}

fn area_choice(area: &AreaChoice, telling: &Telling) -> Choice {
    let language = telling.language;
    let open = area.availability == Availability::Open;
    let status = match (open, area.open_counters, area.wait_minutes) {
        (false, _, _) => unavailable_line(area.availability, telling),
        (true, 0, _) => format!("{} · {}", language.waiting(area.waiting), language.open_counters(0)),
        (true, _, None) => language.waiting(area.waiting),
        (true, _, Some(wait)) => format!("{} · {}", language.waiting(area.waiting), language.wait(wait)),
    };
    Choice {
        status,
        icon: area.icon.clone(),
        tone: if open { Tone::Plain } else { Tone::Closed },
        ..plain(&area.name, Touch::Area(area.id.clone()))
    }
}

fn priorities(area: &AreaChoice, classes: &[PriorityClass], language: Language) -> PageModel {
    let none = Choice { tone: Tone::Primary, ..plain(language.no_priority(), Touch::Priority(None)) };
    let classes = classes.iter().map(|class| plain(&class.name, Touch::Priority(Some(class.id.clone()))));
    let model = choices_model(std::iter::once(none).chain(classes).collect());
    PageModel::Choices(ChoicesModel { about: area.name.clone(), ..model })
}

fn procedure_choices(procedures: &[Procedure]) -> Vec<Choice> {
    procedures
        .iter()
        .enumerate()
        .map(|(index, procedure)| Choice {
            status: procedure.synonyms.join(", "),
            icon: "list".into(),
            ..plain(&procedure.name, Touch::Procedure(index))
        })
        .collect()
}

fn procedure_page(procedure: &Procedure, language: Language) -> PageModel {
    let mut facts = vec![
        (language.field_label().into(), procedure.field.clone()),
        (language.procedure_code_label().into(), procedure.code.clone()),
    ];
    if !procedure.synonyms.is_empty() {
        facts.push((language.also_called_label().into(), procedure.synonyms.join(", ")));
    }
    PageModel::Procedure { name: procedure.name.clone(), facts }
}

/// A scale's choices with faces: the low ones sad, the others the happier the nearer the best.
fn scale_choices(scale: &[RatingChoice]) -> Vec<Choice> {
    let last = scale.len().saturating_sub(1);
    scale
        .iter()
        .enumerate()
        .map(|(index, choice)| {
            let icon = match (choice.low, index) {
                (true, index) if index == last && scale.len() > 3 => "face-1",
                (true, _) => "face-2",
                (false, 0) => "face-5",
                (false, 1) => "face-4",
                (false, _) => "face-3",
            };
            Choice { icon: icon.into(), ..plain(&choice.name, Touch::RateChoice(choice.key)) }
        })
        .collect()
}

fn reason_choices(reasons: &[RatingReason], language: Language) -> Vec<Choice> {
    let reasons = reasons.iter().map(|reason| plain(&reason.name, Touch::RateReason(reason.id.clone())));
    reasons.chain(std::iter::once(plain(language.skip(), Touch::Skip))).collect()
}

fn number(taken: &TakenNumber, sentence: String, telling: &Telling) -> NumberModel {
    let language = telling.language;
    let mut facts = vec![language.ahead(taken.people_ahead)];
    facts.extend(taken.wait_minutes.map(|wait| language.you_wait(wait)));
    facts.push(language.counters(&taken.counters));
    NumberModel {
        number: taken.number.to_string(),
        sentence,
        area: taken.area.clone(),
        facts,
        qr: (telling.qr)(&taken.ticket),
    }
}

fn code_keypad(prefix: &str, typed: &str, complete: bool) -> KeypadModel {
    KeypadModel {
        prefix: prefix.into(),
        typed: typed.into(),
        places: Vec::new(),
        keys: CODE_KEYS.to_vec(),
        complete,
    }
}

fn phone_keypad(typed: u8) -> KeypadModel {
    KeypadModel {
        prefix: String::new(),
        typed: String::new(),
        places: (0..PHONE_DIGITS).map(|place| place < typed).collect(),
        keys: PHONE_KEYS.to_vec(),
        complete: typed >= PHONE_DIGITS,
    }
}

fn plain(label: &str, touch: Touch) -> Choice {
    Choice {
        label: label.into(),
        detail: String::new(),
        status: String::new(),
        icon: String::new(),
        tone: Tone::Plain,
        long: false,
        touch,
    }
}

fn choices_model(choices: Vec<Choice>) -> ChoicesModel {
    ChoicesModel {
        about: String::new(),
        choices,
        position: String::new(),
        has_previous: false,
        has_next: false,
    }
}

fn choices(choices: Vec<Choice>) -> PageModel {
    PageModel::Choices(choices_model(choices))
}

fn paged(about: &str, choices: Vec<Choice>, pages: Pages) -> PageModel {
    let many = pages.count > 1;
    PageModel::Choices(ChoicesModel {
        about: about.into(),
        choices,
        position: if many { format!("{}/{}", pages.index + 1, pages.count) } else { String::new() },
        has_previous: many && pages.index > 0,
        has_next: many && pages.index + 1 < pages.count,
    })
}

/// Nobody has chosen a language yet, and the technician's is known.
fn for_technicians(why: &OutOfService) -> String {
    let (trouble, remedy) = match why {
        OutOfService::Data => (
            "máy không mở được dữ liệu trên thẻ nhớ và tự thử lại liên tục",
            "Hãy tắt và bật lại máy; nếu vẫn vậy, thay thẻ nhớ.",
        ),
        OutOfService::Configuration(faults) => ("cấu hình của máy chưa dùng được", faults.as_str()),
    };
    format!("Cán bộ kỹ thuật: {trouble}.\n{remedy}")
}

fn message(sentence: impl Into<String>, detail: impl Into<String>, icon: &'static str) -> PageModel {
    PageModel::Message { sentence: sentence.into(), detail: detail.into(), icon }
}
