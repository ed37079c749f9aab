//! Every built-in lesson in the page: its model schedule is played to its end, where the breach that the lesson states is shown.

use p2mscope_tests::harness::{root, with_page};
use serde_json::json;

/// Goes to a lesson, has its model answer loaded, and goes to its last state; says what stands there then.
const PLAY: &str = "const [n, done] = arguments;
    const one = (it) => document.querySelector(it);
    const until = (so, then) => { const look = () => so() ? then() : setTimeout(look, 4); look(); };
    const list = one('select[aria-label=Lesson]'), goal = one('.goal summary').title;
    list.selectedIndex = n;
    list.dispatchEvent(new Event('change', { bubbles: true }));
    until(() => n === 0 || one('.goal summary').title !== goal, () => {
      one('#model-answer').click();
      until(() => /^0 . [1-9]/.test(one('#position').innerText), () => {
        one('[aria-label=\"Last state\"]').click();
        until(() => /^([1-9]\\d*) . \\1$/.test(one('#position').innerText), () =>
          done([one('#rules').innerText, one('#goal ul').textContent, one('.standing').title, one('#notice')?.innerText ?? '']));
      });
    });";

#[test]
fn the_model_schedule_of_every_lesson_leads_to_its_breach() {
    let order = std::fs::read_to_string(root().join("static/lessons/order.txt")).unwrap();
    let names = order.lines().filter(|line| line.starts_with([' ', '\t']));
    let names: Vec<String> = names.map(|line| line.split('#').next().unwrap().trim().to_owned()).collect();
    with_page("/", |page| async move {
        page.until("document.querySelector('#model-answer')").await;
        for (n, name) in names.iter().enumerate() {
            let said = page.client().execute_async(PLAY, vec![json!(n)]).await.unwrap();
            let [rules, goal, standing] = [0, 1, 2].map(|i| said[i].as_str().unwrap_or_default().to_owned());
            assert_eq!(standing, "shown", "{name}: {goal} {}", said[3]);
            // The breach is one that the lesson states together with a schedule.
            let text = std::fs::read_to_string(root().join(format!("static/lessons/{name}.toml"))).unwrap();
            let stated = text.lines().filter(|line| line.contains("schedule = "));
            let stated = stated.filter_map(|line| line.split("breach = \"").nth(1)?.split('"').next());
            let shown =
                |rule: &str| goal.contains(&format!(": {rule}. ")) && (rules.contains(rule) || rules.contains("more"));
            let stated: Vec<&str> = stated.collect();
            assert!(stated.iter().any(|rule| shown(rule)), "{name}: {stated:?} {goal} {rules}");
        }
        assert!(names.len() >= 42);
        page.expect_no_errors().await;
    });
}
