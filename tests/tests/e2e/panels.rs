//! The stage's panels: steps there and back, the sentence of each, forks that stay, and the faces of panels by keyboard.

use p2mscope_tests::harness::{Page, with_page};
use serde_json::json;

use super::lesson::choose;

const LEFT: &str = "\u{e012}";
const RIGHT: &str = "\u{e014}";
const HOME: &str = "\u{e011}";
const END: &str = "\u{e010}";
/// Control and `a`, then no key held any more.
const SELECT_ALL: &str = "\u{e009}a\u{e000}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

const POSITION: &str = "document.querySelector('#position').innerText";

async fn says(page: &Page, what: &str) -> String {
    page.eval(what).await.as_str().unwrap_or_default().to_owned()
}

/// Presses a key that leads to another position, so many times.
async fn press(page: &Page, key: &str, times: usize) {
    for _ in 0..times {
        let before = says(page, POSITION).await;
        page.keys(key).await;
        page.until(&format!("{POSITION} !== {}", json!(before))).await;
    }
}

/// The hash of the state, as the page shows it, and the link to it.
async fn hash(page: &Page) -> (String, String) {
    page.keys("s").await;
    page.css("#state-hash").await;
    let hash = says(page, "document.querySelector('#state-hash').innerText").await;
    let link = says(page, "document.querySelector('#share-link')?.value ?? ''").await;
    page.keys(ESCAPE).await;
    page.until("!document.querySelector('#share')").await;
    (hash, link)
}

#[test]
fn steps_lead_there_and_back_and_forks_stay_with_their_names() {
    with_page("/", |page| async move {
        choose(&page, "Lesson", "S14").await;
        // The list has let go of the keys: this one is the page's.
        press(&page, "1", 1).await;
        press(&page, RIGHT, 5).await;
        let (there, _) = hash(&page).await;
        let at = says(&page, POSITION).await;
        press(&page, LEFT, 4).await;
        assert_ne!(hash(&page).await.0, there);
        press(&page, RIGHT, 4).await;
        assert_eq!((hash(&page).await.0, says(&page, POSITION).await), (there, at));

        // Back, and another choice: the old branch stays drawn, can be chosen, and named.
        press(&page, HOME, 1).await;
        press(&page, "2", 3).await;
        page.until("document.querySelectorAll('#timeline .fork').length === 2").await;
        let branch = |n: u8| format!("#timeline .forks button:nth-child({n})");
        let current = |n: u8| format!("document.querySelector('{}').ariaPressed === 'true'", branch(n));
        page.until(&current(2)).await;
        page.css(&branch(1)).await.click().await.unwrap();
        page.until(&current(1)).await;
        let name = page.css("#timeline input[aria-label=Branch]").await;
        name.send_keys(&format!("{SELECT_ALL}TS1 first{ENTER}")).await.unwrap();
        page.until(&format!("document.querySelector('{}').innerText === 'TS1 first'", branch(1))).await;
        page.eval("document.activeElement.blur()").await;

        // Both beside one another.
        choose(&page, "Against", "fork 1").await;
        page.until("document.querySelectorAll('#compare .steps').length === 2").await;
        page.until("document.querySelector('#compare .differences').innerText.includes('range 0 of domain')").await;
        page.shot("compare").await;

        // And all of it in the link.
        let (before, link) = hash(&page).await;
        assert!(link.len() < 2_000 + 60, "{link}");
        page.goto("about:blank").await;
        page.goto(&link).await;
        page.until(&format!("document.querySelector('{}').innerText === 'TS1 first'", branch(1))).await;
        page.until("document.querySelectorAll('#timeline .fork').length === 2").await;
        page.until("document.querySelector('#compare')").await;
        assert_eq!(hash(&page).await.0, before);
        page.expect_no_errors().await;
    });
}

