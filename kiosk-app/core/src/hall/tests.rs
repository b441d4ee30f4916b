//! What only the inside shows: that nothing grows.

use crate::event::{Event, OfficerAction, OfficerPress, PrintOutcome, Touch};
use crate::id::{AreaId, CounterId, ErrandId, HallId, PressId, RequestId};
use crate::restored::Restored;
use crate::settings::{
    Counter, DossierSettings, Errand, HallSettings, OpeningWindow, RatingChoice, RatingScale, ServiceArea,
    SpeechSettings,
};
use crate::time::{BusinessDay, Now, Wall};

use super::{Effect, Hall};

const DAY_MS: u64 = 24 * 3600 * 1000;

fn settings() -> HallSettings {
    let monday = BusinessDay(4);
    let all_week = (0..7).map(|day| OpeningWindow {
        weekday: BusinessDay(monday.0 + day).weekday(),
        from_minute: 0,
        to_minute: 1440,
    });
    HallSettings {
        hall: HallId::new("thu"),
        unit_lines: Vec::new(),
        speech: SpeechSettings::Digits,
        areas: vec![ServiceArea {
            id: AreaId::new("mot"),
            name: String::new(),
            prefix: String::new(),
            digits: 4,
            first: 1001,
            last: 9999,
            session_quota: None,
            opening: Vec::new(),
            icon: String::new(),
        }],
        errands: vec![Errand {
            id: ErrandId::new("nop"),
            name: String::new(),
            hint: String::new(),
            icon: String::new(),
            areas: vec![AreaId::new("mot")],
        }],
        guidance_errand: None,
        counters: vec![Counter { id: CounterId(1), name: String::new(), areas: vec![AreaId::new("mot")] }],
        priority_classes: Vec::new(),
        max_overtakings: 2,
        opening: all_week.collect(),
        holidays: Vec::new(),
        rating_scale: RatingScale {
            id: "vn3".to_string(),
            choices: vec![RatingChoice { key: 1, name: String::new(), low: false }],
        },
        rating_reasons: Vec::new(),
        pause_reasons: Vec::new(),
        dossiers: DossierSettings {
            typed_prefix: String::new(),
            url_hosts: Vec::new(),
            result_errand: None,
            supplement_errand: None,
        },
        catalogue: Vec::new(),
        guard_band: 5,
        idle_timeout_secs: 20,
        rating_window_secs: 60,
    }
}

struct Rig {
    hall: Hall,
    now: Now,
    presses: u128,
}

impl Rig {
    fn send(&mut self, event: Event) -> Vec<Effect> {
        self.pass_ms(1000);
        self.hall.handle(event, self.now)
    }

    fn pass_ms(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall.unix_ms += ms as i64;
    }

    fn press(&mut self, action: OfficerAction) {
        self.presses += 1;
        let seen = self.hall.state.in_hand(CounterId(1)).map(|ticket| ticket.id.clone());
        let press = PressId(self.presses);
        let press = OfficerPress { request: RequestId(1), press, counter: CounterId(1), seen, action };
        self.send(Event::OfficerPressed(press));
    }

    /// A person who takes a number; of four printers' answers one never comes.
    fn take(&mut self, answered: bool) {
        self.send(Event::Touched(Touch::Home));
        let effects = self.send(Event::Touched(Touch::TakeNumber));
        let job = effects.iter().find_map(
            |effect| {
                if let Effect::Print(job) = effect { Some(job.job) } else { None }
            },
        );
        if let (Some(job), true) = (job, answered) {
            self.send(Event::PrintFinished { job, outcome: PrintOutcome::Printed });
        } else {
            self.pass_ms(16_000);
            self.send(Event::Ticked);
        }
    }

    fn serve(&mut self) {
        for action in [OfficerAction::CallNext, OfficerAction::Serve, OfficerAction::Finish] {
            self.press(action);
        }
        self.send(Event::Scanned("???".into()));
        self.send(Event::Scanned("TP01-CX-U0QVZU".into()));
        for key in 0..5 {
            self.send(Event::KeyPressed { counter: CounterId(1), key });
        }
    }
}

#[test]
fn thirty_days_leave_nothing_behind() {
    let wall = Wall { unix_ms: 20_000 * DAY_MS as i64, trusted: true };
    let hall = Hall::new(settings(), Restored::default());
    let mut rig = Rig { hall, now: Now { mono_ms: 0, wall }, presses: 0 };
    for _day in 0..30 {
        rig.press(OfficerAction::Open);
        for person in 0..30 {
            rig.take(person % 4 != 0);
            if person % 3 != 0 {
                rig.serve();
            }
        }
        rig.pass_ms(DAY_MS);
        rig.send(Event::Ticked);
        let state = &rig.hall.state;
        assert!(state.tickets.is_empty() && state.windows.is_empty() && state.paces.is_empty());
        assert!(state.without_paper.is_empty() && state.unrecorded.is_empty() && state.calls.is_empty());
        assert!(state.jobs.len() <= 64 && state.flags.len() <= 4 && state.presses.len() == 1);
    }
}
