//! Views and sentences of a small world, each value reasoned by hand: `0x10 = ram_rw` at M with content 5, 2 MB at
//! 0x400, ranges of 2 MB; V0, PG, SH.

use super::*;
use crate::addr::{ActorId, DomGfn, Gfn, Mfn, Order, Word};
use crate::entry::{Access, Leaf, LeafCtx, P2mType};
use crate::lock::{Lock, Mode};
use crate::machine::{ActorWord, FrameWord, Policy, World};
use crate::sched::Run;
use crate::sched::tests::programs::{Programs, ab_ba, release, run, run_under, take, world};
use crate::sim::Sim;
use crate::step::{Act, Cond, Effect, Page};
use crate::watch::{Rule, Rules};

const V0: ActorId = ActorId(0);
const PG: ActorId = ActorId(1);
const SH: ActorId = ActorId(2);

/// V0 and PG hold a range each and want the other's; SH has yet to count.
fn deadlocked() -> Run<Programs> {
    let mut run = ab_ba();
    run.take(V0, 0).unwrap();
    run.until_blocked(PG).unwrap();
    run.until_blocked(V0).unwrap();
    assert_eq!(run.at(), 6);
    run
}

/// The frame that the lesson calls M.
fn m(world: &World) -> Mfn {
    world.frames[0].1
}

/// The word of the entry of 1:0x10.
fn entry_word(run: &mut Run<Programs>) -> Word {
    Word(walk(run, 0, 0x10).unwrap().levels[3].word)
}

/// Writes the entry of 1:0x10 as a leaf of that type.
fn set(run: &mut Run<Programs>, ty: P2mType, mfn: Mfn) -> Effect {
    let leaf = Leaf::new(ty, Access::Rwx, mfn, Order::K4);
    let entry = run.world().format.leaf(&leaf, &LeafCtx::default());
    Effect::Act(Act::SetEntry { word: entry_word(run), entry, g: DomGfn::new(1, 0x10), order: Order::K4, fresh: false })
}

/// The sentence of a program's last step; its actor is V0 and the program goes on.
#[track_caller]
fn says(effects: &[Effect], sentence: &str) {
    let mut program = vec![effects.to_vec()];
    program.push(vec![Effect::Wake(Word(0))]);
    let mut run = run(vec![program]);
    for _ in effects {
        run.take(V0, 0).unwrap();
    }
    assert_eq!(report(&mut run).sentence, sentence);
}

#[test]
fn a_lock_is_taken_held_deeper_and_released() {
    let range = Lock::Range(0, 2);
    says(&[take(range)], "V0 takes range 2 of domain 1.");
    says(&[take(range), take(range)], "V0 takes range 2 of domain 1 again and holds it 2 deep.");
    says(
        &[take(range), take(range), release(range)],
        "V0 releases range 2 of domain 1 once and holds it 1 deep still.",
    );
    says(&[take(range), release(range)], "V0 releases range 2 of domain 1.");
    says(&[release(range)], "V0 releases range 2 of domain 1, which it does not hold.");
    says(&[Effect::Lock(Lock::Global(0), Mode::Shared)], "V0 takes the shared side of the p2m lock of domain 1.");
    says(
        &[Effect::Lock(Lock::Global(0), Mode::Shared), take(Lock::Global(0))],
        "V0 asks for the p2m lock of domain 1 while it holds the shared side: it would wait for itself.",
    );
}

