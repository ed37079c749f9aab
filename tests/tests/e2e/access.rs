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
const BACKSPACE: &str = "\u{e003}";

/// The checker: axe-core 4.14.1 from the npm registry, under the licence beside it. It is no part of the page.
const AXE: &str = include_str!("../../vendor/axe.min.js");

/// Has the checker look at the page as it stands, in both themes; what it finds serious is added to `found`.
pub async fn look(page: &Page, screen: &str, found: &mut Vec<String>) {
    page.client().execute(&format!("if (!window.axe) {{ {AXE} }}"), vec![]).await.unwrap();
    let before = page.eval("document.documentElement.dataset.theme").await;
    for theme in ["light", "dark"] {
        page.eval(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
        // Nothing is on its way from one colour to the other.
        page.until("document.getAnimations().every((it) => it.playState !== 'running')").await;
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

/// Makes the part of the window that shows the page so large.
pub async fn viewport(page: &Page, width: u32, height: u32) {
    page.client().set_window_size(width, height).await.unwrap();
    let inner = page.eval("[innerWidth, innerHeight]").await;
    let more = |i: usize, wanted: u32| 2 * wanted - u32::try_from(inner[i].as_u64().unwrap()).unwrap();
    page.client().set_window_size(more(0, width), more(1, height)).await.unwrap();
    page.until(&format!("innerWidth === {width} && innerHeight === {height}")).await;
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
            page.until("!document.querySelector('#share, #keys, #report, #palette, #edit, #explore, #live')").await;
        }
        page.click("button", "Scale").await;
        page.css("#scale").await;
        look(&page, "scale", &mut found).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
        page.expect_no_errors().await;
    });
}

/// Whether the focus can be seen: an outline, and nothing over it.
const SEEN: &str = "(() => {
    const it = document.activeElement;
    if (!it || it === document.body) return 'body';
    const style = getComputedStyle(it);
    const rect = it.getBoundingClientRect();
    const at = document.elementFromPoint(rect.x + Math.min(rect.width / 2, 8), rect.y + rect.height / 2);
    const name = `${it.localName}${it.id && '#' + it.id} ${it.ariaLabel ?? it.innerText?.slice(0, 20)}`;
    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return `no outline: ${name}`;
    if (!at || !(it.contains(at) || at.contains(it) || at.closest('label')?.contains(it))) return `covered: ${name}`;
    return `seen: ${name}`;
  })()";

/// Tabs through all there is until the focus comes back to where it began; what was met.
async fn tab_round(page: &Page) -> Vec<String> {
    let mut met = Vec::new();
    for _ in 0..120 {
        page.keys(TAB).await;
        let seen = page.eval(SEEN).await.as_str().unwrap_or_default().to_owned();
        if seen == "body" || met.first() == Some(&seen) {
            return met;
        }
        met.push(seen);
    }
    panic!("after 120 tabs the focus has not come round: {met:#?}");
}

#[test]
fn all_is_done_without_a_pointer() {
    with_page("/", |page| async move {
        let position = "document.querySelector('#position').innerText";
        // Load: the palette finds a lesson by some of its letters.
        page.keys(":").await;
        page.until("document.activeElement.getAttribute('role') === 'combobox'").await;
        page.keys("les s14").await;
        page.until("document.querySelector('#offers li').innerText.includes('S14')").await;
        page.keys(ENTER).await;
        page.until_text("Let both toolstacks hold both pages").await;
        page.until("!document.querySelector('#palette')").await;
        // What cannot be done says why.
        page.keys(":").await;
        page.keys("step back").await;
        page.until(
            "document.querySelector('#offers [aria-selected=true]').innerText.includes('This is the first state.')",
        )
        .await;
        page.keys(ENTER).await;
        page.until("document.querySelector('#notice').innerText === 'This is the first state.'").await;
        // Step, and fork: back, and the other one goes.
        page.keys("1").await;
        page.until(&format!("!{position}.startsWith('0 /')")).await;
        page.keys(LEFT).await;
        page.until(&format!("{position}.startsWith('0 /')")).await;
        page.keys("2").await;
        page.until("document.querySelectorAll('.forks button').length === 2").await;
        // Share: the focus is in the sheet, goes round in it, and comes back.
        page.eval("document.querySelector('#step').focus()").await;
        page.keys("s").await;
        page.css("#share-link").await;
        let round = tab_round(&page).await;
        assert!(round.iter().any(|it| it.contains("Copy: Link")), "{round:#?}");
        page.keys(ESCAPE).await;
        page.until("document.activeElement.id === 'step'").await;
        // No trap, and the focus is seen everywhere.
        // From there to the end of the page, and then all of it.
        tab_round(&page).await;
        let round = tab_round(&page).await;
        let unseen: Vec<_> = round.iter().filter(|it| !it.starts_with("seen")).collect();
        assert!(round.len() > 20 && unseen.is_empty(), "{unseen:#?} of {round:#?}");
        // In a text, keys are letters.
        page.keys("t").await;
        page.css("#edit textarea").await.click().await.unwrap();
        page.keys("ep?1").await;
        page.until("document.querySelector('#edit textarea').value.includes('ep?1')").await;
        assert_eq!(page.eval("!document.querySelector('#explore, #present, #keys')").await, json!(true));
        page.keys(&BACKSPACE.repeat(4)).await;
        page.keys(ESCAPE).await;
        page.until("!document.querySelector('#edit')").await;
        page.expect_no_errors().await;
    });
}

