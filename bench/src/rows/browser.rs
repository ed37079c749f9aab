//! What is measured in headless Chromium: the core as wasm beside the native one, and the built page.

use p2mscope_tests::harness::{Page, Server, dist, root, with_url};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use p2mscope_core::explore::{Verdict, explore, with_threads};

use super::Effort;
use crate::measure::quantile;
use crate::table::{Line, Target};
use crate::work::{self, PER_ROUND};

/// Opens a folder in a browser of its own, and gives what `f` makes of it.
fn in_browser<T: 'static, F>(folder: &Path, path: &str, f: impl FnOnce(Page) -> F) -> T
where
    F: Future<Output = T> + 'static,
{
    let (tell, told) = mpsc::channel();
    let server = Server::start(folder, true);
    with_url(&format!("{}{path}", server.url()), |page| {
        let work = f(page);
        async move { tell.send(work.await).expect("somebody waits for it") }
    });
    told.recv().expect("the page was measured")
}

/// The value of a promise.
async fn promised(page: &Page, expression: &str) -> Value {
    let script = format!("const done = arguments[0]; ({expression}).then(done, (e) => done({{ failed: String(e) }}));");
    let value = page.client().execute_async(&script, vec![]).await;
    let value = value.unwrap_or_else(|e| panic!("{expression}: {e}"));
    assert!(value["failed"].is_null(), "{expression}: {}", value["failed"]);
    value
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().map_or_else(Vec::new, |all| all.iter().filter_map(Value::as_f64).collect())
}

/// Row 13: both sides in turn, natively in this process, as wasm in a worker of the browser.
pub fn wasm(e: &Effort) -> Vec<Line> {
    let built = root().join("target/bench-page");
    assert!(
        built.join("p2mscope_bench_bg.wasm").is_file(),
        "no module in {}: cargo xtask bench builds it",
        built.display()
    );
    for (name, text) in
        [("index.html", include_str!("../../page/index.html")), ("worker.js", include_str!("../../page/worker.js"))]
    {
        fs::write(built.join(name), text).expect("its folder can be written");
    }
    let e = *e;
    let sides = in_browser(&built, "/", move |page| async move {
        let measure = async |job: &str, argument: u64| {
            let told = promised(&page, &format!("measure({}, {argument})", json!(job))).await;
            (told["result"].as_u64(), told["ms"].as_f64().expect("a time"))
        };
        let mut sides = [const { Vec::new() }; 4];
        let rounds = e.times(40) / PER_ROUND + 1;
        let rate = |n: f64, start: Instant| n / start.elapsed().as_micros() as f64;
        for sample in 0..=e.samples {
            let (_, ms) = measure("get_put", rounds).await;
            let start = Instant::now();
            work::get_put_alone(rounds);
            let native = rate((rounds * PER_ROUND) as f64, start);
            // The first of each warms up.
            if sample > 0 {
                sides[0].push((rounds * PER_ROUND) as f64 / ms / 1e3);
                sides[1].push(native);
            }
        }
        for _ in 0..e.few() {
            let (states, ms) = measure("explore", 0).await;
            let start = Instant::now();
            let ours = work::explore_twin();
            assert_eq!(states, Some(ours), "both count the same");
            sides[2].push(ours as f64 / ms / 1e3);
            sides[3].push(rate(ours as f64, start));
        }
        sides
    });
    let line = |id: &str, work: &str, unit: &str, i: usize, least| {
        let sides = [&sides[i][..], &sides[i + 1]];
        Line::ratio(id, work, "native, in turn", unit, sides, Target::AtLeast(least))
    };
    vec![
        line("13a", "get_gfn + put_gfn as wasm in headless Chromium", "M/s", 0, 0.45),
        line("13b", "the twin's search as wasm in headless Chromium", "M states/s", 2, 0.8),
    ]
}

/// The built page with the script that watches it.
fn watched() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder for the page");
        for entry in fs::read_dir(from).expect("the built page").map_while(Result::ok) {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).expect("a copy of the page");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a folder for the page");
    copy(&dist(), folder.path());
    let index = folder.path().join("index.html");
    let text = fs::read_to_string(&index).expect("its index");
    assert!(text.contains("<head>"), "the script goes into the head");
    // A file of its own: the page may forbid scripts that stand in it.
    fs::write(folder.path().join("watch.js"), include_str!("../../page/watch.js")).expect("the script can be written");
    let text = text.replacen("<head>", "<head><script src=\"watch.js\"></script>", 1);
    fs::write(&index, text).expect("the index can be written");
    folder
}

