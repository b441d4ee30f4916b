//! The morning itself, scene by scene. Counters 1, 2 and 5 are open: civil status and certification, residence, results
//! and guidance.

use std::time::Duration;

use super::books::{Books, TicketKey};
use super::stage::{PATIENCE, Stage, Wish};
use crate::clock;
use crate::rig::receipts::{CITIZEN_CARD, RECEIPTS, UNKNOWN_CODE};
use crate::rig::{Hall, RigError};
use kiosk_core::time::BusinessDay;

const CIVIL: &str = "Hộ tịch";
const CERTIFY: &str = "Chứng thực";
const RESIDENCE: &str = "Cư trú";
const ELDERLY: &str = "Người cao tuổi";
const MERIT: &str = "Người có công";

/// The kiosk asks the server at most once in two seconds.
const BETWEEN_LOOKUPS: Duration = Duration::from_millis(2_200);

type Played = Result<(), RigError>;

/// Plays the whole morning.
pub(super) fn play(stage: &mut Stage) -> Played {
    opening(stage)?;
    first_citizens(stage)?;
    look_ups(stage)?;
    counters_work(stage)?;
    no_show_and_transfer(stage)?;
    printer_trouble(stage)?;
    without_the_server(stage)?;
    killed(stage)?;
    last_citizens(stage)?;
    landscape(stage)
}

fn opening(stage: &mut Stage) -> Played {
    stage.tell("The kiosk is on, no counter is open yet.");
    stage.see("home-closed-counters", "Home, before any counter is open")?;
    for counter in [1, 2, 5] {
        stage.open_counter(counter)?;
    }
    stage.tell("Officers sign in with their PINs at counters 1, 2 and 5 and open them.");
    Ok(())
}

fn first_citizens(stage: &mut Stage) -> Played {
    stage.see("home", "Home: people waiting and open counters, before a number is taken")?;
    stage.choose(Wish::submit(CIVIL))?;
    stage.wait("printing")?;
    stage.see("printing", "The number is stored before the printer gets its first byte")?;
    stage.wait("taken")?;
    stage.see("taken", "The number is on paper")?;
    let number = stage.number_shown()?;
    stage.tell(&format!("A citizen registers a birth: number {number} on paper."));
    clock::pass(Duration::from_millis(400));
    stage.go("Xong", "home")?;
    for (wish, who) in [
        (Wish::submit(CERTIFY), "has a copy certified"),
        (Wish::submit(RESIDENCE), "registers a residence"),
        (Wish::plain("Tôi không biết chọn gì"), "does not know what to choose"),
        (Wish::submit(CIVIL).first(ELDERLY), "is elderly and says so"),
        (Wish::submit(CERTIFY).first(MERIT), "has served the country and says so"),
    ] {
        let (number, on_paper) = stage.take(wish)?;
        stage.tell(&format!("A citizen {who}: number {number}{}.", paper(on_paper)));
    }
    Ok(())
}

fn paper(on_paper: bool) -> &'static str {
    if on_paper { " on paper" } else { " on the screen only" }
}

fn look_ups(stage: &mut Stage) -> Played {
    stage.go("Tra cứu hồ sơ", "look-up-start")?;
    stage.see("look-up-start", "Scan the receipt, or type its code")?;
    let [working, ready, ..] = &RECEIPTS;
    stage.hall.scan(working.code)?;
    stage.wait("dossier")?;
    stage.see("dossier-working", "A dossier in progress, without any name")?;
    stage.tell("A receipt is scanned: the dossier is in progress.");
    clock::pass(BETWEEN_LOOKUPS);
    stage.hall.scan(ready.code)?;
    clock::pass(Duration::from_millis(700));
    stage.wait("dossier")?;
    stage.see("dossier-ready", "The result is ready: one touch takes the number for it")?;
    stage.tell("Another receipt is scanned: the result is ready.");
    clock::pass(BETWEEN_LOOKUPS);
    if let Some(late) = RECEIPTS.get(3) {
        stage.hall.scan(late.code)?;
        clock::pass(Duration::from_millis(700));
        stage.wait("dossier")?;
        stage.see("dossier-late", "Past the appointed day, and said plainly")?;
        stage.tell("A third receipt: the dossier is late, and the page says so.");
    }
    stage.hall.scan(CITIZEN_CARD)?;
    stage.wait("look-up-failed")?;
    stage.see("look-up-failed-card", "A citizen card: refused, not stored, not sent")?;
    stage.tell("A citizen card is scanned: refused, nothing is kept of it.");
    clock::pass(BETWEEN_LOOKUPS);
    stage.hall.scan(UNKNOWN_CODE)?;
    clock::pass(Duration::from_millis(700));
    stage.wait("look-up-failed")?;
    stage.see("look-up-failed-unknown", "A code that nobody knows")?;
    stage.go("Về trang đầu", "home")?;
    typed_look_up(stage)?;
    procedures(stage)
}