#[test]
fn words_are_named_and_their_change_is_told() {
    let (world, _) = world(Policy::M2);
    let (n, m) = (world.map.word(0), m(&world));
    let content = world.map.page(m, 0).unwrap();
    let count = world.map.frame(m, FrameWord::Count).unwrap();
    says(&[Effect::Load(n)], "V0 reads n: 0.");
    says(&[Effect::Store(n, 7)], "V0 writes n: 0 becomes 7.");
    says(&[Effect::Store(n, 0)], "V0 writes n, which stays 0.");
    says(&[Effect::Add(n, 3)], "V0 adds 3 to n: now 3.");
    says(&[Effect::Add(n, 3), Effect::Add(n, u64::MAX)], "V0 takes 1 from n: now 2.");
    says(&[Effect::Swap(n, 4)], "V0 exchanges n: 0 becomes 4.");
    says(&[Effect::Cas(n, 0, 4)], "V0 exchanges n: 0 becomes 4.");
    says(&[Effect::Cas(n, 1, 4)], "V0 finds 0 instead of 1 in n and changes nothing.");
    says(&[Effect::Store(content, 7)], "V0 writes the content of M: 5 becomes 7.");
    says(
        &[Effect::StoreBits { word: content, mask: 6, bits: 2 }],
        "V0 writes some bits of the content of M: 5 becomes 3.",
    );
    says(&[Effect::Load(count)], "V0 reads the count of M: 1, allocated.");
    let record = |w| world.map.frame(m, w).unwrap();
    says(&[Effect::Load(record(FrameWord::M2p))], "V0 reads the m2p of M: 1:0x10.");
    says(&[Effect::Store(record(FrameWord::M2p), u64::MAX)], "V0 writes the m2p of M: 1:0x10 becomes none.");
    says(&[Effect::Load(record(FrameWord::Type))], "V0 reads the type of M: none, 0 typed.");
    says(&[Effect::Load(record(FrameWord::Owner))], "V0 reads the owner of M: domain 1.");
    says(&[Effect::Load(world.map.actor(PG, ActorWord::Walking))], "V0 reads the record of PG: 0.");
    says(&[Effect::Page(Page::IsZero(m))], "V0 finds M not all zeroes.");
    says(
        &[Effect::Load(world.map.dom(0, crate::machine::DomWord::PagedPages))],
        "V0 reads paged_pages of domain 1: 0.",
    );
    says(&[Effect::Choose(1)], "V0 is dealt 0 by the world, of 1 that are possible.");
}

#[test]
fn references_say_what_became_of_the_frame() {
    let (world, _) = world(Policy::M2);
    let (m, g) = (m(&world), DomGfn::new(1, 0x10));
    let act = Effect::Act;
    says(&[act(Act::GetPage { mfn: m, dom: None })], "V0 takes a reference on M.");
    says(&[act(Act::Pin { g, mfn: m })], "V0 pins M for its get of 1:0x10.");
    says(&[act(Act::Unpin { g })], "V0 has no get's reference for 1:0x10 to drop.");
    says(&[act(Act::PutAllocation(m))], "V0 drops the allocation's reference on M.");
    says(&[act(Act::PutPage(m))], "V0 drops the last reference on M, which is free now.");
    let free = world.map.frames() as u64 - 2;
    says(&[act(Act::AllocFrame(0))], &format!("V0 allocates frame {free:#x} for domain 1."));
    says(&[act(Act::Flush(V0))], "V0 flushes the TLB of V0.");
}

#[test]
fn an_entry_says_what_it_was_and_what_it_becomes() {
    let mut run = run(vec![vec![], vec![]]);
    let mfn = m(&run.world().clone());
    let (paged, word) = (set(&mut run, P2mType::RamPaged, Mfn::INVALID), entry_word(&mut run));
    says(&[paged], "V0 writes the entry of 1:0x10: ram_rw at M becomes ram_paged.");
    let same = set(&mut run, P2mType::RamRw, mfn);
    says(&[same], "V0 writes the entry of 1:0x10, which stays ram_rw at M.");
    says(&[Effect::Load(word)], "V0 reads the entry of 1:0x10 at level 0: ram_rw at M.");
}