/// A lesson of so many actors who never meet, each with a page in a range of its own: more states than can be explored.
fn crowd(actors: usize) -> String {
    let pages: Vec<String> = (0..actors).map(|a| format!("{:#x} = ram_rw", a * 512 + 16)).collect();
    let mut text = format!(
        "id = \"crowd\"\ntitle = \"A crowd\"\ngoal = \"{}\"\nstory = \"Each works with a page of its own.\"\n\
         expect = []\nlive = [\"before\"]\n\n[[domain]]\nid = 1\nmap = \"\"\"\n{}\n\"\"\"\n",
        goal(actors),
        pages.join("\n")
    );
    for a in 0..actors {
        let page = a * 512 + 16;
        text += &format!(
            "\n[[actor]]\nname = \"T{a}\"\nkind = \"toolstack\"\n\
             program = \"\"\"\ne = get_gfn 1:{page:#x}\nput_gfn 1:{page:#x}\n\"\"\"\n"
        );
    }
    text
}

/// What that lesson says is its goal.
fn goal(actors: usize) -> String {
    format!("A crowd of {actors} who never meet.")
}

/// Puts a lesson's text into the page, whose goal is that.
async fn open_text(page: &Page, text: &str, goal: &str) {
    page.keys("t").await;
    page.css("#edit textarea").await;
    let script = "const [text] = arguments; const area = document.querySelector('#edit textarea');
        area.value = text; area.dispatchEvent(new Event('input', { bubbles: true }));";
    page.client().execute(script, vec![json!(text)]).await.expect("the text is put in");
    // It is read a moment after the last letter; then its goal is told.
    page.until(&format!("document.body.innerText.includes({})", json!(goal))).await;
    // The actors stand where the text stood, once that is closed.
    page.keys("\u{e00c}").await;
    page.until("document.querySelector('[data-testid=actor-T0]')").await;
}

/// ms of each frame while the threads of a lesson of so many actors run.
async fn frames(page: &Page, actors: usize, ms: u64) -> Vec<f64> {
    open_text(page, &crowd(actors), &goal(actors)).await;
    promised(page, "bench.threads('Start threads')").await;
    page.until("Number(bench.said('#live-rate').replace(/\\D/g, '')) > 0").await;
    let frames = numbers(&promised(page, &format!("bench.frames({ms})")).await);
    promised(page, "bench.threads('Freeze')").await;
    page.until("bench.said('#live-says').startsWith('Frozen')").await;
    frames
}

/// What one visit to the page has shown.
#[derive(Default)]
struct Visit {
    possible: Vec<f64>,
    steps: Vec<f64>,
    few: Vec<f64>,
    many: Vec<f64>,
    deadlock: Vec<f64>,
    cancel: Vec<f64>,
    files: BTreeSet<String>,
}

/// Chooses a lesson and a version of it.
async fn choose(page: &Page, list: &str, option: &str) {
    let find = format!(
        "(() => {{
           const list = document.querySelector('select[aria-label={list}]');
           const found = [...list.options].findIndex((it) => it.innerText.startsWith('{option}'));
           if (found < 0) return false;
           list.selectedIndex = found;
           list.dispatchEvent(new Event('change', {{ bubbles: true }}));
           return true;
         }})()"
    );
    page.until(&find).await;
}

async fn visit(page: Page, e: Effort, whole: bool) -> Visit {
    let mut seen = Visit::default();
    seen.possible.extend(page.until("bench.possible").await.as_f64());
    let files = "performance.getEntriesByType('resource').map((it) => new URL(it.name).pathname)";
    let files = page.eval(files).await;
    seen.files.extend(files.as_array().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)));
    if !whole {
        return seen;
    }
    seen.steps = numbers(&promised(&page, &format!("bench.steps({})", if e.quick { 10 } else { 200 })).await);
    choose(&page, "Lesson", "S14").await;
    choose(&page, "Version", "before").await;
    for _ in 0..e.few() {
        seen.deadlock.extend(promised(&page, "bench.deadlock()").await.as_f64());
        promised(&page, "bench.threads('Freeze')").await;
        page.until("bench.said('#live-says').startsWith('Frozen')").await;
    }
    let ms = if e.quick { 300 } else { 3_000 };
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    seen.few = frames(&page, (cores - 1).max(2), ms).await;
    seen.many = frames(&page, 16, ms).await;
    for _ in 0..e.few() {
        promised(&page, "bench.explore()").await;
        page.until("Number(bench.said('#explore .figures dd').replace(/\\D/g, '')) > 0").await;
        seen.cancel.extend(promised(&page, "bench.cancel()").await.as_f64());
    }
    page.expect_no_errors().await;
    seen
}

