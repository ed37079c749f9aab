//! What the page does for learning: lessons in an order, predictions, hints and model answers, repairs, lessons of one's own,
//! progress and result codes, words explained.

use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use p2mscope_tests::harness::{Page, with_page, with_plain_page};
use serde_json::json;

use super::lesson::choose;
use super::text::paste;

const RIGHT: &str = "\u{e014}";
const ESCAPE: &str = "\u{e00c}";

/// Shows the page in both themes.
async fn shots(page: &Page, name: &str) {
    page.shot(name).await;
    page.eval("document.documentElement.dataset.theme = 'dark'").await;
    page.shot(&format!("{name}-dark")).await;
    page.eval("document.documentElement.dataset.theme = 'light'").await;
}

/// Shows the page on a phone.
async fn shot_on_a_phone(page: &Page, name: &str) {
    screen(page, 390, 844).await;
    page.shot(&format!("{name}-390")).await;
    screen(page, 1280, 720).await;
}

/// Gives the page so much room, whatever the browser has around it.
async fn screen(page: &Page, wide: u32, high: u32) {
    page.client().set_window_size(wide, high).await.unwrap();
    let around = page.eval("[outerWidth - innerWidth, outerHeight - innerHeight]").await;
    let more = |i: usize| around[i].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    page.client().set_window_size(wide + more(0), high + more(1)).await.unwrap();
}

/// What stands in the first element of a selector.
async fn says(page: &Page, selector: &str) -> String {
    let text = page.eval(&format!("document.querySelector('{selector}')?.innerText ?? ''")).await;
    text.as_str().unwrap_or_default().to_owned()
}

async fn until_says(page: &Page, selector: &str, part: &str) {
    page.until(&format!("document.querySelector('{selector}').innerText.includes({})", json!(part))).await;
}

async fn at(page: &Page, step: usize) {
    page.until(&format!("document.querySelector('#position').innerText.startsWith('{step} /')")).await;
}

/// The text on the stage, in the text area.
async fn text(page: &Page) -> String {
    let text = page.until("document.querySelector('#edit textarea').value").await;
    text.as_str().unwrap_or_default().to_owned()
}

/// Waits until what was pasted has been read: with the text area not in focus nothing but time does that.
async fn until_edited(page: &Page) {
    page.until_text("Back to the original").await;
}

/// Writes into a field as if it were pasted.
async fn fill(page: &Page, field: &str, text: &str) {
    let script = "const [field, text] = arguments; const it = document.querySelector(field);
        it.value = text; it.dispatchEvent(new Event('input', { bubbles: true }));";
    page.client().execute(script, vec![json!(field), json!(text)]).await.unwrap();
}

/// Loads the page again, as a later visit does.
async fn reload(page: &Page) {
    page.client().refresh().await.unwrap();
    page.until("document.documentElement.dataset.keys === 'heard'").await;
}