#[test]
fn who_stops_says_for_what_and_who_ends_says_so() {
    let mut run = ab_ba();
    assert_eq!(report(&mut run).sentence, "Nothing has happened yet; 3 actors are ready.");
    run.take(PG, 0).unwrap();
    run.until_blocked(V0).unwrap();
    assert_eq!(
        report(&mut run).sentence,
        "V0 adds 1 to n: now 1; next it asks for range 2 of domain 1, which PG holds since step 1."
    );
    run.until_blocked(SH).unwrap();
    assert_eq!(report(&mut run).sentence, "SH adds 1 to n: now 4; its program has ended.");
    let r = report(&mut run);
    assert_eq!(r.blocked, ["V0 asks for range 2 of domain 1, which PG holds since step 1."]);
    assert_eq!((r.at, r.len, r.actor, r.ended), (7, 7, Some(2), false));
    assert!(r.breaches.is_empty() && r.broken.is_empty());
}

#[test]
fn an_actor_shows_what_it_holds_and_wants() {
    let all = actors(&mut deadlocked());
    let v0 = &all[0];
    assert_eq!((v0.name.as_str(), v0.kind, v0.domain, v0.place, v0.done), ("V0", "vcpu", 1, Some(2), Some(1)));
    let range = |i| LockName { id: Lock::Range(0, i).to_word(), text: format!("range {i} of domain 1") };
    assert_eq!(v0.held, [HeldView { lock: range(0), shared: false, depth: 1, since: Some(1) }]);
    assert_eq!(v0.state, State::Waits { lock: range(2), shared: false, owners: vec![1], since: 6 });
    assert_eq!(v0.why.as_deref(), Some("V0 asks for range 2 of domain 1, which PG holds since step 2."));
    let next = v0.next.as_ref().unwrap();
    assert_eq!((next.text.as_str(), next.lock_event, next.ways), ("take range 2 of domain 1", true, 0));
    assert!(v0.just_stepped && !all[1].just_stepped);
    assert_eq!((&all[2].state, all[2].why.as_ref()), (&State::Runs, None));
    assert_eq!(all[2].next.as_ref().unwrap().text, "add 1 to n");
}

#[test]
fn an_actor_shows_its_pins_and_ends() {
    let (world, _) = world(Policy::M2);
    let (mfn, g) = (m(&world), DomGfn::new(1, 0x10));
    let mut run = run(vec![vec![vec![Effect::Act(Act::Pin { g, mfn }); 2]]]);
    run.until_blocked(V0).unwrap();
    let v0 = &actors(&mut run)[0];
    assert_eq!(v0.state, State::Ended);
    assert_eq!((v0.next.as_ref(), v0.place, v0.done), (None, None, Some(0)));
    assert_eq!(v0.pins, [PinView { domain: 1, gfn: 0x10, mfn: mfn.0, frame: "M".into(), count: 2 }]);
}

#[test]
fn waits_show_the_ring_and_leave_out_who_runs() {
    let mut run = deadlocked();
    let w = waits(&mut run);
    let edges: Vec<_> = w.edges.iter().map(|e| (e.from, e.to, e.lock.text.as_str(), e.since)).collect();
    assert_eq!(edges, [(0, 1, "range 2 of domain 1", 6), (1, 0, "range 0 of domain 1", 4)]);
    assert_eq!((w.cycles, w.stuck), (vec![vec![0, 1]], vec![0, 1]));
    assert_eq!(w.nodes.iter().map(|n| n.state).collect::<Vec<_>>(), ["waits", "waits", "runs"]);
    run.seek(5);
    let w = waits(&mut run);
    assert_eq!((w.edges.len(), w.cycles.len(), w.stuck), (1, 0, vec![]), "PG waits for V0, who can still move");
}