/// Rows 15 to 17.
pub fn page(e: &Effort) -> Vec<Line> {
    let (folder, e) = (watched(), *e);
    let mut all = in_browser(folder.path(), "/", move |page| visit(page, e, true));
    for _ in 1..e.few() {
        let more = in_browser(folder.path(), "/", move |page| visit(page, e, false));
        all.possible.extend(more.possible);
    }
    let rate = |frames: &[f64]| 1000.0 * frames.len() as f64 / frames.iter().sum::<f64>().max(1.0);
    let worst = quantile(&all.few, 1.0);
    let value = Line::value;
    let at_most = Target::AtMost;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let few = format!("live with {} actors", (cores - 1).max(2));
    let (bytes, files) = first_visit(&all.files);
    let mib = 1024.0 * 1024.0;
    vec![
        value(
            "15a",
            "from the visit of the page on localhost to the first possible step",
            "ms",
            &all.possible,
            at_most(1_000.0),
        ),
        value(
            "15b",
            "from a click on Step to its paint, 95 of 100",
            "ms",
            &[quantile(&all.steps, 0.95)],
            at_most(50.0),
        ),
        value("15c", &few, "frames/s", &[rate(&all.few)], Target::AtLeast(55.0)),
        value("15d", "the same, longest frame", "ms", &[worst], at_most(50.0)),
        value("15e", "live with 16 actors", "frames/s", &[rate(&all.many)], Target::AtLeast(30.0)),
        value("16", "what the first visit fetches, gzip -9 of each file", "bytes", &[bytes], at_most(mib)).noted(files),
        value("17a", "a deadlock of threads, from standing to shown, at most", "ms", &all.deadlock, at_most(200.0)),
        value("17b", "a running search in the page, from Stop to stopped", "ms", &all.cancel, at_most(100.0)),
        value("17c", "the same natively, on two threads", "ms", &cancel(&e), at_most(100.0)),
    ]
}

/// ms from telling a search to stop until it has.
fn cancel(e: &Effort) -> Vec<f64> {
    let (sim, question) = work::twin();
    let one = || {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let search = scope.spawn(|| {
                with_threads(2, || {
                    explore(&sim, &question, |_| match stop.load(Relaxed) {
                        true => ControlFlow::Break(()),
                        false => ControlFlow::Continue(()),
                    })
                })
            });
            std::thread::sleep(Duration::from_millis(30));
            stop.store(true, Relaxed);
            let told = Instant::now();
            let report = search.join().expect("it does not panic");
            assert_eq!(report.verdict, Verdict::Cancelled, "it had far to go");
            told.elapsed().as_micros() as f64 / 1e3
        })
    };
    (0..e.few()).map(|_| one()).collect()
}

/// How many bytes the files of a first visit are, each packed with `gzip -9`; and which they are.
fn first_visit(fetched: &BTreeSet<String>) -> (f64, String) {
    let dist = dist();
    let paths = fetched.iter().map(|path| path.trim_start_matches('/')).chain(["index.html"]);
    let files: BTreeSet<&str> = paths.filter(|path| dist.join(path).is_file()).collect();
    let packed = |path: &str| {
        let output = Command::new("gzip").args(["-9", "-c"]).arg(dist.join(path)).output().expect("gzip");
        output.stdout.len()
    };
    let all: Vec<(usize, &str)> = files.iter().map(|&path| (packed(path), path)).collect();
    assert!(all.iter().any(|(_, path)| path.ends_with(".wasm")), "the page's module is among {files:?}");
    let mut largest = all.clone();
    largest.sort_unstable_by(|a, b| b.cmp(a));
    let named: Vec<String> = largest.iter().take(3).map(|(bytes, path)| format!("{path} {bytes}")).collect();
    let sum = all.iter().map(|(bytes, _)| *bytes as f64).sum();
    (
        sum,
        format!(
            "{} files, the largest {}; Spectacle's are 3,916 KiB, Python Tutor's 2,578 KiB unpacked",
            all.len(),
            named.join(", ")
        ),
    )
}