#[test]
fn a_learner_finds_a_lesson_predicts_reaches_its_goal_and_shows_a_code() {
    with_page("/", |page| async move {
        screen(&page, 1280, 720).await;
        // Ready lessons in an order, each with goal, shortest way and the idea that it meets; found by a word.
        page.keys("c").await;
        let rows = "[...document.querySelectorAll('#lessons li')]";
        page.until(&format!("{rows}.length > 40")).await;
        let told = "it.querySelector('.about').innerText.includes('shortest way') && it.querySelector('.what') && it.querySelector('.idea')";
        assert_eq!(page.eval(&format!("{rows}.every((it) => {told})")).await, json!(true));
        let order = page.eval(&format!("{rows}.slice(0, 3).map((it) => it.dataset.lesson)")).await;
        assert_eq!(order, json!(["first", "one-lookup", "one-lock"]));
        shots(&page, "lessons").await;
        shot_on_a_phone(&page, "lessons").await;
        fill(&page, "#lessons .search", "each other").await;
        page.until(&format!("{rows}.length < 12 && {rows}.some((it) => it.dataset.lesson === 'two-locks')")).await;
        page.css("[data-lesson=two-locks] button").await.click().await.unwrap();
        page.until("!document.querySelector('#lessons')").await;
        until_says(&page, ".goal summary", "Make both wait for each other").await;

        // The goal, a ladder of hints, notes that are hidden until they are asked for.
        page.css(".goal summary").await.click().await.unwrap();
        until_says(&page, "#goal", "Not yet: deadlock").await;
        until_says(&page, "#goal", "The shortest way has 2 lock events").await;
        for hints in 1..=2 {
            page.css("#hints button").await.click().await.unwrap();
            page.until(&format!("document.querySelectorAll('#hints li').length === {hints}")).await;
        }
        assert_eq!(page.eval("document.querySelector('.story .notes').open").await, json!(false));
        shots(&page, "goal").await;
        shot_on_a_phone(&page, "goal").await;
        page.css(".goal summary").await.click().await.unwrap();

        // With predictions on, a step waits for an answer, by keys alone.
        page.keys("q").await;
        page.until("document.querySelector('button.predict').ariaPressed === 'true'").await;
        page.keys("1").await;
        until_says(&page, "#predict-question", "is about to ask for").await;
        shots(&page, "predict").await;
        shot_on_a_phone(&page, "predict").await;
        page.keys(RIGHT).await;
        until_says(&page, "#notice", "Answer the question first, or skip it.").await;
        at(&page, 0).await;
        page.keys("1").await;
        at(&page, 1).await;
        until_says(&page, "#predict", "Right. It gets it. Nobody else holds it.").await;
        page.keys("2").await;
        page.css("#predict-question").await;
        page.keys("1").await;
        at(&page, 2).await;
        until_says(&page, "#predict", "Not so. It has to wait, and somebody can never go on: a deadlock.").await;
        until_says(&page, "#score", "1 of 2").await;
        page.until("document.querySelector('.standing').title === 'reached'").await;
        shots(&page, "predicted").await;

        // Skipped, it counts for nothing; the model answer goes the same way.
        page.until("document.querySelector('#model-answer')").await;
        page.eval("document.querySelector('#model-answer').click()").await;
        page.css("#predict-question").await;
        page.keys(ESCAPE).await;
        until_says(&page, "#predict", "It is this: It gets it.").await;
        until_says(&page, "#score", "1 of 2").await;

        // All of it survives a reload, and stands in the code.
        reload(&page).await;
        page.keys("c").await;
        until_says(&page, "[data-lesson=two-locks]", "reached").await;
        page.click("button", "Result code").await;
        fill(&page, "#results-name", "Ana B.").await;
        until_says(&page, "#results .said", "Ana B.").await;
        until_says(&page, "#results .said", "1 lesson reached: two-locks.").await;
        until_says(&page, "#results .said", "Predicted rightly 1 of 2 times.").await;
        let code = says(&page, "#result-code").await;
        fill(&page, "#results-read", &code.to_lowercase().replace('-', " ")).await;
        until_says(&page, "#results-said", "Name: Ana B.").await;
        shots(&page, "results").await;
        shot_on_a_phone(&page, "results").await;
        fill(&page, "#results-read", &code[1..]).await;
        until_says(&page, "#results-said", "damaged").await;
        page.keys(ESCAPE).await;
        page.until("!document.querySelector('#results')").await;

        // Off, a step is one press again.
        page.keys("q").await;
        page.until("document.querySelector('button.predict').ariaPressed === 'false'").await;
        page.keys("1").await;
        page.until("!document.querySelector('#position').innerText.startsWith('0 ')").await;
        assert_eq!(page.eval("document.querySelector('#predict')").await, json!(null));
        page.expect_no_errors().await;
    });
}

/// A second look-up instead of a get: the repair of S03 that is tried first, and fails.
fn tried(text: &str) -> String {
    text.replacen("if e.type == ram_rw {\n    @use", "e = lookup 1:0x10\nif e.type == ram_rw {\n    @use", 1)
}

#[test]
fn a_repair_is_judged_shown_where_it_fails_and_never_lost() {
    with_page("/", |page| async move {
        screen(&page, 1280, 720).await;
        choose(&page, "Lesson", "S03").await;
        page.keys("t").await;
        let original = text(&page).await;
        page.click("button", "Judge my repair").await;
        page.until("document.querySelector('#ruling [data-verdict=unchanged]')").await;
        paste(&page, &tried(&original)).await;
        until_edited(&page).await;
        page.click("button", "Judge my repair").await;
        page.until("document.querySelector('#ruling [data-verdict=breaks]')").await;
        until_says(&page, "#ruling", "stray under").await;
        let line = tried(&original).lines().position(|line| line.contains("@use store content")).unwrap() + 1;
        until_says(&page, "#ruling .lines", &format!("line {line}")).await;
        shots(&page, "judged").await;
        shot_on_a_phone(&page, "judged").await;
        // One click leads there, in the learner's own program.
        page.css("#ruling button").await.click().await.unwrap();
        page.until("document.querySelector('#rules').innerText.includes('stray')").await;

        // What was typed is there after another lesson, and after a reload; the original too.
        choose(&page, "Lesson", "S14").await;
        page.until("!document.querySelector('#edit textarea').value.includes('e = lookup 1:0x10')").await;
        choose(&page, "Lesson", "S03").await;
        page.until(&format!("document.querySelector('#edit textarea').value === {}", json!(tried(&original)))).await;
        reload(&page).await;
        choose(&page, "Lesson", "S03").await;
        page.keys("t").await;
        assert_eq!(text(&page).await, tried(&original));
        page.click("button", "Back to the original").await;
        page.until(&format!("document.querySelector('#edit textarea').value === {}", json!(original))).await;
        page.click("button", "Bring back the text before").await;
        page.until(&format!("document.querySelector('#edit textarea').value === {}", json!(tried(&original)))).await;

        // Repaired as it should be, it is accepted, and that is kept.
        let right = original.replacen("e = lookup 1:0x10  ", "e = get_gfn 1:0x10  ", 1);
        let right = right.replacen("be another domain's by now\n}", "be another domain's by now\n}\nput_gfn 1:0x10", 1);
        paste(&page, &right).await;
        page.click("button", "Judge my repair").await;
        page.until("document.querySelector('#ruling [data-verdict=accepted]')").await;
        page.until("document.querySelector('#goal').textContent.includes('Repaired:')").await;
        shots(&page, "repaired").await;
        page.expect_no_errors().await;
    });
}

