//! How far the breaches of lessons lie, reasoned by hand: the first steps, look-ups, locks and shared pages.
//!
//! A walk is 4 loads, and so is the writing of an entry whose tables are there: 3 loads and the store. A get is lock, walk
//! and pin, its put unpins and unlocks. A lock of an entry, and its unlock, is one effect where one lock is the table, and
//! two with ranges. A flush is one for each vCPU of the domain. Lock events are locks, unlocks, waits, what is done to rings
//! and pauses, and stores of entries.

use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

/// Lesson, version, policy, the rule, the fewest steps, their lock events.
pub type Row = (&'static str, &'static str, Policy, Rule, usize, u64);

/// S01: V0's access is 5, the last of them its fault, and its first look 1. V1 says that it is there; its access 5; its fault looks under the lock
/// (6), and keeps the promise (23): lock, a look, the pod lock, dying, three counts, the highest number twice, a frame of
/// the cache between two of page_alloc, the entry, m2p, log-dirty, the count, what it remembers, unlock, a look, unlock; 5
/// again. Then V0's second look. Lock events are V1's: two locks and unlocks of the entry, pod and page_alloc, the store.
///
/// S02: TS locks and loads the word, V1 has paging; each asks for the other's. With ranges TS takes two, and V1 one of two.
///
/// S04: no vCPU, and so no flush. What D0 does is S03's, 12 and 16. GM's look before it is a walk; where gets lock 6 and 2.
/// S05: two vCPUs, so that each of both is one more than in S03. `held`: each has a get and a load behind it (8) and takes
/// the shared side again.
///
/// S06: PG looks and takes a reference (5). BL gives back (15): lock, a look, a reference, two looks, the entry, log-dirty,
/// allocation, m2p, reference, the ring that is not there, unlock; and gets (13): dying, a frame, lock, whose, what is next,
/// m2p twice, the entry, log-dirty, unlock. PG locks, writes, counts, unlocks, scrubs, drops two (10).
///
/// S08: PG locks, gets a frame, writes, m2p, counts, unlocks (9). GM walks and reads. PG fills, and resumes (14): lock, walk,
/// log-dirty, the default access, the entry, m2p, unlock, who waits.
///
/// S09: V0 walks, takes a reference, paging, and drops it (7). BL as in S06 up to the last reference, with one flush (14).
///
/// S13: GM walks with a lock around and takes a reference (7). PR: two locks, walk, two loads, the entry, five stores, two
/// unlocks (19). GM writes.
///
/// S16: V0's get, and TS's event lock. S18: TS's lock and walk, SH's sharing lock. `outside`: V0's get, SH's lock and its half
/// of the next; under 4k TS's place in the queue instead of that half.
///
/// S19: a number and a page each; the report comes when SH2 has its two.
///
/// S20: V1 copies, up to the unlock of the page (22): lock, walk, page, who shares, nr_saved, four of page_alloc, the copy, the
/// entry, a flush, the note, two references, unlock. TS: lock, page, the entry, the note, the next one, the record, nr_shared,
/// and one try to drop (11).
///
/// S21: a lock each; with ranges V0 has half of its next. `early`: V0's get and put, TS's locks, entry, store and unlocks (9),
/// V0's lock, store and unlock.
///
/// S22: V0 locks entry and page, gets a frame, copies in two, writes, and flushes two (11, with ranges 12). V1 gets, takes the
/// view, locks, walks, and looks whether the view shows anything (15).
///
/// S27: V0 has two locks of its range and pod, the list's first, what is in it, where it is, and half of its next (7). V1 has
/// its range. S28, S30: as S14. `ours`: TS2's get.
///
/// S29: SH has two numbers and a page, V0 its number and a walk, SH the other page and the first note.
///
/// S31: V0 looks, gets a page, fills, stores, unlocks. Or V1 comes before its store (15): lock, pod, two loads, six for the
/// split under its lock, a load, the store, the count, two unlocks.
///
/// The first steps. `one-lock`: A reads, B does all, A writes. `one-lookup`: V0 walks, TS locks, walks, asks for the default
/// access and writes the entry, V0 notes. `recursion`: V0's own lock; `once` takes it twice, adds twice, releases it once.
/// `two-locks`, `three-locks`: a lock each. `a-reference`: V0 walks; BL as in S09; V0 writes. `copy-on-write`: a get, a store and
/// a put each.
///
/// `page-out`: PG nominates (13), evicts (18 with the unlock) and says so; V0 goes on, faults (5), looks under the lock (6),
/// claims a slot, looks again and writes the entry under the lock (10), is paused and asks. PG takes that and fills (16): lock, walk,
/// a frame, zeroes, what was there, the default access, the entry, m2p, the count, unlock. Five locks are taken in all.
pub const LENGTHS: [Row; 48] = [
    ("one-lock", "before", Policy::Global, Rule::Ensure, 1 + 2 + 1, 0),
    ("one-lookup", "before", Policy::Global, Rule::Assert, 4 + 10 + 1, 2),
    ("one-lookup", "before", Policy::M2, Rule::Assert, 4 + 11 + 1, 3),
    ("recursion", "before", Policy::Global, Rule::Deadlock, 1, 1),
    ("recursion", "once", Policy::Global, Rule::I29, 2 + 2 + 1, 3),
    ("recursion", "once", Policy::M2, Rule::I29, 4 + 2 + 2, 6),
    ("two-locks", "before", Policy::M2, Rule::Deadlock, 2, 2),
    ("three-locks", "before", Policy::M2, Rule::Deadlock, 3, 3),
    ("a-reference", "before", Policy::Global, Rule::Stray, 4 + 14 + 1, 2),
    ("a-reference", "before", Policy::M2, Rule::Stray, 4 + 15 + 1, 3),
    ("copy-on-write", "before", Policy::Global, Rule::Ensure, 2 * (6 + 1 + 2), 4),
    ("copy-on-write", "before", Policy::M2, Rule::Ensure, 2 * (7 + 1 + 3), 8),
    ("first", "before", Policy::M2, Rule::Deadlock, (7 + 1) * 2, 6),
    ("page-out", "before", Policy::Global, Rule::Deadlock, 13 + 18 + 1 + 1 + 5 + 6 + 1 + 10 + 2 + 1 + 16, 19),
    ("page-out", "before", Policy::M2, Rule::Deadlock, 74 + 5 * 2, 19 + 5 * 2),
    ("S01", "before", Policy::Unlocked, Rule::Ensure, 6 + 1 + 5 + 6 + 23 + 5 + 1, 9),
    ("S02", "before", Policy::Global, Rule::Deadlock, 2 + 1, 2),
    ("S02", "before", Policy::M2, Rule::Deadlock, 3 + 2, 4),
    ("S04", "before", Policy::Unlocked, Rule::Stray, 4 + 12 + 16 + 1, 5),
    ("S04", "before", Policy::Global, Rule::Stray, 6 + 2 + 12 + 16 + 1, 7),
    ("S05", "before", Policy::Unlocked, Rule::Stray, 4 + 14 + 18 + 1, 5),
    ("S05", "held", Policy::M2, Rule::Deadlock, 8 + 8 + 2, 6),
    ("S06", "before", Policy::Unlocked, Rule::Leak, 5 + 15 + 13 + 10, 10),
    ("S08", "before", Policy::Unlocked, Rule::Ensure, 9 + 5 + 1 + 14, 7),
    ("S09", "before", Policy::Unlocked, Rule::Stray, 7 + 14 + 1, 3),
    ("S13", "before", Policy::Global, Rule::I22, 7 + 19 + 1, 7),
    ("S16", "before", Policy::Global, Rule::Deadlock, 6 + 1, 2),
    ("S16", "before", Policy::M2, Rule::Deadlock, 7 + 2, 4),
    ("S18", "before", Policy::Global, Rule::Deadlock, 5 + 1, 2),
    ("S18", "outside", Policy::M2, Rule::Deadlock, 7 + 2, 4),
    ("S18", "outside", Policy::K4, Rule::Deadlock, 1 + 7 + 1, 4),
    ("S19", "before", Policy::Global, Rule::I27, 2, 2),
    ("S19", "before", Policy::Global, Rule::Deadlock, 2 + 2, 4),
    ("S19", "before", Policy::M2, Rule::Deadlock, 3 + 3, 6),
    ("S20", "before", Policy::Global, Rule::Deadlock, 22 + 11, 9),
    ("S21", "before", Policy::Global, Rule::Deadlock, 1 + 1, 2),
    ("S21", "before", Policy::M2, Rule::Deadlock, 2 + 2, 4),
    ("S21", "early", Policy::Global, Rule::Ensure, 8 + 9 + 3, 9),
    ("S22", "before", Policy::Global, Rule::I27, 11, 3),
    ("S22", "before", Policy::M2, Rule::Deadlock, 12 + 15, 9),
    ("S27", "before", Policy::M2, Rule::Deadlock, 7 + 2, 6),
    ("S28", "before", Policy::M2, Rule::Deadlock, 16, 6),
    ("S29", "before", Policy::Global, Rule::I27, 5, 4),
    ("S29", "before", Policy::Global, Rule::Deadlock, 3 + 5 + 2, 5),
    ("S30", "before", Policy::M2, Rule::Deadlock, 16, 6),
    ("S30", "ours", Policy::Global, Rule::Assert, 6, 1),
    ("S31", "before", Policy::Global, Rule::I29, 5, 1),
    ("S31", "before", Policy::Global, Rule::Ensure, 3 + 15 + 2, 8),
];
