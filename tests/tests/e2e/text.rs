//! What the user writes or opens: each mistake gets a message with its place, and none ends the page.

use p2mscope_tests::harness::{Page, with_page};
use serde_json::json;

use super::lesson::choose;

/// Puts `text` into the text area as if it were pasted.
pub async fn paste(page: &Page, text: &str) {
    let script = "const [text] = arguments; const area = document.querySelector('#edit textarea');
        area.focus(); area.value = text; area.dispatchEvent(new Event('input', { bubbles: true }));";
    page.client().execute(script, vec![json!(text)]).await.unwrap();
}

/// Pastes `text`, and waits for a fault at `line` (any line if 0) that says `part`.
async fn is_faulty(page: &Page, text: &str, line: usize, part: &str) {
    paste(page, text).await;
    let place = if line == 0 { "\\\\d+".to_owned() } else { line.to_string() };
    let faulty = format!(
        "[...document.querySelectorAll('#faults li')]
           .some((it) => new RegExp('^{place}:\\\\d+ ').test(it.innerText) && it.innerText.includes({}))",
        json!(part)
    );
    page.until(&faulty).await;
}

#[test]
fn each_mistake_in_a_text_is_told_with_its_place() {
    with_page("/", |page| async move {
        choose(&page, "Lesson", "S03").await;
        page.keys("t").await;
        let text = page.until("document.querySelector('#edit textarea').value").await;
        let text = text.as_str().unwrap().to_owned();
        let change = |from: &str, to: &str| {
            let line = text.lines().position(|line| line.contains(from)).unwrap_or_else(|| panic!("no {from}")) + 1;
            (text.replacen(from, to, 1), line)
        };
        for (from, to, part) in [
            ("r = nominate 1:0x10", "r = nomniate 1:0x10", "`nomniate`; did you mean `nominate`?"),
            ("e = lookup 1:0x10", "e = lookup 1:0xzz", "0xzz"),
            ("increase 2:0x40", "increase 2:0x1000000000", "0x1000000000"),
            ("increase 2:0x40", "increase 7:0x40", "7"),
            ("name = \"PG\"", "name = \"V0\"", "V0"),
        ] {
            let (faulty, line) = change(from, to);
            is_faulty(&page, &faulty, line, part).await;
        }
        is_faulty(&page, &"x".repeat(10_000_000), 1, "64 KB").await;
        is_faulty(&page, "\u{0}\u{1}\u{7f}", 0, "").await;
        is_faulty(&page, "", 0, "").await;
        // The page goes on, and a good text is run.
        paste(&page, &text).await;
        page.until("document.querySelectorAll('#faults li').length === 0").await;
        page.css("#step").await.click().await.unwrap();
        page.until("!document.querySelector('#position').innerText.startsWith('0')").await;
        page.expect_no_errors().await;
    });
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let file = std::env::temp_dir().join(format!("p2mscope-{}.toml", std::process::id()));
    std::fs::write(&file, [b'i', b'd', 0xff, 0xfe, 0x00]).unwrap();
    let path = file.to_str().unwrap().to_owned();
    with_page("/", |page| async move {
        page.keys("t").await;
        page.css("#edit input[type=file]").await.send_keys(&path).await.unwrap();
        page.until("document.querySelector('#notice').innerText.includes('is not a text: byte 2 is not UTF-8')").await;
        page.expect_no_errors().await;
    });
    std::fs::remove_file(file).unwrap();
}