#[test]
fn the_timeline_has_a_bar_for_every_step() {
    let mut run = deadlocked();
    run.take(SH, 0).unwrap();
    run.seek(3);
    let t = timeline(&mut run);
    assert_eq!((t.at, t.len), (3, 7));
    let bars = |i: usize| t.lanes[i].bars.iter().map(|b| (b.from, b.to, b.state)).collect::<Vec<_>>();
    // V0 takes its range; PG takes its own, loads, adds; V0 loads, adds; SH adds.
    assert_eq!(bars(0), [(0, 1, BarState::Run), (1, 4, BarState::Idle), (4, 6, BarState::Run), (6, 7, BarState::Wait)]);
    assert_eq!(bars(1), [(0, 1, BarState::Idle), (1, 4, BarState::Run), (4, 7, BarState::Wait)]);
    assert_eq!(bars(2), [(0, 6, BarState::Idle), (6, 7, BarState::Run)]);
    let hold = &t.lanes[1].holds[0];
    assert_eq!((hold.lock.text.as_str(), hold.from, hold.to), ("range 2 of domain 1", 2, None));
    assert_eq!(t.lanes[0].ticks.iter().map(|t| (t.step, t.tag)).collect::<Vec<_>>(), [(1, "lk"), (5, ""), (6, "")]);
    run.take(SH, 0).unwrap();
    let forks = timeline(&mut run).forks;
    assert_eq!(
        forks.iter().map(|f| (f.parent, f.len, f.current)).collect::<Vec<_>>(),
        [(None, 7, false), (Some((0, 3)), 4, true)]
    );
}

#[test]
fn a_lane_says_when_its_actor_has_ended() {
    let mut run = ab_ba();
    run.until_blocked(SH).unwrap();
    run.take(V0, 0).unwrap();
    let lane = &timeline(&mut run).lanes[2];
    let bars: Vec<_> = lane.bars.iter().map(|b| (b.from, b.to, b.state)).collect();
    assert_eq!(bars, [(0, 3, BarState::Run), (3, 4, BarState::Ended)]);
}

#[test]
fn the_scene_shows_ranges_with_holder_queue_and_heat() {
    let mut run = deadlocked();
    run.until_blocked(SH).unwrap();
    let s = scene(&mut run);
    assert_eq!((s.policy, s.asleep.len(), s.ended), ("2m", 0, vec![2]));
    let cells = &s.domains[0].cells;
    assert_eq!(
        cells.iter().map(|c| (c.index, c.first_gfn, c.cut)).collect::<Vec<_>>(),
        [(0, 0, false), (2, 0x400, true)]
    );
    let (low, high) = (&cells[0], &cells[1]);
    assert_eq!((low.leaves, low.order, &low.types[..]), (1, Some(0), &[("ram_rw".to_string(), 1)][..]));
    assert_eq!((high.leaves, high.order, &high.types[..]), (1, Some(9), &[("ram_rw".to_string(), 512)][..]));
    assert_eq!(low.holder, Some(Holder { actor: 0, depth: 1, since: Some(1) }));
    assert_eq!(high.holder, Some(Holder { actor: 1, depth: 1, since: Some(2) }));
    assert_eq!((&low.queue[..], &high.queue[..]), (&[1][..], &[0][..]));
    // PG has waited since step 4, V0 since step 6, and the run is at 9.
    assert_eq!((low.heat, high.heat, s.hottest), (5, 3, 5));
}

#[test]
fn under_a_whole_table_lock_the_global_box_has_holder_and_queue() {
    let global = Lock::Global(0);
    let shared = Effect::Lock(global, Mode::Shared);
    let programs = vec![vec![vec![shared], vec![Effect::Wake(Word(0))]], vec![vec![take(global)]], vec![vec![shared]]];
    let mut run = run_under(Policy::Global, programs);
    run.take(V0, 0).unwrap();
    run.take(PG, 0).unwrap();
    let s = scene(&mut run);
    let g = &s.domains[0].global;
    assert_eq!(g.shared, [Holder { actor: 0, depth: 1, since: Some(1) }]);
    assert_eq!((g.exclusive.as_ref(), g.queued), (None, true));
    assert_eq!(g.queue, [(1, false), (2, true)], "SH has to wait since PG queued");
    assert!(s.domains[0].cells.iter().all(|c| c.lock.is_none()));
    assert_eq!(
        report(&mut run).sentence,
        "PG queues for the p2m lock of domain 1, which V0 holds since step 1; whoever comes after it has to wait."
    );
}