#[test]
fn keys_can_be_given_away_and_switched_off_and_never_scroll() {
    with_page("/", |page| async move {
        let at = |n: usize| format!("document.querySelector('#position').innerText.startsWith('{n} /')");
        let button = "document.querySelector('#keys [aria-label^=\"Step: key\"]')";
        page.keys("?").await;
        page.until(&format!("({button}.focus(), document.activeElement === {button})")).await;
        page.keys(ENTER).await;
        page.until("document.querySelector('#keys-said').innerText.startsWith('Press the key')").await;
        page.keys("e").await;
        page.until("document.querySelector('#keys-said').innerText.includes('e is the key of')").await;
        page.keys(ENTER).await;
        page.keys("n").await;
        page.until("document.querySelector('#keys-said').innerText.includes('has another key now')").await;
        page.shot("keys-changed").await;
        page.keys(ESCAPE).await;
        page.until("!document.querySelector('#keys')").await;
        page.keys("n").await;
        page.until(&format!("!({})", at(0))).await;
        assert_eq!(page.eval("document.querySelector('#step').title").await, json!("Step (n)"));
        // It is kept, and so is that characters are off; what buttons say follows.
        page.goto(page.eval("location.origin").await.as_str().unwrap()).await;
        page.keys("n").await;
        page.until(&format!("!({})", at(0))).await;
        page.keys("?").await;
        page.css("#keys input[type=checkbox]").await.click().await.unwrap();
        page.keys(ESCAPE).await;
        page.until("!document.querySelector('#keys') && document.querySelector('#step').title === 'Step'").await;
        page.goto(page.eval("location.origin").await.as_str().unwrap()).await;
        page.until("document.querySelector('#step').title === 'Step'").await;
        page.keys("n1e").await;
        // Left is a key still, and tells that nothing has been stepped.
        page.keys("\u{e010}").await;
        page.until(&at(0)).await;
        assert_eq!(page.eval("!document.querySelector('#explore')").await, json!(true));

        // Arrows step and do not scroll, on a page that is longer than its window.
        page.eval("localStorage.clear()").await;
        viewport(&page, 800, 600).await;
        page.goto(page.eval("location.origin").await.as_str().unwrap()).await;
        page.until("document.querySelector('#step')").await;
        page.eval("document.querySelector('#step').focus()").await;
        assert!(page.eval("document.documentElement.scrollHeight - innerHeight").await.as_f64().unwrap() > 100.0);
        let scrolled = page.eval("scrollY").await;
        page.keys(&DOWN.repeat(3)).await;
        page.keys(RIGHT).await;
        page.until(&at(4)).await;
        assert_eq!(page.eval("scrollY").await, scrolled);
        page.expect_no_errors().await;
    });
}

#[test]
fn a_step_is_told_once_and_playing_is_silent() {
    with_page("/", |page| async move {
        choose(&page, "Lesson", "S14").await;
        // Every live region of the page while it is stepped: one, and what it says is the step's sentence.
        let live = "[...document.querySelectorAll('[aria-live], [role=status], [role=alert], output')]
            .filter((it) => it.ariaLive !== 'off').map((it) => it.innerText.trim()).filter((it) => it)";
        let status = "document.querySelector('.unseen[role=status]')";
        page.eval(&format!(
            "void (window.told = [], new MutationObserver(() => window.told.push({status}.innerText))
               .observe({status}, {{ subtree: true, childList: true, characterData: true }}))"
        ))
        .await;
        let mut sentences = Vec::new();
        for n in 1..=3 {
            page.keys(RIGHT).await;
            page.until(&format!("document.querySelector('#position').innerText.startsWith('{n} /')")).await;
            let said = page.eval(live).await;
            let sentence = page.eval("document.querySelector('#sentence span').innerText").await;
            assert_eq!(said, json!([sentence]), "step {n}");
            sentences.push(sentence);
        }
        assert_eq!(page.eval("window.told").await, json!(sentences));
        page.keys("\u{e011}").await;
        // On what opens and closes, space does that.
        page.eval("document.activeElement.blur()").await;
        page.keys(" ").await;
        page.until("document.querySelector('[aria-label=Pause]') && !document.querySelector('#position').innerText.startsWith('0 /')").await;
        assert_eq!(page.eval(live).await, json!([]), "something is told while steps follow by themselves");
        page.keys(" ").await;
        page.until(&format!("({live}).length === 1")).await;
        // What is drawn is also told, below headings.
        for heading in ["Actors", "The waits in words", "The ranges in words"] {
            page.role("heading", heading).await;
        }
        let walk =
            page.eval("[...document.querySelectorAll('h2')].some((it) => it.innerText.startsWith('Walk of '))").await;
        assert_eq!(walk, json!(true));
        page.expect_no_errors().await;
    });
}

