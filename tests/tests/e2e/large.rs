//! A search of more than ten million states: the page stays awake beside it, and can stop it.

use p2mscope_tests::harness::with_page;
use serde_json::json;

use crate::text::paste;

/// Two count to 3,400, each in a word of its own: 3,401 times 3,401 states, 11,566,801.
const LESSON: &str = r#"
id = "large"
title = "Two who never meet"
goal = "Each counts for itself."
story = "Two actors count, each in a word of its own."
expect = []
world = { words = { a = 0, b = 0 } }
domain = [{ id = 1 }]
actor = [
  { name = "A", kind = "toolstack", program = "repeat 3400 { add a by 1 }" },
  { name = "B", kind = "toolstack", program = "repeat 3400 { add b by 1 }" },
]
"#;

/// The first figure of the search: how many states it has met.
const STATES: &str = "Number(document.querySelector('#explore .figures dd').innerText.replace(/\\D/g, ''))";

#[test]
fn ten_million_states_leave_the_page_awake_and_can_be_stopped() {
    with_page("/", |page| async move {
        page.keys("t").await;
        page.css("#edit textarea").await;
        paste(&page, LESSON).await;
        page.until("document.body.innerText.includes('Each counts for itself.')").await;
        page.keys("\u{e00c}").await;
        page.keys("ee").await;
        page.until(&format!("{STATES} > 0")).await;
        // Frames are counted, and how long the longest was.
        page.eval(
            "(() => { window.drawn = 0; window.longest = 0; let last = performance.now();
               const frame = (now) => { window.drawn += 1; window.longest = Math.max(window.longest, now - last); last = now;
                 requestAnimationFrame(frame); };
               requestAnimationFrame(frame); return 0; })()",
        )
        .await;
        // While it searches the page does what it is asked.
        for million in [3, 6, 10] {
            let dark = page.eval("document.documentElement.dataset.theme").await;
            page.until(&format!("{STATES} >= {million}000000")).await;
            page.eval("document.querySelector('[aria-label$=\" theme\"]').click(), 0").await;
            page.until(&format!("document.documentElement.dataset.theme !== {dark}")).await;
        }
        let searching = page.eval("document.querySelector('#verdict').innerText").await;
        assert_eq!(searching, json!("Searching."), "it has more to do when it is stopped");
        page.click("button", "Stop").await;
        page.until("document.querySelector('#verdict').innerText.startsWith('Stopped; nothing found')").await;
        let (drawn, longest) = (page.eval("window.drawn").await, page.eval("window.longest").await);
        // A page that hangs until the search is over draws next to nothing; what a frame takes is measured elsewhere.
        assert!(
            drawn.as_f64() > Some(50.0) && longest.as_f64() < Some(5_000.0),
            "{drawn} frames, the longest {longest} ms"
        );
        page.expect_no_errors().await;
    });
}