#[test]
fn under_ranges_of_a_gigabyte_all_its_cells_have_one_lock() {
    let mut run = run_under(Policy::G1, vec![vec![vec![take(Lock::Range(0, 0))], vec![take(Lock::Range(0, 1))]]]);
    run.until_blocked(V0).unwrap();
    let cells = scene(&mut run).domains.remove(0).cells;
    let shown: Vec<_> = cells.iter().map(|c| (c.index, c.leaves, c.holder.is_some())).collect();
    assert_eq!(shown, [(0, 1, true), (2, 1, true), (512, 0, true)]);
}

#[test]
fn other_locks_and_sleepers_are_shown() {
    let n = world(Policy::M2).0.map.word(0);
    let mut run =
        run(vec![vec![vec![take(Lock::Pod(0))], vec![Effect::Wait(Cond::Is(n, 1))]], vec![vec![take(Lock::Pod(0))]]]);
    run.take(V0, 0).unwrap();
    let s = scene(&mut run);
    assert_eq!(s.asleep, [0]);
    let pod = s.locks.iter().find(|l| l.lock.lock() == Lock::Pod(0)).unwrap();
    assert_eq!((pod.holder.as_ref().map(|h| h.actor), &pod.queue[..]), (Some(0), &[1][..]));
    assert_eq!(s.locks.len(), 3, "the lesson's own locks stand there too");
}

#[test]
fn a_walk_goes_down_to_the_frame() {
    let mut run = run(vec![]);
    let w = walk(&mut run, 0, 0x10).unwrap();
    assert_eq!(w.levels.iter().map(|l| (l.level, l.index)).collect::<Vec<_>>(), [(3, 0), (2, 0), (1, 0), (0, 0x10)]);
    assert!(w.levels.iter().all(|l| l.table));
    assert_eq!((w.frame.as_deref(), w.order, w.ty.as_deref()), (Some("M"), Some(0), Some("ram_rw")));
    assert_eq!(w.end, "1:0x10 is ram_rw at M.");
    let rows = &w.levels[3].rows;
    assert!(matches!(rows[0], Row::Empty { first: 0, count: 16 }));
    assert!(matches!(rows[1], Row::Entry { index: 0x10, gfn: 0x10, picked: true, changed: false, .. }));
    assert!(matches!(rows[2], Row::Empty { first: 0x11, count: 495 }));
    let big = walk(&mut run, 0, 0x407).unwrap();
    let base = m(&run.world().clone()).0;
    assert_eq!((big.levels.len(), big.order), (3, Some(9)));
    assert!(big.mfn.unwrap() % 512 == 7 && big.mfn.unwrap() > base, "the seventh frame of an aligned superpage");
    let none = walk(&mut run, 0, 0x11).unwrap();
    assert_eq!((none.mfn, none.end.as_str()), (None, "Nothing is mapped at 1:0x11."));
    assert!(walk(&mut run, 7, 0).is_none() && walk(&mut run, 0, u64::MAX).is_none());
}

#[test]
fn a_table_at_the_far_side_of_the_path_is_folded() {
    let mut run = run(vec![]);
    let rows = walk(&mut run, 0, 0x1000).unwrap().levels[2].rows.clone();
    // Entries 0 (a table) and 2 (2 MB) lie far from entry 8.
    assert!(matches!(rows[0], Row::More { first: 0, count: 1 }), "{rows:?}");
    assert!(matches!(rows[1], Row::Empty { first: 1, count: 1 }), "{rows:?}");
    assert!(matches!(rows[4], Row::Entry { index: 8, raw: 0, picked: true, .. }), "{rows:?}");
}