fn typed_look_up(stage: &mut Stage) -> Played {
    stage.go("Tra cứu hồ sơ", "look-up-start")?;
    stage.go("Nhập mã hồ sơ", "type-code")?;
    stage.type_text("261105-0001")?;
    stage.see("type-code", "Typing a code; the unit's beginning is filled in")?;
    stage.go("Tiếp tục", "type-phone")?;
    stage.type_text("4321")?;
    stage.see("type-phone", "A typed code can be guessed, so four digits of the phone are asked for")?;
    stage.tap("Tiếp tục")?;
    stage.wait("dossier")?;
    stage.tell("A citizen types code and phone digits instead: found.");
    stage.go("Xong", "home")
}

fn procedures(stage: &mut Stage) -> Played {
    stage.go("Thủ tục cần giấy tờ gì?", "fields")?;
    stage.see("fields", "Fields of the catalogue")?;
    stage.go(CIVIL, "procedures")?;
    stage.see("procedures", "Procedures of a field")?;
    stage.go("Đăng ký khai sinh", "procedure")?;
    stage.see("procedure", "One procedure, by its official name")?;
    stage.go("Về trang đầu", "home")?;
    for (label, name, caption) in [
        ("Chữ to hơn", "home-large", "Larger text"),
        ("Nền đen chữ trắng", "home-contrast", "White on black"),
        ("Nút ở thấp", "home-low", "Controls within reach from a wheelchair"),
    ] {
        stage.tap(label)?;
        clock::pass(Duration::from_millis(300));
        stage.see(name, caption)?;
        stage.tap(label)?;
    }
    stage.tap("English")?;
    clock::pass(Duration::from_millis(300));
    stage.see("home-english", "English")?;
    // The look goes back with the session; entering one and leaving it ends it.
    stage.tap("Take a number")?;
    stage.wait("errands")?;
    clock::pass(Duration::from_millis(500));
    stage.tap("To the first page")?;
    stage.wait("home")?;
    stage.tell("Large text, high contrast, low buttons and English are tried and go back by themselves.");
    Ok(())
}

fn counters_work(stage: &mut Stage) -> Played {
    for counter in [1, 2, 5] {
        if let Some(number) = stage.call_and_serve(counter)? {
            stage.tell(&format!("Counter {counter} calls {number}, who comes at once."));
        }
    }
    stage.finish(1, Some(1))?;
    stage.finish(2, Some(2))?;
    stage.tell("Counters 1 and 2 finish; both citizens rate on the keypad: very satisfied, satisfied.");
    stage.finish(5, None)?;
    stage.go("Đánh giá phục vụ", "rate-counters")?;
    stage.see("rate-counters", "Which counter? Only those that finished a moment ago")?;
    stage.go("Quầy 5", "rate-scale")?;
    stage.see("rate-scale", "The scale is data")?;
    stage.go("Không hài lòng", "rate-reasons")?;
    stage.see("rate-reasons", "After a low rating one page of reasons, no free text")?;
    stage.go("Chờ lâu", "rate-thanks")?;
    stage.see("rate-thanks", "Thanks")?;
    stage.tell("The third citizen rates at the screen: not satisfied, waited too long.");
    stage.wait("home")
}

fn no_show_and_transfer(stage: &mut Stage) -> Played {
    if let Some(number) = stage.officer(1)?.call()? {
        stage.officer(1)?.press("recall")?;
        stage.officer(1)?.press("no-show")?;
        stage.tell(&format!("Counter 1 calls {number} twice; nobody comes: no-show."));
    }
    let (number, _) = stage.take(Wish::submit(RESIDENCE))?;
    stage.call_and_serve(2)?;
    stage.officer(2)?.press("to-counter:1")?;
    stage.tell(&format!("{number} belongs to another counter: counter 2 transfers it to counter 1."));
    Ok(())
}

fn printer_trouble(stage: &mut Stage) -> Played {
    stage.hall.printer.with(|printer| printer.set_near_end(true));
    stage.hall.printer.with(|printer| printer.set_paper_rows_left(180));
    let (number, on_paper) = stage.take(Wish::submit(CIVIL))?;
    stage.tell(&format!("The paper ends in the middle of a ticket: {number}{}.", paper(on_paper)));
    clock::pass(Duration::from_millis(500));
    stage.see("home-no-paper", "Home says before a number is taken that there is no paper")?;
    let (number, on_paper) = stage.take(Wish::submit(CERTIFY))?;
    stage.tell(&format!("The next citizen is told beforehand: {number}{}.", paper(on_paper)));
    stage.hall.printer.with(|printer| printer.set_paper_end(false));
    stage.hall.wait_printer_ready()?;
    stage.tell("A new roll is put in; nothing that was held prints late.");
    stage.hall.printer.with(|printer| printer.set_cover_open(true));
    clock::pass(Duration::from_millis(700));
    let (number, on_paper) = stage.take(Wish::submit(RESIDENCE))?;
    stage.tell(&format!("Someone opens the printer's cover: {number}{}.", paper(on_paper)));
    stage.hall.printer.with(|printer| printer.set_cover_open(false));
    stage.hall.wait_printer_ready()
}