#[test]
fn the_stage_fits_screens_from_390_pixels_to_1920() {
    with_page("/", |page| async move {
        choose(&page, "Lesson", "S14").await;
        page.keys("1122221121").await;
        page.until("document.querySelector('#waits .words').innerText.includes('->')").await;
        let overflow =
            "((it) => [it.scrollWidth - it.clientWidth, it.scrollHeight - it.clientHeight])(document.documentElement)";
        for (width, height) in [(1280, 720), (1920, 1080)] {
            viewport(&page, width, height).await;
            page.shot(&format!("size-{width}")).await;
            assert_eq!(page.eval(overflow).await, json!([0, 0]), "at {width} by {height}");
        }
        viewport(&page, 500, 844).await;
        page.shot("size-narrow").await;
        assert_eq!(page.eval(&format!("{overflow}[0]")).await, json!(0), "at 500");
        // No window is narrower than 500 pixels here; letters that are larger make it so.
        viewport(&page, 522, 844).await;
        page.keys(":").await;
        page.keys("large").await;
        page.until("document.querySelector('#offers li').innerText.startsWith('Large type')").await;
        page.keys(ENTER).await;
        page.until("document.documentElement.dataset.type === 'large' && !document.querySelector('#palette')").await;
        let width = page.eval("document.querySelector('.app').offsetWidth").await.as_f64().unwrap();
        assert!((380.0..=400.0).contains(&width), "{width}");
        page.shot("size-390-large").await;
        assert_eq!(page.eval(&format!("{overflow}[0]")).await, json!(0), "at {width}");
        let step = page.eval("(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(document.querySelector('#step').getBoundingClientRect())").await;
        assert_eq!(step, json!(true), "Step is out of sight");
        viewport(&page, 1280, 720).await;
        page.shot("size-1280-large").await;
        assert_eq!(page.eval(&format!("{overflow}[0]")).await, json!(0), "large, at 1280");
        page.expect_no_errors().await;
    });
}

/// What is left of an element without its colours and words: the outlines in it, and how they are drawn.
const COLOURLESS: &str = "(it) => [it, ...it.querySelectorAll('*')].map((it) => {
    const style = getComputedStyle(it);
    return [it.getAttribute('d') ?? '', style.strokeDasharray, style.borderTopStyle, style.fontWeight, style.textDecorationLine].join();
  }).join(';')";

#[test]
fn states_are_told_apart_in_grey() {
    with_page("/", |page| async move {
        page.eval(&format!("void (window.colourless = {COLOURLESS})")).await;
        page.eval("document.documentElement.style.filter = 'grayscale(1)', 0").await;
        // One who can run and one who waits; one who has broken a rule, and bars of both kinds below.
        choose(&page, "Lesson", "S14").await;
        let kinds = "[...new Set([...document.querySelectorAll('#actors .pill')].map((it) => it.innerText))].length";
        assert_eq!(page.eval(kinds).await, json!(1), "both can run");
        let rules = page.eval("document.querySelector('#rules').innerText").await;
        page.keys("112222").await;
        page.until("document.querySelector('.pill.waits') && document.querySelector('.pill.runs')").await;
        assert_eq!(page.eval(kinds).await, json!(2), "to run and to wait look alike");
        page.keys("1121").await;
        page.until("document.querySelector('#waits .words').innerText.includes('->')").await;
        let alike = |one: &str, other: &str| {
            format!(
                "((one, other) => !one || !other ? 'missing' : window.colourless(one) === window.colourless(other))
                   (document.querySelector('{one}'), document.querySelector('{other}'))"
            )
        };
        for (one, other) in [
            (".chip.lock.side", ".chip.lock:not(.side)"),
            (".bar.run", ".bar.wait"),
            (".program .next", ".program li:not(.next)"),
            (".segments [aria-pressed=true]", ".segments [aria-pressed=false]"),
        ] {
            assert_eq!(page.eval(&alike(one, other)).await, json!(false), "{one} and {other} in grey");
        }
        // Rules that hold, and such as are broken, have a sign and a word.
        let broken = page.eval("document.querySelector('#rules').innerText").await;
        assert!(
            rules.as_str().unwrap().starts_with('\u{2713}') && broken.as_str().unwrap().starts_with('\u{2717}'),
            "{rules} {broken}"
        );
        // Actors of different kinds have different outlines.
        choose(&page, "Lesson", "First minute").await;
        page.until("document.querySelector('#actors').innerText.includes('pager')").await;
        let outlines =
            "new Set([...document.querySelectorAll('#actors .badge path')].map((it) => it.getAttribute('d'))).size";
        assert!(page.eval(outlines).await.as_u64().unwrap() >= 2);
        page.shot("grey").await;
        page.expect_no_errors().await;
    });
}
