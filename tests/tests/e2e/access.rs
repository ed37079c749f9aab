//! Everybody can use the page: what a checker of accessibility finds on each screen, and all that can be done by keyboard.

use p2mscope_tests::harness::{Page, with_page};
use serde_json::{Value, json};

use super::lesson::choose;

const ESCAPE: &str = "\u{e00c}";
const ENTER: &str = "\u{e007}";
const TAB: &str = "\u{e004}";
const DOWN: &str = "\u{e015}";
const LEFT: &str = "\u{e012}";
const RIGHT: &str = "\u{e014}";

/// The checker: axe-core 4.14.1 from the npm registry, under the licence beside it. It is no part of the page.
const AXE: &str = include_str!("../../vendor/axe.min.js");

/// Has the checker look at the page as it stands, in both themes; what it finds serious is added to `found`.
async fn look(page: &Page, screen: &str, found: &mut Vec<String>) {
    page.client().execute(&format!("if (!window.axe) {{ {AXE} }}"), vec![]).await.unwrap();
    let before = page.eval("document.documentElement.dataset.theme").await;
    for theme in ["light", "dark"] {
        page.eval(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
        page.shot(&format!("{screen}-{theme}")).await;
        // A theme changes colours alone.
        let only = if theme == "light" { json!({}) } else { json!({ "runOnly": ["color-contrast"] }) };
        let script = "const [only, done] = arguments;
            axe.run(document, { ...only, resultTypes: ['violations'] }).then((it) => done(it.violations
              .filter((it) => ['serious', 'critical'].includes(it.impact))
              .flatMap((it) => it.nodes.map((node) => `${it.id}: ${node.target} ${node.failureSummary.split('\\n')[1] ?? ''}`))));";
        let lines = page.client().execute_async(script, vec![only]).await.unwrap();
        let lines = lines.as_array().cloned().unwrap_or_else(|| panic!("the checker says {lines}"));
        found.extend(lines.iter().filter_map(Value::as_str).map(|line| format!("{screen}, {theme}: {line}")));
    }
    page.eval(&format!("document.documentElement.dataset.theme = {before}")).await;
}

#[test]
fn a_checker_finds_nothing_serious_on_any_screen() {
    with_page("/", |page| async move {
        let mut found = Vec::new();
        choose(&page, "Lesson", "S14").await;
        // A ring: each has its first page, and asks for the other's.
        page.keys("1122221121").await;
        page.until("document.querySelector('#waits .words').innerText.includes('->')").await;
        look(&page, "step", &mut found).await;
        for (keys, there, screen) in [
            ("w", "#watchers", "watchers"),
            ("t", "#edit textarea", "edit"),
            ("s", "#share", "share"),
            ("?", "#keys", "keys"),
            ("r", "#report", "report"),
            (":", "#palette", "palette"),
            ("ee", "#verdict button", "explore"),
            ("ll", "[data-testid^=thread-]", "live"),
        ] {
            page.eval("document.activeElement.blur()").await;
            page.keys(keys).await;
            page.css(there).await;
            look(&page, screen, &mut found).await;
            if screen == "live" {
                page.click("button", "Drain").await;
            }
            page.keys(ESCAPE).await;
            page.until(&format!("!document.querySelector('#share, #keys, #report, #palette, #edit, #explore, #live')"))
                .await;
        }
        page.click("button", "Scale").await;
        page.css("#scale").await;
        look(&page, "scale", &mut found).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
        page.expect_no_errors().await;
    });
}
