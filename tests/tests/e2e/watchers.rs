//! What the watchers say on the page: how the stuck are stuck and whom to abort, the rules with the steps that broke them,
//! the report with its copy, and the deadlocks that could be, led back to where their orders were seen first.

use super::lesson::choose;
use p2mscope_tests::harness::{Page, with_page};

const HOME: &str = "\u{e011}";
const END: &str = "\u{e010}";
const ESCAPE: &str = "\u{e00c}";

/// What stands in the first element of a selector.
async fn says(page: &Page, selector: &str) -> String {
    page.eval(&format!("document.querySelector('{selector}')?.innerText ?? ''")).await.as_str().unwrap_or("").to_owned()
}

#[test]
fn a_deadlock_is_told_in_every_form_and_led_back_to_its_orders() {
    with_page("/", |page| async move {
        choose(&page, "Lesson", "S14").await;
        page.until_text("Let both toolstacks hold both pages").await;
        assert!(says(&page, "#rules").await.contains("all rules hold"));

        // The search's finding stands: a ring, one of which is enough to abort.
        page.keys("ee").await;
        page.until("document.querySelector('#verdict button')").await;
        page.css("#verdict button").await.click().await.unwrap();
        page.until("document.querySelector('#abort')?.innerText.includes('TS1')").await;
        assert!(!says(&page, "#abort").await.contains("TS2"), "{}", says(&page, "#abort").await);

        // The rules: the steps that broke two, and a click goes to the first of them, the order of locks.
        page.keys("w").await;
        page.until("[...document.querySelectorAll('#watchers .rule-list .bad')].some((it) => it.innerText.includes('deadlock'))")
            .await;
        let broke = says(&page, "#watchers .rule-list .bad span").await;
        page.shot("watchers").await;
        page.eval("document.documentElement.dataset.theme = 'dark'").await;
        page.shot("watchers-dark").await;
        page.eval("document.documentElement.dataset.theme = 'light'").await;
        page.css("#watchers .rule-list .bad button").await.click().await.unwrap();
        let step = broke.trim_start_matches("step ").to_owned();
        page.until(&format!("document.querySelector('#position').innerText.startsWith('{step} /')")).await;

        page.keys(END).await;

        // The report, in both registers; it can be copied, and Escape closes it.
        page.keys("r").await;
        page.until("document.querySelector('#report pre')?.innerText.includes('*** DEADLOCK ***')").await;
        let plain = says(&page, "#report .plain").await;
        assert!(plain.contains("If TS1 gave up what it has, all others could go on."), "{plain}");
        let text = says(&page, "#report pre").await;
        assert!(text.contains("S14 before under 2m") && text.contains("f = get_gfn 2:0x20"), "{text}");
        page.shot("report").await;
        page.click("button", "Copy").await;
        page.until("document.querySelector('#report output').innerText !== ''").await;
        page.keys(ESCAPE).await;
        page.until("!document.querySelector('#report')").await;

        // The orders that the search has met: each leads to where it was seen.
        page.keys(HOME).await;
        page.until("document.querySelector('#watchers .possible button')").await;
        let seen = says(&page, "#watchers .possible button").await;
        let step = seen.rsplit(' ').next().unwrap_or_default().to_owned();
        page.css("#watchers .possible button").await.click().await.unwrap();
        page.until(&format!("document.querySelector('#position').innerText.startsWith('{step} /')")).await;
        page.until("document.querySelector('#sentence').innerText.includes('takes range 0 of domain 2')").await;
        page.shot("order").await;
        page.expect_no_errors().await;
    });
}
