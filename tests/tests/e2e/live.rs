//! Live in the built page: a deadlock on real threads ended by an abort, a recording stepped through, policies side by side.

use super::lesson::choose;
use p2mscope_tests::harness::with_page;

const SAYS: &str = "document.querySelector('#live-says').innerText";

#[test]
fn a_deadlock_on_real_threads_is_shown_frozen_and_ended_by_an_abort() {
    with_page("/", |page| async move {
        choose(&page, "Lesson", "S14").await;
        page.keys("ll").await;
        page.until(&format!("{SAYS}.includes('A deadlock, for real: TS1 -> TS2 -> TS1')")).await;
        page.until_text("TS1 -> TS2 -> TS1: each waits for what the next one holds").await;
        page.click("button", "Freeze").await;
        page.until(&format!("{SAYS}.startsWith('Frozen in a deadlock, for real: TS1 -> TS2 -> TS1')")).await;
        page.shot("live-frozen").await;
        // What a frozen actor holds is given up, innermost first, and said; its get's reference stays, which is said too.
        page.click("button", "Abort TS1").await;
        page.until_text("TS1 was aborted and gave up the shared side of the p2m lock of domain 2").await;
        page.until_text("then range 0 of domain 1, then the shared side of the p2m lock of domain 1.").await;

        // Running on, one abort lets the other thread go on until it is drained.
        page.click("button", "Start threads").await;
        page.until(&format!("{SAYS}.includes('A deadlock, for real')")).await;
        page.click("button", "Abort TS1").await;
        page.until_text("TS1 was aborted and gave up").await;
        let operations =
            "Number(document.querySelector('[data-testid=thread-TS2] .operations').innerText.replace(/\\D/g, ''))";
        page.eval(&format!("window.before = {operations}")).await;
        page.until(&format!("{operations} > window.before")).await;
        page.click("button", "Drain").await;
        page.until(&format!(
            "{SAYS}.includes('TS1 was aborted and keeps its gets\\' references on the frames of 1:0x10')"
        ))
        .await;
        page.shot("live-aborted").await;
        // The page is all there: stepping goes on.
        page.click("button", "Step").await;
        page.expect_no_errors().await;
    });
}

#[test]
fn a_recorded_run_is_stepped_through_and_policies_stand_beside_each_other() {
    with_page("/", |page| async move {
        choose(&page, "Lesson", "S14").await;
        choose(&page, "Version", "repaired").await;
        page.keys("l").await;
        page.click("button", "Record").await;
        page.click("button", "Start threads").await;
        page.until_text("Stepped again they lead to the same words").await;
        // By how much recording slows, or that a run of a thousand effects was over too soon to say.
        page.until("/Recording made it|how much recording slows/i.test(document.querySelector('#recorded').innerText)")
            .await;
        page.shot("live-recorded").await;
        page.css("#recorded button").await.click().await.unwrap();
        page.until("Number(document.querySelector('#position').innerText.split('/')[1]) >= 1000").await;
        page.keys("\u{e010}").await;
        page.until("(([at, len]) => at === len)(document.querySelector('#position').innerText.split(' / '))").await;

        page.keys("l").await;
        page.click("button", "Record").await;
        page.click("button", "Meter locks").await;
        page.click("button", "Compare with").await;
        page.until("document.querySelectorAll('#compared thead b').length === 2").await;
        page.until(&format!("{SAYS}.startsWith('Drained')")).await;
        page.until_text("99 of 100 below").await;
        page.shot("live-compared").await;

        // The same schedule under two policies.
        choose(&page, "Lesson", "S15").await;
        page.keys("\u{e00c}").await;
        choose(&page, "Beside", "one for all").await;
        // TS1 gets its first page and TS2 its own: a shared side and a range each. One lock for all lets no second one in.
        page.keys("1122").await;
        page.until_text("They part at step").await;
        page.until(
            "document.querySelector('#beside-says').innerText.includes('TS2 asks for the p2m lock of domain 1')",
        )
        .await;
        // Both ask for the other's: a ring on one side alone.
        page.keys("21").await;
        page.until("document.querySelector('#waits .words').innerText.includes('->')").await;
        page.until_text("There nobody can go on; here all go on in turn. All programs have ended.").await;
        page.until_text("Nothing breaks here.").await;
        page.shot("beside").await;
        page.expect_no_errors().await;
    });
}
