//! Programs of all operations, made up at random, four actors, schedules at random: under every policy that locks
//! nothing breaks, nothing is left at the end, and undo leads back to the first state. Without locks something breaks
//! soon. `P2MSCOPE_SCALE` multiplies how many are tried.

mod reduced;
mod trial;

use p2mscope_core::entry::Format;
use p2mscope_core::machine::Policy;
use p2mscope_core::trial::{Dice, Setting, plan};
use std::sync::Arc;
use trial::{Answers, Trial, report};

fn scale() -> u64 {
    std::env::var("P2MSCOPE_SCALE").ok().and_then(|s| s.parse().ok()).unwrap_or(1)
}

/// What is added to the seeds of the default world: `P2MSCOPE_SEED`, 0 if unset.
fn begins() -> u64 {
    std::env::var("P2MSCOPE_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(0)
}

/// Schedules of each plan.
const SCHEDULES: u64 = 5;

/// A world's policy and whether gets pin, where that is not said by the world.
type Under = (Policy, Option<bool>);

/// How many different counterexamples are told at once.
const TOLD: usize = 6;

/// Runs so many schedules; gives what breaks, made as small as it can be, and how many were run. It ends early when
/// `most` different things have broken.
fn search(
    setting: impl Fn(u64) -> Setting,
    (policy, pin): Under,
    seeds: std::ops::Range<u64>,
    most: usize,
    answers: &Arc<Answers>,
) -> (Vec<String>, u64) {
    let mut told: Vec<(String, String)> = Vec::new();
    let mut n = 0;
    for seed in seeds.step_by(SCHEDULES as usize) {
        let plan = plan(&mut Dice::new(seed), setting(seed / SCHEDULES), 7);
        let mut trial = Trial::new(&plan, policy, pin, answers);
        let found = (0..SCHEDULES).find_map(|i| {
            n += 1;
            trial.run(seed + i)
        });
        let Some(found) = found else { continue };
        let (key, text) = report(&plan, policy, pin, found, if most > 1 { 25 } else { 0 });
        eprintln!("seed {seed}: {key}");
        if told.iter().all(|t| t.0 != key) {
            told.push((key, format!("seed {seed}, {text}")));
        }
        if told.len() >= most {
            break;
        }
    }
    (told.into_iter().map(|t| t.1).collect(), n)
}

/// The layouts of entries that the two eras had first; now and then with memory in large entries.
fn usual(seed: u64) -> Setting {
    let format = if seed.is_multiple_of(3) { Format::Ept2011 } else { Format::Ept };
    Setting { large: seed.is_multiple_of(8), ..Setting::of(format) }
}

/// Nothing breaks under these policies, and each operation has done what it should and, if it can fail, failed.
fn keep(policies: &[Policy]) {
    let answers = Arc::new(Answers::new());
    for &policy in policies {
        let first = begins() + policy as u64 * 1_000_000;
        let (broken, _) = search(usual, (policy, None), first..first + 2000 * scale(), TOLD, &answers);
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }
    let [never, always] = answers.missing();
    let never: Vec<_> = never.into_iter().filter(|v| !ELSEWHERE.contains(v)).collect();
    assert!(never.is_empty(), "operations that never did what they should: {never:?}");
    assert!(always.iter().all(|v| CANNOT_FAIL.contains(v)), "operations that never failed: {always:?}");
}

/// Operations that ask for more than chance brings about (a guest's own tables in its pages, a domain without a ring,
/// three holders of a granted page): here they only fail; what they do stands in `tests/ops`.
const ELSEWHERE: [&str; 6] =
    ["nested_fault", "mem_event_enable", "mem_event_disable", "nominate_gref", "access_listen", "access_unlisten"];

/// Operations that give what they find, that put, or that only count; and those whose errors need locks held around them,
/// an access right that entries cannot store, or a range that ends before it begins.
const CANNOT_FAIL: [&str; 33] = [
    "get_gfn",
    "get_gfn_query",
    "get_gfn_unshare",
    "put_gfn",
    "get_two_gfns",
    "put_two_gfns",
    "read",
    "write",
    "fault",
    "resume",
    "decrease",
    "change_type_range",
    "mark_dirty",
    "logdirty_disable",
    "logdirty_clean",
    "logdirty_peek",
    "set_access",
    "nested_flush",
    "audit",
    "share_audit",
    "track_vram",
    "untrack_vram",
    "default_access",
    "finish_type_change",
    "emulate",
    "map_vvmcx",
    "unmap_vvmcx",
    "map_vcpu_info",
    "unmap_vcpu_info",
    "hypercall_page",
    "tmem_put",
    "tmem_get",
    "access_resume",
];

#[test]
fn nothing_breaks_with_one_lock_or_large_ranges() {
    keep(&[Policy::Global, Policy::G1]);
}

#[test]
fn nothing_breaks_with_smaller_ranges_or_readers() {
    keep(&[Policy::M2, Policy::K4, Policy::Rw]);
}

#[test]
fn without_locks_something_breaks_soon() {
    let answers = Arc::new(Answers::new());
    let setting = |seed| Setting { pages: 100, ..usual(seed) };
    let (broken, n) = search(setting, (Policy::Unlocked, None), 0..1000, 1, &answers);
    assert_eq!(broken.len(), 1, "nothing breaks in {n} schedules");
}

/// Each switch once, with fewer schedules.
fn keeps_with(keys: &'static str, format: Format, captive: bool, n: u64) {
    let answers = Arc::new(Answers::new());
    let setting = |seed: u64| Setting { keys, captive, large: seed.is_multiple_of(8), ..Setting::of(format) };
    for policy in [Policy::Global, Policy::M2, Policy::K4] {
        let (broken, _) = search(setting, (policy, None), 0..n * scale(), TOLD, &answers);
        assert!(broken.is_empty(), "{keys}: {}", broken.join("\n"));
    }
}

#[test]
fn nothing_breaks_whoever_counts_the_shared_side() {
    for keys in [", nonexclusive = \"spinlock\"", ", nonexclusive = \"atomic\"", ", nonexclusive = \"percpu\""] {
        keeps_with(keys, Format::Ept, false, 150);
    }
}

#[test]
fn nothing_breaks_with_flushes_put_off() {
    keeps_with(", flush = \"deferred\"", Format::Ept, false, 300);
}

#[test]
fn nothing_breaks_however_entries_are_laid_out() {
    for &format in Format::all() {
        keeps_with("", format, false, 150);
    }
}

/// An entry that stays got while it is mapped elsewhere is held while other locks are asked for: no order holds.
#[test]
fn mapped_entries_that_are_held_captive_break_the_order_of_locks() {
    let answers = Arc::new(Answers::new());
    let setting = |_| Setting { keys: ", captive = true", captive: true, ..Setting::of(Format::Ept) };
    let (broken, n) = search(setting, (Policy::M2, None), 0..500, 1, &answers);
    assert!(broken.iter().any(|b| b.contains("`I27` is broken")), "in {n} schedules: {broken:?}");
}

/// A get that holds a lock keeps its frame by that alone: whoever would free it needs the lock.
#[test]
fn nothing_breaks_without_pins_where_a_get_holds_a_lock() {
    let answers = Arc::new(Answers::new());
    for policy in [Policy::Global, Policy::M2, Policy::K4, Policy::Rw] {
        let (broken, _) = search(usual, (policy, Some(false)), 0..200 * scale(), TOLD, &answers);
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }
}