#[test]
fn an_entry_shows_its_bits_and_what_changed() {
    let mut first = run(vec![]);
    let paged = set(&mut first, P2mType::RamPaged, Mfn::INVALID);
    let mut run = run(vec![vec![vec![paged], vec![Effect::Wake(Word(0))]]]);
    let word = entry_word(&mut run).0;
    let before = entry(&mut run, word, 0).unwrap();
    assert_eq!((before.bits.changed, before.bits.level, before.index), (0, 0, 0x10));
    assert_eq!(before.bits.fields.iter().map(|f| (f.high - f.low + 1) as u32).sum::<u32>(), 64);
    run.take(V0, 0).unwrap();
    let e = entry(&mut run, word, 3).unwrap();
    assert_eq!(
        (e.bits.before, e.bits.raw ^ e.bits.before, e.bits.level),
        (before.bits.raw, e.bits.changed, 0),
        "its table says the level"
    );
    let changed: Vec<_> = e.bits.fields.iter().filter(|f| f.changed).map(|f| f.name).collect();
    let differ: Vec<_> = e.bits.fields.iter().filter(|f| f.value != f.before).map(|f| f.name).collect();
    assert!(!changed.is_empty() && changed == differ);
    assert!(
        walk(&mut run, 0, 0x10).unwrap().levels[3].rows.iter().any(|r| matches!(r, Row::Entry { changed: true, .. }))
    );
    let beyond = run.world().map.len();
    assert!(entry(&mut run, beyond, 0).is_none() && entry(&mut run, beyond - 1, 0).is_none());
}

#[test]
fn a_frame_lists_its_named_holders() {
    let (world, _) = world(Policy::M2);
    let (mfn, g) = (m(&world), DomGfn::new(1, 0x10));
    let act = Effect::Act;
    let get = act(Act::GetPage { mfn, dom: None });
    let mut run = run(vec![
        vec![vec![act(Act::Pin { g, mfn }), get]],
        vec![vec![act(Act::Unpin { g }), act(Act::PutAllocation(mfn)), act(Act::PutPage(mfn)), act(Act::PutPage(mfn))]],
    ]);
    run.until_blocked(V0).unwrap();
    let all = frames(&mut run);
    let f = all.frames.iter().find(|f| f.name == "M").unwrap();
    assert_eq!((f.count, f.allocated, f.owner.as_str(), f.content), (3, true, "1", 5));
    assert_eq!((f.m2p, f.m2p_domain, f.ty.as_str(), f.type_count), (Some(0x10), Some(1), "none", 0));
    let holders: Vec<_> = f.holders.iter().map(|h| (h.text.as_str(), h.actor, h.count)).collect();
    assert_eq!(holders, [("allocation", None, 1), ("V0 get 1:0x10", Some(0), 1)]);
    assert_eq!((f.unnamed, f.changed), (1, true), "nobody watches, so the second reference has no name");
    assert_eq!((all.frames.len(), all.free, all.freed.len()), (513, 2, 0));
    run.until_blocked(PG).unwrap();
    let all = frames(&mut run);
    assert_eq!((all.frames.len(), all.free), (512, 3));
    assert_eq!(all.freed, [FreedView { mfn: mfn.0, name: "M".into(), step: 6, actor: 1, table: false }]);
}

#[test]
fn tables_say_their_level_and_lock_pages_that_they_are() {
    let mut run = run(vec![]);
    let all = frames(&mut run);
    let levels: Vec<_> = all.tables.iter().filter(|t| !t.locks).map(|t| (t.level, t.used)).collect();
    // Root, then one table each at levels 2, 1 and 0; the one at level 1 holds a link and a leaf of 2 MB.
    assert_eq!(levels, [(Some(3), 1), (Some(2), 1), (Some(1), 2), (Some(0), 1)]);
    assert_eq!(all.tables.iter().filter(|t| t.locks).count(), crate::machine::LOCK_PAGES as usize);
    assert_eq!(Gfn(0x10).index(0), 0x10);
}

