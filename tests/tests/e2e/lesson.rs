//! A lesson from beginning to end: stepped into its deadlock by keyboard, explored, run live.

use p2mscope_tests::harness::{Page, with_page};

const RIGHT: &str = "\u{e014}";
const LEFT: &str = "\u{e012}";
const HOME: &str = "\u{e011}";

/// The ring of S14, as the page says it.
const RING: &str = "TS1 -> TS2 -> TS1: TS1 waits for range 0 of domain 2, held by TS2";

/// Chooses the option whose text begins so. The list lets go of the keys by itself.
pub async fn choose(page: &Page, list: &str, option: &str) {
    let options = format!("[...document.querySelector('select[aria-label={list}]').options]");
    let find = format!("{options}.find((it) => it.innerText.startsWith('{option}'))");
    page.role("combobox", list).await;
    // Found by itself: in a list with groups an option's place is that in its group.
    let mark = "document.querySelectorAll('[data-chosen]').forEach((it) => delete it.dataset.chosen)";
    page.until(&format!("({mark}, {find}.dataset.chosen = '', true)")).await;
    // Where that was chosen already a list hears of no change.
    if page.eval(&format!("{find}.selected")).await == true {
        return;
    }
    page.css("[data-chosen]").await.click().await.unwrap();
    page.until(&format!("{find}.selected && document.activeElement.tagName !== 'SELECT'")).await;
}

/// What the page says of the waits.
async fn waits(page: &Page) -> String {
    page.eval("document.querySelector('#waits .words').innerText").await.as_str().unwrap_or_default().to_owned()
}

/// Presses a key until the waits are so; how often.
async fn press_until(page: &Page, key: &str, so: impl Fn(&str) -> bool) -> usize {
    for presses in 0..40 {
        if so(&waits(page).await) {
            return presses;
        }
        let before = page.eval("document.querySelector('#position').innerText").await;
        page.keys(key).await;
        page.until(&format!("document.querySelector('#position').innerText !== {before}")).await;
    }
    panic!("after 40 presses the page says of the waits: {}", waits(page).await);
}

#[test]
fn the_deadlock_of_s14_is_stepped_into_explored_and_met_live() {
    with_page("/", |page| async move {
        choose(&page, "Lesson", "S14").await;
        page.until_text("Let both toolstacks hold both pages").await;

        // By keyboard alone into the ring, and out of it again.
        let presses = press_until(&page, RIGHT, |waits| waits.contains("->")).await;
        assert!(presses >= 4, "a ring of two needs four locks, this took {presses} steps");
        assert!(waits(&page).await.starts_with(RING), "{}", waits(&page).await);
        page.until("document.querySelector('#rules').innerText.includes('deadlock')").await;
        page.keys("1").await;
        page.until("document.querySelector('#notice').innerText.includes('range 0 of domain 2')").await;
        press_until(&page, LEFT, str::is_empty).await;
        page.until("!document.querySelector('#rules').innerText.includes('deadlock')").await;

        // The search finds it too, and its schedule closes the ring again.
        page.keys(HOME).await;
        page.keys("ee").await;
        page.until("document.querySelector('#verdict').innerText.startsWith('Deadlock: the shortest way there')").await;
        page.css("#verdict button").await.click().await.unwrap();
        page.until("document.querySelector('#waits .words').innerText.includes('->')").await;
        assert!(waits(&page).await.starts_with(RING), "{}", waits(&page).await);
        page.shot("deadlock").await;

        // On threads: repaired it runs on both, as it was it stands still for real.
        choose(&page, "Version", "repaired").await;
        page.keys("ll").await;
        page.until(
            "[...document.querySelectorAll('[data-testid^=thread-] .operations')].filter((it) => it.innerText !== '0')
               .length === 2",
        )
        .await;
        page.until("Number(document.querySelector('#live-rate').innerText.replace(/\\D/g, '')) > 0").await;
        page.click("button", "Drain").await;
        page.until_text("Drained: every actor has ended its round.").await;
        choose(&page, "Version", "before").await;
        page.click("button", "Start threads").await;
        page.until("document.querySelector('#live-says').innerText.includes('deadlock, for real: TS1 -> TS2 -> TS1')")
            .await;
        page.click("button", "Freeze").await;
        page.until("document.querySelector('#live-says').innerText.startsWith('Frozen in a deadlock')").await;
        assert!(waits(&page).await.starts_with(RING), "{}", waits(&page).await);
        page.shot("live").await;
        page.expect_no_errors().await;
    });
}

#[test]
fn a_repaired_lesson_is_proved_safe() {
    with_page("/", |page| async move {
        choose(&page, "Lesson", "S15").await;
        choose(&page, "Version", "repaired").await;
        page.keys("ee").await;
        page.until("document.querySelector('#verdict').innerText.startsWith('Safe: no breach of any rule in all ')")
            .await;
        page.expect_no_errors().await;
    });
}
