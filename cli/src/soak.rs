//! `p2mscope soak`: operations on real threads for as long as one likes, and a look after every stretch.
//!
//! Stretch after stretch, the policies take turns ([`stretch`]). In each, eight actors of mixed kinds run live until they are
//! drained, and every invariant is asked of what they leave; the next stretch of that world goes on from there. Then a piece of
//! the same is recorded and stepped again under all rules; and programs made up by chance are, each in a world of its own.
//! Nothing is kept but the words of each world, so memory does not grow.

mod counting;
mod stretch;

use crate::number::count;
use crate::{Done, memory};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use p2mscope_core::machine::Policy;
use std::time::{Duration, Instant};
use stretch::{Breach, Soak};

/// How long a stretch is live.
const LIVE: Duration = Duration::from_millis(1_000);

/// What `soak` takes.
#[derive(Args)]
pub struct Command {
    /// How many operations: `1e6`, `1e9`.
    #[arg(long, default_value = "1e7", value_parser = count)]
    ops: u64,
    /// End after so many seconds, whatever is left.
    #[arg(long)]
    seconds: Option<u64>,
    /// What worlds, programs and choices are made from. Real threads are never twice the same.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// This policy alone: global, 1g, 2m, 4k or rw. All in turn if left out.
    #[arg(long, value_parser = locking)]
    policy: Option<Policy>,
    /// The number of the first stretch.
    #[arg(long, default_value = "0", value_parser = count)]
    from: u64,
}

/// The policies under which nothing may break.
fn policies() -> Vec<Policy> {
    Policy::ALL.into_iter().filter(|p| *p != Policy::Unlocked).collect()
}

fn locking(name: &str) -> Result<Policy, String> {
    match crate::run::policy(name)? {
        Policy::Unlocked => {
            let all: Vec<_> = policies().iter().map(|p| p.name()).collect();
            Err(format!("without locks things break as a matter of course: take {}", all.join(", ")))
        }
        policy => Ok(policy),
    }
}

/// Runs them all. Status 0: nothing is wrong. 1: something is.
pub fn run(command: &Command) -> Done {
    let begun = Instant::now();
    let over = || command.seconds.is_some_and(|s| begun.elapsed().as_secs() >= s);
    let mut soak = Soak::new(command.seed);
    let policies = command.policy.map_or_else(policies, |p| vec![p]);
    let bar = bar(command.ops);
    let mut done = Done::default();
    for k in command.from.. {
        let left = command.ops.saturating_sub(soak.ops());
        if left == 0 || over() {
            break;
        }
        let policy = policies[k as usize % policies.len()];
        let turn = k / policies.len() as u64;
        let stretch_begun = Instant::now();
        let enough = soak.ops() + left;
        let more = |ops: u64| {
            bar.set_position(ops);
            stretch_begun.elapsed() < LIVE && ops < enough && !over()
        };
        bar.set_message(format!("under {}, {} checks", policy.name(), soak.checks()));
        if let Err(breach) = soak.stretch(k, turn, policy, &more) {
            done.out += &told(command, k, policy, &breach);
            done.status = 1;
            break;
        }
    }
    bar.finish_and_clear();
    let seconds = begun.elapsed().as_secs_f64();
    let verdict = if done.status == 0 { "nothing is wrong" } else { "something is wrong" };
    let ops = soak.ops();
    done.out += &format!(
        "soak: seed {}, {ops} operations, {:.0} a second; {}: {verdict}; {seconds:.1} s{}\n",
        command.seed,
        ops as f64 / seconds.max(0.001),
        soak.told(),
        memory::told(),
    );
    done
}

/// What is wrong, and what to do to see it again.
fn told(command: &Command, k: u64, policy: Policy, breach: &Breach) -> String {
    let only = command.policy.map(|p| format!(" --policy {}", p.name())).unwrap_or_default();
    let mut out = format!(
        "BREACH under {}, stretch {k}: {}\n  again: p2mscope soak{only} --seed {} --from {k}; real threads may take several tries\n",
        policy.name(),
        breach.what,
        command.seed
    );
    if let Some((lesson, schedule)) = &breach.lesson {
        let name = policy.name();
        out += &format!(
            "  every time: p2mscope run FILE --policy {name} --schedule '{schedule}'\n  with this as FILE:\n{lesson}\n"
        );
    }
    out
}

fn bar(n: u64) -> ProgressBar {
    let bar = ProgressBar::new(n);
    if let Ok(style) = ProgressStyle::with_template("soak: {pos} of {len} operations, {per_sec}, {eta} left; {msg}") {
        bar.set_style(style);
    }
    bar
}