#[test]
fn views_can_be_sent() {
    let mut run = deadlocked();
    let text = serde_json::to_string(&(actors(&mut run), waits(&mut run), report(&mut run))).unwrap();
    assert!(text.contains(r#""state":{"is":"waits","lock":{"id":"#), "{text}");
    assert!(serde_json::to_string(&(scene(&mut run), timeline(&mut run), frames(&mut run))).is_ok());
    assert!(serde_json::to_string(&walk(&mut run, 0, 0x10)).unwrap().contains(r#"{"is":"empty","first":0"#));
}

#[test]
fn what_is_broken_stays_reported_with_its_step() {
    let plain = ab_ba();
    let first = world(Policy::M2).1;
    let rules = Rules::only(Rule::Deadlock);
    let mut run = Run::new(Sim::new(plain.sim().world().clone(), plain.sim().code().clone(), first, rules));
    run.take(V0, 0).unwrap();
    run.until_blocked(PG).unwrap();
    run.until_blocked(V0).unwrap();
    let breach = report(&mut run).breaches.remove(0);
    assert_eq!((breach.rule, breach.step, breach.actor), ("deadlock", 6, Some(0)));
    run.take(SH, 0).unwrap();
    let r = report(&mut run);
    assert!(r.breaches.is_empty(), "the sharer's step broke nothing");
    assert_eq!(r.broken, [breach]);
    assert_eq!(timeline(&mut run).marks.iter().map(|m| (m.step, m.rule)).collect::<Vec<_>>(), [(6, "deadlock")]);
    assert_eq!(actors(&mut run)[0].held.len(), 1, "as the watchers remember it");
    run.seek(5);
    assert!(report(&mut run).broken.is_empty(), "not yet");
}

/// Each reference of a frame that is shared, granted, mapped by another domain has its holder's name.
#[test]
fn what_holds_a_frame_beside_actors_has_a_name() {
    let text = "id = 'T'\ntitle = 'T'\ngoal = 'T'\nhints = ['a', 'b']\nworld = { encoding = 'ept' }\n\
        domain = [{ id = 1, map = '0x10 = S as ram_shared; 0x11 = S as ram_shared; 0x12 = M as ram_rw' },\n\
                  { id = 2, map = '0x20 = M as map_foreign; 0x21 = ram_rw' }]\n\
        expect = [{ version = 'before', policy = '2m', breach = 'none' }]\n\
        [[actor]]\nname = 'A'\nkind = 'toolstack'\ndomain = 2\nprogram = 'put_gfn 1:0x12'\n";
    let lesson = crate::lesson::Lesson::parse(text).unwrap_or_else(|e| panic!("{e:#?}"));
    let staged = lesson.stage("before", None, None).unwrap();
    let mut run = Run::new(staged.sim(Rules::NONE));
    let all = frames(&mut run);
    let of = |name: &str| {
        let f = all.frames.iter().find(|f| f.name == name).unwrap();
        (f.holders.iter().map(|h| h.text.as_str()).collect::<Vec<_>>(), f.unnamed)
    };
    assert_eq!(of("S"), (vec!["allocation", "shared 1:0x10", "shared 1:0x11"], 0));
    assert_eq!(of("M"), (vec!["allocation", "foreign 2:0x20"], 0));
}

/// A range with readers is released as it was taken, though an unlock does not say how that was.
#[test]
fn a_reader_releases_what_it_holds() {
    let text = "id = 'T'\ntitle = 'T'\ngoal = 'T'\nhints = ['a', 'b']\nworld = { policy = 'rw' }\n\
        domain = [{ id = 1, map = '0x10 = ram_rw' }]\n\
        expect = [{ version = 'before', policy = 'rw', breach = 'none' }]\n\
        [[actor]]\nname = 'A'\nkind = 'toolstack'\nprogram = 'lock gfn(1:0x10) shared; unlock gfn(1:0x10)'\n";
    let lesson = crate::lesson::Lesson::parse(text).unwrap_or_else(|e| panic!("{e:#?}"));
    let mut run = Run::new(lesson.stage("before", None, None).unwrap().sim(Rules::NONE));
    let mut said = Vec::new();
    while run.take(ActorId(0), 0).is_ok() {
        said.push(sentence(&mut run));
    }
    // The shared side of the table, then the range; and back.
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[2].starts_with("A releases range 0 of domain 1"), "{said:?}");
    assert!(said.iter().all(|it| !it.contains("does not hold")), "{said:?}");
}
