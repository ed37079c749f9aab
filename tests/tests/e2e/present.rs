//! What a teacher takes to class: the presenter's view, pictures, and a state on paper.

use fantoccini::wd::PrintConfigurationBuilder;
use p2mscope_tests::harness::{Page, with_page};
use serde_json::json;

use super::access::{look, viewport};
use super::lesson::choose;

const ESCAPE: &str = "\u{e00c}";
const PAGE_DOWN: &str = "\u{e00f}";
const PAGE_UP: &str = "\u{e00e}";

/// The smallest letters that can be seen, in pixels, with their text; drawings are scaled.
const SMALLEST: &str = "(() => {
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const it = walk.currentNode.parentElement;
      if (!walk.currentNode.data.trim() || !it.checkVisibility({ visibilityProperty: true })
        || it.closest('.unseen, title, script, style, noscript')) continue;
      const scale = it.getScreenCTM ? it.getScreenCTM().a : 1;
      found.push([Math.round(parseFloat(getComputedStyle(it).fontSize) * scale * 10) / 10, walk.currentNode.data.trim()]);
    }
    return found.sort((a, b) => a[0] - b[0])[0];
  })()";

/// Where the run stands: `3 / 16`.
async fn position(page: &Page) -> String {
    page.eval("document.querySelector('#position').innerText").await.as_str().unwrap_or_default().to_owned()
}

/// Fails if anything on the page is too small for the last row, or does not fit.
async fn expect_readable(page: &Page) {
    let smallest = page.eval(SMALLEST).await;
    assert!(smallest[0].as_f64().unwrap() >= 24.0, "{smallest} px");
    let fits =
        "document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth
        && [...document.querySelectorAll('#present section')].every((it) => it.scrollHeight <= it.clientHeight + 1)";
    assert_eq!(page.eval(fits).await, json!(true), "something has to be scrolled");
}

#[test]
fn a_presenter_steps_with_a_clicker_and_the_answer_waits() {
    with_page("/", |page| async move {
        viewport(&page, 1280, 720).await;
        choose(&page, "Lesson", "S14").await;
        page.keys("1122221121").await;
        page.until("document.querySelector('#waits .words').innerText.includes('->')").await;
        let (was, mode) = (
            position(&page).await,
            "[...document.querySelectorAll('.head [aria-pressed=true]')].map((it) => it.innerText).join()",
        );
        let pressed = page.eval(mode).await;
        page.keys("p").await;
        page.css("#present").await;
        expect_readable(&page).await;
        let mut found = Vec::new();
        look(&page, "present", &mut found).await;
        // The answer is nowhere until it is asked for, by b; then it says what is wrong.
        assert_eq!(page.eval("document.body.innerText.includes('gave up what it has')").await, json!(false));
        page.keys("b").await;
        page.until("document.querySelector('#answer').innerText.includes('gave up what it has')").await;
        let smallest = page.eval(SMALLEST).await;
        assert!(smallest[0].as_f64().unwrap() >= 24.0, "{smallest} px");
        look(&page, "present-answer", &mut found).await;
        page.keys("b").await;
        page.until("!document.querySelector('#answer')").await;
        page.keys("v").await;
        page.css("#present svg.scene").await;
        expect_readable(&page).await;
        look(&page, "present-ranges", &mut found).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
        // As clickers do: back, forth, and forth again with the other key.
        let at = |n: usize| format!("document.querySelector('#position').innerText.startsWith('{n} /')");
        let last: usize = was.split(" /").next().unwrap().parse().unwrap();
        page.keys(PAGE_UP).await;
        page.until(&format!("!({})", at(last))).await;
        page.keys(PAGE_DOWN).await;
        page.until(&at(last)).await;
        page.keys(PAGE_UP).await;
        page.until(&format!("!({})", at(last))).await;
        page.keys(".").await;
        page.until(&at(last)).await;
        // Escape leads back to the very same.
        page.keys(ESCAPE).await;
        page.until("!document.querySelector('#present') && document.querySelector('#actors')").await;
        assert_eq!((position(&page).await, page.eval(mode).await), (was, pressed));
        // Outside of it, a clicker's keys scroll as they do anywhere.
        page.keys(PAGE_UP).await;
        page.keys("b").await;
        page.until(&at(last)).await;
        page.expect_no_errors().await;
    });
}

