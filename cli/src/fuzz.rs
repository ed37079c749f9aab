//! `p2mscope fuzz`: inputs of every kind that a user can type or load, valid ones changed by chance, against the core.
//!
//! An input is a function of the seed and its number, and what is done with it a function of the input alone: so the same
//! seed gives the same answer on any number of threads, and one number gives one input again. Whoever reads an input says
//! that it was read, that it was refused, or what is wrong with how it was answered ([`targets`]). A panic is a fault, and so
//! is taking longer than anybody waits. A fault is made smaller for as long as it stays the same fault, and printed.

mod corpus;
mod entries;
mod lessons;
mod links;
mod mutate;
mod names;
mod schedules;
mod shrink;
mod targets;

use crate::Done;
use crate::number::count;
use clap::Args;
use corpus::Corpus;
use indicatif::{ProgressBar, ProgressStyle};
use p2mscope_core::trial::Dice;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use targets::{TARGETS, Target};

/// Inputs that a thread takes at once. The thread has their numbers as its name: what ends the whole process, such as a
/// stack that overflows, is told with it.
const BATCH: u64 = 64;
/// Longer than anybody waits for an answer; far more than any takes on a loaded machine.
const SLOW: Duration = Duration::from_secs(10);
/// After this an input is one that never ends.
const NEVER: Duration = Duration::from_secs(120);
/// Different faults that are told at once.
const TOLD: usize = 20;

/// What `fuzz` takes.
#[derive(Args)]
pub struct Command {
    /// How many inputs: `1000`, `1e6`.
    #[arg(long, default_value = "1e5", value_parser = count)]
    inputs: u64,
    /// What inputs are made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first input.
    #[arg(long, default_value = "0", value_parser = count)]
    from: u64,
    /// Inputs of this kind alone; of each in turn if left out.
    #[arg(long, value_parser = targets::named)]
    target: Option<&'static Target>,
    /// End after so many seconds, whatever is left.
    #[arg(long)]
    seconds: Option<u64>,
    /// Threads; all cores if left out.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Print each input before it is tried: with it an input can be looked at.
    #[arg(long)]
    show: bool,
}

/// Something wrong with an answer. Two with the same `key` are the same fault.
#[derive(Clone, Debug)]
struct Fault {
    key: String,
    text: String,
}

/// What has been counted so far, and the first input of each different fault.
#[derive(Default)]
struct Tally {
    read: BTreeMap<&'static str, u64>,
    refused: BTreeMap<&'static str, u64>,
    faults: BTreeMap<String, (u64, Fault)>,
}

thread_local! {
    /// What the last panic of this thread said, and where.
    static PANIC: RefCell<Option<Fault>> = const { RefCell::new(None) };
}

/// Tries one input: whether it was read, or what is wrong. A panic is caught and told.
fn attempt(target: &Target, corpus: &Corpus, input: &[u8]) -> Result<bool, Fault> {
    let begun = Instant::now();
    let answer = catch_unwind(AssertUnwindSafe(|| (target.answer)(corpus, input)));
    let answer = match answer {
        Ok(answer) => answer.map_err(|text| Fault { key: text.split(':').next().unwrap_or("").into(), text }),
        Err(_) => Err(PANIC.take().unwrap_or(Fault { key: "panic".into(), text: "it panics".into() })),
    };
    if answer.is_ok() && begun.elapsed() > SLOW {
        let text = format!("slow: it takes {:.0} s", begun.elapsed().as_secs_f64());
        return Err(Fault { key: "slow".into(), text });
    }
    answer
}

/// Panics are told with the input that brings them about, not where they happen.
fn hook_panics() {
    std::panic::set_hook(Box::new(|info| {
        let what = info.payload_as_str().unwrap_or("");
        let at = info.location().map_or_else(String::new, |l| format!("{}:{}", l.file(), l.line()));
        PANIC.set(Some(Fault { text: format!("it panics at {at}: {what}"), key: at }));
    }));
}

/// An input by its number.
fn input(command: &Command, corpus: &Corpus, i: u64) -> (&'static Target, Vec<u8>) {
    let target = command.target.unwrap_or(&TARGETS[i as usize % TARGETS.len()]);
    let mut dice = Dice::new(command.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(i));
    (target, (target.make)(corpus, &mut dice))
}

/// Who works on what, for whoever watches: the number of an input plus one, and when it began, in milliseconds.
#[derive(Default)]
struct Desk {
    input: AtomicU64,
    since: AtomicU64,
}

/// Tries inputs until there are no more.
struct Work<'a> {
    command: &'a Command,
    corpus: &'a Corpus,
    next: AtomicU64,
    end: u64,
    stop: AtomicBool,
    done: AtomicU64,
    begun: Instant,
    desks: Vec<Desk>,
    tally: Mutex<Tally>,
}