/// What is read out is the sentence that stands there, once for each step by hand, and nothing while steps follow by
/// themselves.
#[test]
fn each_step_has_its_sentence_read_out_once() {
    with_page("/", |page| async move {
        choose(&page, "Lesson", "S14").await;
        let spoken = "document.querySelector('[role=status][aria-live=polite]')";
        page.eval(&format!(
            "(window.said = [], new MutationObserver(() => {{ const it = {spoken}.textContent; if (it) said.push(it); }})
               .observe({spoken}, {{ childList: true, characterData: true, subtree: true }}), 0)"
        ))
        .await;
        let mut shown = Vec::new();
        for _ in 0..4 {
            press(&page, RIGHT, 1).await;
            shown.push(says(&page, "document.querySelector('#sentence span').innerText").await);
        }
        // Who, what, and where.
        assert!(shown.iter().all(|it| it.starts_with("TS") && it.contains("domain")), "{shown:?}");
        page.until("said.length >= 4").await;
        assert_eq!(page.eval("said").await, json!(shown));

        press(&page, HOME, 1).await;
        page.until("said.length === 5").await;
        page.keys(" ").await;
        page.until(&format!("parseInt({POSITION}) >= 3")).await;
        assert_eq!(page.eval("said.length").await, json!(5), "nothing while it plays");
        page.keys(" ").await;
        page.until("said.length === 6").await;
        page.expect_no_errors().await;
    });
}

#[test]
fn the_panels_have_other_faces_and_keys_of_their_own() {
    with_page("/", |page| async move {
        page.css("#scene").await;
        press(&page, RIGHT, 6).await;
        let at = says(&page, POSITION).await;

        // A range from near, and out again; double clicks do it as well.
        page.keys("z").await;
        page.until("document.querySelector('#scene canvas') && document.querySelector('#scene .stretches').innerText.includes('ram_rw')").await;
        page.shot("near").await;
        page.keys("z").await;
        page.until("document.querySelector('#scene svg.scene')").await;

        // Bits are tried out, and the run does not notice.
        page.click("button", "Try bits").await;
        let may = |may: &str| format!("document.querySelector('#tried').innerText.includes('{may}')");
        page.until(&may("a guest may rwx")).await;
        for (bit, then) in [(1, "a guest may r-x"), (1, "a guest may rwx"), (0, "a processor refuses it")] {
            page.css(&format!("[data-bit='{bit}'] rect")).await.click().await.unwrap();
            page.until(&may(then)).await;
        }
        page.shot("try").await;
        page.click("button", "Back to the run's value").await;
        page.until(&may("a guest may rwx")).await;
        page.click("button", "EPT | NPT").await;
        page.until("document.querySelectorAll('#entry svg.bits').length === 5").await;
        page.click("button", "EPT | NPT").await;
        page.until("document.querySelector('#walk')").await;

        // Tabs by arrows, which are not the page's there.
        page.keys("d").await;
        page.until("document.querySelector('#devices').innerText.includes('TLBs')").await;
        page.eval("document.querySelector('[role=tab][aria-selected=true][id^=side]').focus()").await;
        page.keys(RIGHT).await;
        page.until("document.querySelector('#watchers') && document.activeElement.ariaSelected === 'true'").await;
        assert_eq!(says(&page, POSITION).await, at);
        for (tab, face) in [
            ("waits-tab-1", ".behind, #waits .mute"),
            ("waits-tab-2", ".order-list, #waits .mute"),
            ("waits-tab-0", "#waits .words"),
        ] {
            page.css(&format!("#{tab}")).await.click().await.unwrap();
            page.css(face).await;
        }

        // The timeline is a slider, and says what came before.
        page.eval("document.querySelector('#timeline [role=slider]').focus()").await;
        press(&page, LEFT, 1).await;
        press(&page, HOME, 1).await;
        press(&page, END, 1).await;
        assert_eq!(says(&page, POSITION).await, at);
        page.eval("document.activeElement.blur()").await;
        page.keys("o").await;
        page.until("document.querySelector('#timeline .shade.here')").await;
        page.expect_no_errors().await;
    });
}