#[test]
fn without_threads_a_repair_is_judged_as_well() {
    with_plain_page("/", |page| async move {
        choose(&page, "Lesson", "S03").await;
        page.keys("t").await;
        let original = text(&page).await;
        paste(&page, &tried(&original)).await;
        until_edited(&page).await;
        page.click("button", "Judge my repair").await;
        page.until("document.querySelector('#ruling [data-verdict=breaks]')").await;
    });
}

/// Drops a file with this text on the page.
async fn drop_file(page: &Page, name: &str, text: &str) {
    let script = "const [name, text] = arguments; const data = new DataTransfer();
        data.items.add(new File([text], name, { type: 'text/plain' }));
        for (const type of ['dragover', 'drop'])
          document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));";
    page.client().execute(script, vec![json!(name), json!(text)]).await.unwrap();
}

#[test]
fn a_lesson_of_ones_own_is_begun_dropped_and_found_again() {
    with_page("/", |page| async move {
        screen(&page, 1280, 720).await;
        page.keys("c").await;
        page.click("button", "Write a lesson of my own").await;
        page.until("document.querySelector('#edit textarea').value.includes('id = \"mine\"')").await;
        page.until("document.querySelectorAll('#faults li').length === 0").await;
        shots(&page, "own").await;
        let template = text(&page).await;

        // One with a fault, dropped anywhere: told with line and column; what stood there is kept.
        let line = template.lines().position(|line| line.contains("b = load balance")).unwrap() + 1;
        let other = template.replacen("\"mine\"", "\"payments\"", 1).replacen("A payment", "Another payment", 1);
        drop_file(&page, "other.toml", &other.replacen("b = load", "b = laod", 1)).await;
        page.until(&format!("document.querySelector('#faults li').innerText.startsWith('{line}:9 ')")).await;
        drop_file(&page, "other.toml", &other).await;
        page.until("document.querySelectorAll('#faults li').length === 0").await;
        page.keys("c").await;
        until_says(&page, "[data-lesson=payments]", "Another payment that vanishes").await;
        page.css("[data-lesson=mine] button").await.click().await.unwrap();
        page.until(&format!("document.querySelector('#edit textarea').value === {}", json!(template))).await;
        // It steps, and its model answer leads to its breach.
        page.eval("document.querySelector('#model-answer').click()").await;
        page.until("document.querySelector('.standing').title === 'shown'").await;

        // Words are explained on focus and hover, until Escape, which does nothing else then.
        choose(&page, "Lesson", "First minute").await;
        page.keys("1").await;
        page.css("#sentence .term").await;
        page.eval("document.querySelector('#sentence .term').focus()").await;
        until_says(&page, ".meaning", " ").await;
        shots(&page, "word").await;
        page.keys(ESCAPE).await;
        page.until("!document.querySelector('.meaning')").await;
        assert_eq!(page.eval("!!document.querySelector('#edit')").await, json!(true), "Escape was the word's alone");
        page.eval("document.activeElement.blur()").await;
        let over = |element| {
            MouseActions::new("mouse".into()).then(PointerAction::MoveToElement {
                element,
                duration: None,
                x: 0.0,
                y: 0.0,
            })
        };
        let word = page.css("#sentence .term").await;
        page.client().perform_actions(over(word)).await.unwrap();
        let meaning = page.css(".meaning").await;
        page.client().perform_actions(over(meaning)).await.unwrap();
        page.css(".meaning:hover").await;
        page.keys("g").await;
        page.until("document.querySelectorAll('#glossary dt').length > 40").await;
        fill(&page, "#glossary .search", "nominate").await;
        page.until("document.querySelectorAll('#glossary dt').length < 5").await;
        shots(&page, "glossary").await;
        shot_on_a_phone(&page, "glossary").await;
        page.expect_no_errors().await;
    });
}