/// What the last picture's file says, as the browser's XML parser reads it.
const PARSED: &str = "(() => {
    const parsed = new DOMParser().parseFromString(window.file, 'image/svg+xml');
    const all = [...parsed.querySelectorAll('*')];
    return {
      fault: parsed.querySelector('parsererror')?.textContent ?? '',
      root: parsed.documentElement.namespaceURI,
      foreign: all.filter((it) => it.localName === 'foreignObject' || it.namespaceURI !== 'http://www.w3.org/2000/svg').length,
      styled: all.filter((it) => it.hasAttribute('class') || it.hasAttribute('style')).length,
      variables: window.file.includes('var('),
      text: all.filter((it) => it.localName === 'text').map((it) => it.textContent).join(' '),
      links: all.filter((it) => it.localName === 'a').map((it) => it.getAttribute('href')),
      dangling: [...window.file.matchAll(/url\\(#([^)]*)\\)/g)].filter((it) => !parsed.getElementById(it[1])).length,
    };
  })()";

#[test]
fn pictures_are_plain_svg_and_png_with_legend_and_link() {
    with_page("/", |page| async move {
        viewport(&page, 1280, 720).await;
        choose(&page, "Lesson", "S14").await;
        page.keys("1122221121").await;
        page.until("document.querySelector('#waits .words').innerText.includes('->')").await;
        // What is saved is kept here.
        page.eval("void (URL.createObjectURL = ((old) => (blob) => { window.blob = blob; return old.call(URL, blob); })(URL.createObjectURL))").await;
        page.keys("i").await;
        let mut found = Vec::new();
        page.css("#picture img").await;
        look(&page, "picture", &mut found).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
        let views = page
            .eval("[...document.querySelector('[aria-label=\"Picture of\"]').options].map((it) => it.innerText)")
            .await;
        let views: Vec<String> =
            views.as_array().unwrap().iter().filter_map(|it| it.as_str()).map(str::to_owned).collect();
        assert!(
            ["the whole view", "Ranges: a lock each", "Waits", "Actors", "Timeline"]
                .iter()
                .all(|it| views.iter().any(|view| view == it)),
            "{views:?}"
        );
        for view in &views {
            let set = "const [view] = arguments; const list = document.querySelector('[aria-label=\"Picture of\"]');
                list.selectedIndex = [...list.options].findIndex((it) => it.innerText === view);
                list.dispatchEvent(new Event('change', { bubbles: true })); window.blob = null;";
            let before = page.eval("document.querySelector('#picture img').src.length").await;
            page.client().execute(set, vec![json!(view)]).await.unwrap();
            if view != "the whole view" {
                page.until(&format!("document.querySelector('#picture img').src.length !== {before}")).await;
            }
            // The browser draws it by itself, from the file alone.
            page.until("((it) => it.complete && it.naturalWidth > 0)(document.querySelector('#picture img'))").await;
            page.click("button", "Save as SVG").await;
            page.until("window.blob?.type === 'image/svg+xml'").await;
            page.eval("window.blob.text().then((it) => window.file = it)").await;
            page.until("window.file?.startsWith('<?xml')").await;
            let file = page.eval(PARSED).await;
            assert_eq!((&file["fault"], &file["root"]), (&json!(""), &json!("http://www.w3.org/2000/svg")), "{view}");
            assert_eq!(
                (&file["foreign"], &file["styled"], &file["variables"], &file["dangling"]),
                (&json!(0), &json!(0), &json!(false), &json!(0)),
                "{view}"
            );
            let text = file["text"].as_str().unwrap();
            assert!(text.contains("can never go on") && text.contains("p2mscope: S14 before"), "{view}: {text}");
            let link = file["links"][0].as_str().unwrap();
            assert!(link.contains("/#") && text.replace(' ', "").contains(link), "{view}: {link}");
            match view.as_str() {
                "Waits" => assert!(text.contains("TS1") && text.contains("range 0"), "{text}"),
                "Actors" => assert!(text.contains("@second f = get_gfn 2:0x20"), "{text}"),
                _ => {}
            }
            if let Some(folder) = std::env::var_os("P2MSCOPE_SHOTS") {
                let file = page.eval("window.file").await;
                let name = format!("picture-{}.svg", view.replace([' ', ':'], "-"));
                std::fs::write(std::path::Path::new(&folder).join(name), file.as_str().unwrap()).unwrap();
            }
        }
        page.click("button", "Save as PNG").await;
        page.until("window.blob?.type === 'image/png'").await;
        page.eval("createImageBitmap(window.blob).then((it) => window.dots = [it.width, it.height])").await;
        let dots = page.until("window.dots").await;
        let size =
            page.eval("((it) => [it.naturalWidth, it.naturalHeight])(document.querySelector('#picture img'))").await;
        for i in [0, 1] {
            let (dots, size) = (dots[i].as_f64().unwrap(), size[i].as_f64().unwrap());
            assert!((dots - 2.0 * size).abs() <= 2.0, "{dots} dots for {size} pixels");
        }
        page.keys(ESCAPE).await;
        page.until("!document.querySelector('#picture')").await;
        // A panel's own button leads there with that panel.
        page.css("#walk .take").await.click().await.unwrap();
        page.until("document.querySelector('[aria-label=\"Picture of\"]').value.startsWith('Walk')").await;
        page.expect_no_errors().await;
    });
}

#[test]
fn a_state_is_printed_on_two_pages_at_most() {
    with_page("/", |page| async move {
        for lesson in ["S14", "A deadlock of three", "First minute"] {
            choose(&page, "Lesson", lesson).await;
            for _ in 0..12 {
                page.keys("\u{e014}").await;
            }
            let a4 = PrintConfigurationBuilder::default().size(fantoccini::wd::PrintSize::A4).build().unwrap();
            let pdf = page.client().print(a4).await.unwrap();
            let pages = pdf.windows(12).filter(|it| it.starts_with(b"/Type /Page") && it[11] != b's').count();
            assert!((1..=2).contains(&pages), "{lesson}: {pages} pages");
            if let Some(folder) = std::env::var_os("P2MSCOPE_SHOTS") {
                std::fs::write(std::path::Path::new(&folder).join(format!("{lesson}.pdf")), pdf).unwrap();
            }
            page.until("!document.querySelector('#printed')").await;
        }
        // What goes on paper, as the browser asks for it.
        choose(&page, "Lesson", "S14").await;
        page.keys("1122221121").await;
        page.until("document.querySelector('#waits .words').innerText.includes('->')").await;
        page.eval("window.dispatchEvent(new Event('beforeprint'))").await;
        page.until("document.querySelector('#printed .link')?.textContent.includes('/#1.')").await;
        let paper = page.eval("document.querySelector('#printed').textContent").await;
        for part in [
            "Is one lock for each table enough to be safe?",
            "TS1 -> TS2 -> TS1",
            "Walk of 1:0x10",
            "asks for range 0 of domain 2",
        ] {
            assert!(paper.as_str().unwrap().contains(part), "no {part:?} on paper: {paper}");
        }
        page.eval("window.dispatchEvent(new Event('afterprint'))").await;
        page.until("!document.querySelector('#printed')").await;
        page.expect_no_errors().await;
    });
}

/// The README's two pictures are this test's screenshots: with `P2MSCOPE_SHOTS` set to `docs` it makes them again.
#[test]
fn the_pictures_of_the_readme() {
    with_page("/", |page| async move {
        viewport(&page, 1280, 720).await;
        // The page opens with the lesson of the first minute.
        for presses in 1.. {
            page.keys("\u{e014}").await;
            page.until(&format!("document.querySelector('#position').innerText.split('/')[0] >= {presses}")).await;
            if page.eval("document.querySelector('#waits .words').innerText.includes('->')").await == json!(true) {
                break;
            }
            assert!(presses < 40, "no ring after {presses} steps");
        }
        for (theme, name) in [("light", "screenshot"), ("dark", "screenshot-dark")] {
            page.eval(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
            // Nothing is on its way any more.
            page.until("document.getAnimations().every((it) => it.playState !== 'running')").await;
            page.shot(name).await;
        }
        page.expect_no_errors().await;
    });
}