impl Work<'_> {
    fn batches(&self, desk: &Desk) {
        while !self.stop.load(Ordering::Relaxed) {
            let first = self.next.fetch_add(BATCH, Ordering::Relaxed);
            if first >= self.end {
                return;
            }
            let last = (first + BATCH).min(self.end);
            let name = format!("seed {} inputs {first} to {}", self.command.seed, last - 1);
            let started = std::thread::scope(|s| {
                let batch = || self.batch(desk, first..last);
                std::thread::Builder::new().name(name).spawn_scoped(s, batch).map(|t| t.join().is_ok())
            });
            if started.is_err() {
                // No more threads: on this one.
                self.batch(desk, first..last);
            }
        }
    }

    fn batch(&self, desk: &Desk, inputs: std::ops::Range<u64>) {
        let mut own = Tally::default();
        for i in inputs {
            let (target, input) = input(self.command, self.corpus, i);
            if self.command.show {
                println!("input {i}, {}:\n{}", target.name, shrink::shown(&input));
            }
            desk.since.store(self.begun.elapsed().as_millis() as u64, Ordering::Relaxed);
            desk.input.store(i + 1, Ordering::Relaxed);
            match attempt(target, self.corpus, &input) {
                Ok(true) => *own.read.entry(target.name).or_default() += 1,
                Ok(false) => *own.refused.entry(target.name).or_default() += 1,
                Err(fault) => {
                    own.faults.entry(format!("{} {}", target.name, fault.key)).or_insert((i, fault));
                }
            }
            desk.input.store(0, Ordering::Relaxed);
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        let Ok(mut tally) = self.tally.lock() else { return };
        own.read.into_iter().for_each(|(name, n)| *tally.read.entry(name).or_default() += n);
        own.refused.into_iter().for_each(|(name, n)| *tally.refused.entry(name).or_default() += n);
        for (key, (i, fault)) in own.faults {
            let first = tally.faults.entry(key).or_insert_with(|| (i, fault.clone()));
            if i < first.0 {
                *first = (i, fault);
            }
        }
    }

    /// Looks after the workers until they have ended; gives the number of an input that never ends, if one does not.
    fn watch(&self, bar: &ProgressBar, ended: &AtomicU64) -> Option<u64> {
        while ended.load(Ordering::SeqCst) < self.desks.len() as u64 {
            std::thread::sleep(Duration::from_millis(20));
            bar.set_position(self.done.load(Ordering::Relaxed));
            let now = self.begun.elapsed();
            if self.command.seconds.is_some_and(|s| now.as_secs() >= s) {
                self.stop.store(true, Ordering::Relaxed);
            }
            for desk in &self.desks {
                let (i, since) = (desk.input.load(Ordering::Relaxed), desk.since.load(Ordering::Relaxed));
                if i != 0 && now.saturating_sub(Duration::from_millis(since)) > NEVER {
                    return Some(i - 1);
                }
            }
        }
        None
    }
}

/// Tries them all. Status 0: nothing is wrong. 1: something is.
pub fn run(command: &Command) -> Done {
    hook_panics();
    let corpus = match Corpus::new() {
        Ok(corpus) => corpus,
        Err(why) => return Done::unreadable(why),
    };
    let threads = match command.threads {
        0 => std::thread::available_parallelism().map_or(1, |n| n.get()),
        n => n,
    };
    let work = Work {
        command,
        corpus: &corpus,
        next: AtomicU64::new(command.from),
        end: command.from.saturating_add(command.inputs),
        stop: AtomicBool::new(false),
        done: AtomicU64::new(0),
        begun: Instant::now(),
        desks: (0..threads).map(|_| Desk::default()).collect(),
        tally: Mutex::default(),
    };
    let bar = bar(command.inputs);
    let ended = AtomicU64::new(0);
    std::thread::scope(|s| {
        for desk in &work.desks {
            let (work, ended) = (&work, &ended);
            s.spawn(move || {
                work.batches(desk);
                ended.fetch_add(1, Ordering::SeqCst);
            });
        }
        if let Some(i) = work.watch(&bar, &ended) {
            bar.finish_and_clear();
            let (target, input) = input(command, &corpus, i);
            let text = format!("it has not ended after {} s", NEVER.as_secs());
            let out = told(command, target, i, &text, &input);
            // The thread that never ends cannot be ended by itself.
            Done { out, status: 1, ..Done::default() }.end();
        }
    });
    bar.finish_and_clear();
    answer(&work)
}

/// The faults, made small, and the closing line.
fn answer(work: &Work<'_>) -> Done {
    let tally = work.tally.lock().map(|mut t| std::mem::take(&mut *t)).unwrap_or_default();
    let mut done = Done::default();
    let seconds = work.begun.elapsed().as_secs_f64();
    let tried = work.done.load(Ordering::Relaxed);
    for (i, fault) in tally.faults.values().take(TOLD) {
        let (target, whole) = input(work.command, work.corpus, *i);
        let small = shrink::smaller(whole, |input| {
            attempt(target, work.corpus, input).err().is_some_and(|f| f.key == fault.key)
        });
        done.out += &told(work.command, target, *i, &fault.text, &small);
        done.status = 1;
    }
    let of = |all: &BTreeMap<&str, u64>, name| all.get(name).copied().unwrap_or(0);
    let kinds: Vec<String> = TARGETS
        .iter()
        .filter(|t| work.command.target.is_none_or(|only| only.name == t.name))
        .map(|t| (t.name, of(&tally.read, t.name), of(&tally.refused, t.name)))
        .map(|(name, read, refused)| format!("{name} {} ({read} read)", read + refused))
        .collect();
    let verdict = match tally.faults.len() {
        0 => "nothing is wrong".to_string(),
        n => format!("{n} fault(s)"),
    };
    done.out += &format!(
        "fuzz: seed {}, {tried} inputs: {}: {verdict}; {seconds:.1} s, {:.0} a second{}\n",
        work.command.seed,
        kinds.join(", "),
        tried as f64 / seconds.max(0.001),
        crate::memory::told(),
    );
    done
}

/// A fault with the way to see it again.
fn told(command: &Command, target: &Target, i: u64, fault: &str, input: &[u8]) -> String {
    format!(
        "FAULT {}, input {i}: {fault}\n  again: p2mscope fuzz --target {} --seed {} --from {i} --inputs 1\n  made smaller:\n{}\n",
        target.name,
        target.name,
        command.seed,
        shrink::shown(input)
    )
}

fn bar(n: u64) -> ProgressBar {
    let bar = ProgressBar::new(n);
    if let Ok(style) = ProgressStyle::with_template("fuzz: {pos} of {len} inputs, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar
}