fn without_the_server(stage: &mut Stage) -> Played {
    stage.hall.server.stop()?;
    stage.tell("The district server is switched off.");
    if let Some(receipt) = RECEIPTS.get(2) {
        stage.hall.scan(receipt.code)?;
        clock::pass(Duration::from_millis(700));
        stage.wait("look-up-failed")?;
        stage.see("look-up-failed-unreachable", "The server is out of reach; numbers go on")?;
        stage.go("Về trang đầu", "home")?;
        stage.see("home-line-down", "Home while the line is down")?;
        stage.tell("A look-up cannot be answered, and the page says what still works.");
    }
    let (number, on_paper) = stage.take(Wish::plain("Nhận kết quả"))?;
    stage.tell(&format!("Numbers go on: {number}{}.", paper(on_paper)));
    if let Some(number) = stage.call_and_serve(1)? {
        stage.finish(1, Some(1))?;
        stage.tell(&format!("So do the counters: {number} is served and rates."));
    }
    stage.hall.server.start()?;
    stage.tell("The district server is back.");
    stage.hall.line.cut();
    stage.tell("The line is cut.");
    let (number, on_paper) = stage.take(Wish::submit(CIVIL))?;
    stage.tell(&format!("Nobody at the counters notices: {number}{}.", paper(on_paper)));
    stage.hall.line.mend();
    stage.tell("The line is mended.");
    Ok(())
}

fn killed(stage: &mut Stage) -> Played {
    stage.choose(Wish::submit(RESIDENCE))?;
    stage.wait("printing")?;
    stage.hall.kill_kiosk();
    stage.tell("kill -9 of the kiosk while it prints.");
    stage.hall.start_kiosk()?;
    stage.wait("home")?;
    stage.tell("The kiosk is back; officers' pages go on where they were.");
    let in_doubt = clock::until("the job in doubt", PATIENCE, || job_in_doubt(&stage.hall));
    let (key, number) = in_doubt?;
    let ticket = format!("{}/{}/{}", BusinessDay(key.day), key.series, key.ordinal);
    // A printer that was interrupted is brought into order before it can take the copy.
    stage.hall.wait_printer_ready()?;
    let pieces = stage.hall.printer.tickets().len();
    stage.officer(2)?.press(&format!("reprint:{ticket}"))?;
    clock::until("the copy", PATIENCE, || (stage.hall.printer.tickets().len() > pieces).then_some(()))?;
    stage.hall.wait_printer_ready()?;
    stage.tell(&format!(
        "Nobody knows whether {number} was printed: the officer prints it again, marked IN LẠI."
    ));
    Ok(())
}

/// The ticket whose print nobody knows the end of.
fn job_in_doubt(hall: &Hall) -> Option<(TicketKey, String)> {
    let books = Books::read(&hall.kiosk_database(), &hall.server.database()).ok()?;
    let job = books.jobs.iter().rev().find(|job| job.outcome.as_deref() == Some("unknown"))?;
    let key = job.ticket.clone()?;
    let number = books.tickets.iter().find(|ticket| ticket.key == key)?.number.clone();
    Some((key, number))
}

fn last_citizens(stage: &mut Stage) -> Played {
    let (number, _) = stage.take(Wish::submit(CIVIL))?;
    stage.tell(&format!("The next number is {number}: a few were skipped, in case the storage had lied."));
    let mut served = Vec::new();
    for counter in [1, 2, 5] {
        while let Some(number) = stage.call_and_serve(counter)? {
            let key = (served.len() % 3 == 0).then_some(2);
            stage.finish(counter, key)?;
            served.push(number);
        }
        stage.officer(counter)?.press("close")?;
    }
    stage.tell(&format!("Everyone who waited is served ({}), and the counters close.", served.join(", ")));
    Ok(())
}

/// The same pages on a small landscape screen.
fn landscape(stage: &mut Stage) -> Played {
    stage.hall.stop_kiosk()?;
    stage.hall.resize((1280, 800));
    stage.hall.start_kiosk()?;
    stage.wait("home")?;
    stage.see("landscape-home", "The same home on a landscape screen of 1280x800")?;
    stage.go("Lấy số thứ tự", "errands")?;
    stage.see("landscape-errands", "Errands, landscape")?;
    stage.go("Nộp hồ sơ", "areas")?;
    stage.see("landscape-areas", "Areas, landscape")?;
    stage.go("Về trang đầu", "home")?;
    clock::pass(Duration::from_millis(500));
    if let Some(receipt) = RECEIPTS.get(2) {
        stage.hall.scan(receipt.code)?;
        stage.wait("dossier")?;
        stage.see("landscape-dossier", "A dossier that needs papers, landscape")?;
    }
    stage.go("Về trang đầu", "home")?;
    stage.tell("The kiosk is restarted on a landscape screen: the same pages.");
    Ok(())
}
