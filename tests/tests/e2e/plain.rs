//! On a plain static host there are no threads: Live says what is missing, all else works.

use p2mscope_tests::harness::with_plain_page;

use super::lesson::choose;

#[test]
fn without_isolation_all_but_live_works() {
    with_plain_page("/", |page| async move {
        choose(&page, "Lesson", "S14").await;
        page.keys("1").await;
        page.until("document.querySelector('#position').innerText.startsWith('1 ')").await;
        page.keys("ee").await;
        page.until("document.querySelector('#verdict').innerText.startsWith('Deadlock: ')").await;
        page.until("document.querySelector('#verdict').innerText.includes('one thread')").await;
        page.keys("ll").await;
        page.until_text("its host must send Cross-Origin-Opener-Policy: same-origin").await;
        page.keys("\u{e014}").await;
        page.until("document.querySelector('#position').innerText.startsWith('2 ')").await;
    });
}
