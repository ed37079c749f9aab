//! A program error, on the page's own thread or on a worker: what happened is shown, and the user's text is kept.

use p2mscope_tests::harness::{Page, with_page};
use serde_json::json;

use super::text::paste;

/// Writes a text that is nobody else's, has a thread panic, and looks at what is shown.
async fn breaks(page: &Page, thread: &str, says: &str) {
    page.keys("t").await;
    let text = page.until("document.querySelector('#edit textarea').value").await;
    let mine = format!("# of {thread}, by hand\n{}", text.as_str().unwrap());
    paste(page, &mine).await;
    page.eval(&format!("dispatchEvent(new CustomEvent('p2mscope-break', {{ detail: '{thread}' }})), 0")).await;
    page.until(&format!("document.querySelector('#trouble-what').innerText.includes('{says}')")).await;
    assert_eq!(page.eval("document.querySelector('#trouble-text').value").await, json!(mine));
    page.shot(&format!("trouble-{thread}")).await;
    // Keys go to the sheet alone: the page below may be dead.
    page.keys("\u{e004}").await;
    page.until("document.querySelector('#trouble').contains(document.activeElement)").await;
    page.click("button", "Load the page again").await;
    page.eventually("document.querySelector('#step') && !document.querySelector('#trouble')").await;
}

#[test]
fn a_panic_is_shown_with_the_text_and_the_page_can_be_loaded_again() {
    with_page("/", |page| async move {
        breaks(&page, "worker", "this worker was asked to break").await;
        breaks(&page, "page", "this thread was asked to break").await;
        page.css("#step").await.click().await.unwrap();
        page.until("!document.querySelector('#position').innerText.startsWith('0')").await;
        // Without the text area open, and from a trap that has no words of its own: the module's memory is not asked.
        page.eval("p2mscope.text = 'kept'").await;
        // Thrown by a script of the page: of others the browser tells nothing.
        let script = "setTimeout(() => { throw new WebAssembly.RuntimeError('unreachable'); })";
        let script = format!("Object.assign(document.createElement('script'), {{ textContent: {} }})", json!(script));
        page.eval(&format!("document.head.append({script})")).await;
        page.until("document.querySelector('#trouble-text')?.value.length > 0").await;
        assert_eq!(page.eval("document.querySelector('#trouble-text').value").await, json!("kept"));
    });
}
