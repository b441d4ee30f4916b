//! A finger acts when it lifts inside of what it was put on, once, and nowhere else.

use std::cell::RefCell;
use std::rc::Rc;

use kiosk_app::view::headless::{Button, GlassError, Studio};
use kiosk_core::event::{Adjustment, Touch};
use kiosk_core::id::{AreaId, ErrandId};
use kiosk_core::screen::Screen;

use super::samples;

type Touches = Rc<RefCell<Vec<Touch>>>;

pub fn does_what_it_should(studio: &Studio, touches: &Touches) {
    every_button_means_something(studio, touches);
    taps_mean_what_they_say(studio, touches);
    slides_mean_nothing(studio, touches);
    a_page_that_changes_under_the_finger_takes_no_touch(studio, touches);
    a_list_that_is_refreshed_under_the_finger_keeps_it(studio, touches);
    what_is_not_there_is_refused(studio);
}

fn sample(name: &str) -> Screen {
    let found = samples::screens().into_iter().find(|(sample, _screen)| *sample == name);
    found.unwrap_or_else(|| panic!("no sample {name}")).1
}

fn taken(touches: &Touches) -> Vec<Touch> {
    touches.borrow_mut().drain(..).collect()
}

fn button(studio: &Studio, label: &str) -> Button {
    let found = studio.glass().buttons().into_iter().find(|button| button.label == label);
    found.unwrap_or_else(|| panic!("no button {label}"))
}

fn middle(button: &Button) -> (f32, f32) {
    (button.x + button.width / 2.0, button.y + button.height / 2.0)
}

fn every_button_means_something(studio: &Studio, touches: &Touches) {
    for (name, screen) in samples::ordinary() {
        studio.show(&screen);
        for button in studio.glass().buttons() {
            let (x, y) = middle(&button);
            studio.glass().touch(x, y).expect("the glass takes touches");
            let count = taken(touches).len();
            let wanted = usize::from(button.enabled);
            assert!(count == wanted || !button.enabled, "{name}: {:?} sent {count} touches", button.label);
        }
    }
}

fn taps_mean_what_they_say(studio: &Studio, touches: &Touches) {
    for (page, label, touch) in [
        ("home", "Lấy số thứ tự", Touch::TakeNumber),
        ("home", "Tra cứu hồ sơ", Touch::LookUp),
        ("home", "Thủ tục cần giấy tờ gì?", Touch::Procedures),
        ("home", "Đánh giá phục vụ", Touch::Rate),
        ("home", "Chữ to hơn", Touch::Adjust(Adjustment::TextSize)),
        ("home", "Nền đen chữ trắng", Touch::Adjust(Adjustment::Contrast)),
        ("home", "Nút ở thấp", Touch::Adjust(Adjustment::LowReach)),
        ("home", "English", Touch::Adjust(Adjustment::Language)),
        ("errands", "Nộp hồ sơ", Touch::Errand(ErrandId::new("nop-ho-so"))),
        ("errands", "Tôi không biết chọn gì", Touch::DontKnow),
        ("errands", "Quay lại", Touch::Back),
        ("errands", "Về trang đầu", Touch::Home),
        ("areas", "Hộ tịch", Touch::Area(AreaId::new("ho-tich"))),
        ("areas", "Trang sau", Touch::NextPage),
        ("priorities", "Không thuộc diện ưu tiên", Touch::Priority(None)),
        ("taken", "Xong", Touch::Done),
        ("look-up-start", "Nhập mã hồ sơ", Touch::TypeCode),
        ("type-code", "7", Touch::Key('7')),
        ("type-code", "-", Touch::Key('-')),
        ("type-code", "Xoá", Touch::Erase),
        ("type-code", "Tiếp tục", Touch::Enter),
        ("dossier-ready", "Lấy số thứ tự", Touch::Errand(ErrandId::new("nhan-ket-qua"))),
        ("fields", "Hộ tịch", Touch::Field(0)),
        ("rate-scale", "Không hài lòng", Touch::RateChoice(3)),
        ("rate-reasons", "Bỏ qua", Touch::Skip),
        ("errands-leaving", "Trang sẽ đóng sau 7 giây. Chạm để ở lại", Touch::StillHere),
    ] {
        studio.show(&sample(page));
        studio.glass().tap(label).unwrap_or_else(|fault| panic!("{page}: {fault}"));
        assert_eq!(taken(touches), [touch], "{page}: {label}");
    }
}

fn slides_mean_nothing(studio: &Studio, touches: &Touches) {
    studio.show(&sample("home"));
    let (x, y) = middle(&button(studio, "Lấy số thứ tự"));
    let (other_x, other_y) = middle(&button(studio, "Đánh giá phục vụ"));
    let glass = studio.glass();
    glass.press(x, y).unwrap();
    glass.slide(other_x, other_y).unwrap();
    glass.release(other_x, other_y).unwrap();
    assert_eq!(taken(touches), [], "slid from one button to another");

    glass.press(x, y).unwrap();
    glass.slide(x + 5.0, y + 5.0).unwrap();
    glass.release(x + 5.0, y + 5.0).unwrap();
    assert_eq!(taken(touches), [Touch::TakeNumber], "trembled inside");

    glass.touch(2.0, 2.0).unwrap();
    assert_eq!(taken(touches), [Touch::StillHere], "touched nothing");
}

fn a_page_that_changes_under_the_finger_takes_no_touch(studio: &Studio, touches: &Touches) {
    studio.show(&sample("home"));
    let (x, y) = middle(&button(studio, "Lấy số thứ tự"));
    studio.glass().press(x, y).unwrap();
    studio.show(&sample("errands"));
    studio.glass().release(x, y).unwrap();
    assert_eq!(taken(touches), []);
}

fn a_list_that_is_refreshed_under_the_finger_keeps_it(studio: &Studio, touches: &Touches) {
    studio.show(&sample("errands"));
    let (x, y) = middle(&button(studio, "Nộp hồ sơ"));
    studio.glass().press(x, y).unwrap();
    studio.show(&sample("errands-leaving"));
    studio.glass().release(x, y).unwrap();
    assert_eq!(taken(touches), [Touch::Errand(ErrandId::new("nop-ho-so"))]);
}

fn what_is_not_there_is_refused(studio: &Studio) {
    studio.show(&sample("type-code-empty"));
    let fault = studio.glass().tap("Lấy số").unwrap_err();
    assert!(matches!(fault, GlassError::NotThere { .. }), "{fault}");
    let fault = studio.glass().tap("Tiếp tục").unwrap_err();
    assert!(matches!(fault, GlassError::Disabled { .. }), "{fault}");
}
