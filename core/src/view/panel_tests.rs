//! Views that panels have for themselves: a cell from near, rings and TLBs, branches compared, the graph of lock orders,
//! trees of waits, what a step made of a path. Values are reasoned by hand, over the world of the runs' own tests.

use super::*;
use crate::addr::{ActorId, DomGfn, Gfn, Mfn, Order, Word};
use crate::entry::{Access, Leaf, LeafCtx, P2mType};
use crate::lock::Lock;
use crate::machine::{Policy, tlb};
use crate::sched::tests::programs::{Programs, ab_ba, release, run, take, world};
use crate::sched::{Run, Session};
use crate::step::{Act, Effect};
use crate::watch::Rules;

const V0: ActorId = ActorId(0);
const PG: ActorId = ActorId(1);
const SH: ActorId = ActorId(2);

/// The word and bits of the entry of a gfn at a level.
fn at(run: &mut Run<Programs>, gfn: u64, level: u8) -> (Word, u64) {
    let walk = walk(run, 0, gfn).unwrap();
    let found = walk.levels.iter().find(|it| it.level == level).unwrap();
    (Word(found.word), found.raw)
}

/// Writes an entry.
fn set(word: Word, entry: u64, gfn: u64, order: Order) -> Effect {
    Effect::Act(Act::SetEntry { word, entry, g: DomGfn::new(1, gfn), order, fresh: false })
}

/// The entry of 1:0x10, paged out.
fn paged_out() -> Effect {
    let mut first = run(vec![]);
    let leaf = Leaf::new(P2mType::RamPaged, Access::Rwx, Mfn::INVALID, Order::K4);
    let entry = first.world().format.leaf(&leaf, &LeafCtx::default());
    set(at(&mut first, 0x10, 0).0, entry, 0x10, Order::K4)
}

#[test]
fn a_cell_from_near_has_512_numbers_with_their_types() {
    let (world, _) = world(Policy::M2);
    let (m, g) = (world.frames[0].1, DomGfn::new(1, 0x10));
    let program = vec![vec![Effect::Act(Act::Pin { g, mfn: m }), paged_out()]];
    let mut run = run(vec![program]);
    let told =
        |it: &Zoom| it.stretches.iter().map(|s| (s.first, s.count, s.ty.clone(), s.frame.clone())).collect::<Vec<_>>();
    let empty = |first, count| (first, count, "empty".to_string(), None);
    let near = zoom(&mut run, 0, 0x1f3).unwrap();
    assert_eq!((near.first_gfn, near.spots.len(), near.whole), (0, 512, None));
    let m = ("ram_rw".to_string(), Some("M".to_string()));
    assert_eq!(told(&near), [empty(0, 0x10), (0x10, 1, m.0, m.1), empty(0x11, 512 - 0x11)]);
    run.take(V0, 0).unwrap();
    assert_eq!(zoom(&mut run, 0, 0).unwrap().spots[0x10], Spot { ty: Some(0), changed: false, pins: 1 });
    run.take(V0, 0).unwrap();
    let near = zoom(&mut run, 0, 0).unwrap();
    assert_eq!((near.spots[0x10].changed, near.types.as_slice()), (true, &["ram_paged".to_string()][..]));
    assert_eq!(near.spots.iter().filter(|it| it.changed).count(), 1);
    // One leaf maps the cell at 0x400, and what it says is said of each number.
    let near = zoom(&mut run, 0, 0x400).unwrap();
    assert_eq!((near.whole, near.stretches.len(), near.stretches[0].count), (Some(9), 1, 512));
    assert_eq!((zoom(&mut run, 1, 0), zoom(&mut run, 0, u64::MAX)), (None, None));
}

#[test]
fn a_tlb_keeps_what_a_walk_has_read_and_the_stale_is_marked() {
    let mut first = run(vec![]);
    let g = DomGfn::new(1, 0x10);
    let (root, read) = (first.world().domain(0).root, tlb::Access::Read);
    let walks = [3, 2, 1, 0].map(|level| {
        let entry = at(&mut first, 0x10, level).1;
        Effect::Act(Act::TlbWalk { g, entry, level, access: read })
    });
    let mut program = vec![Effect::Act(Act::TlbAccess { g, root, access: read })];
    program.extend(walks);
    let mut run = run(vec![vec![program], vec![vec![paged_out()]], vec![vec![Effect::Act(Act::Flush(V0))]]]);
    assert_eq!(
        tlbs(&mut run).iter().map(|it| (it.actor, it.kept.len())).collect::<Vec<_>>(),
        [(0, 0)],
        "a vCPU has one"
    );
    run.until_blocked(V0).unwrap();
    let leaf = |run: &mut Run<Programs>| tlbs(run)[0].kept.iter().find(|it| it.level == 0).cloned().unwrap();
    let kept = leaf(&mut run);
    assert_eq!((kept.gfn, kept.text.as_str(), kept.now), (0x10, "ram_rw at M", None));
    run.take(PG, 0).unwrap();
    assert_eq!(leaf(&mut run).now.as_deref(), Some("ram_paged"));
    assert!(
        tlbs(&mut run)[0].kept.iter().filter(|it| it.level > 0).all(|it| it.now.is_none()),
        "the links still lead there"
    );
    run.take(SH, 0).unwrap();
    let flushed = &tlbs(&mut run)[0];
    assert!(flushed.kept.is_empty() && flushed.changed);
}

#[test]
fn a_ring_shows_its_requests_and_who_waits_for_room() {
    let text = "id = 'T'\ntitle = 'T'\ngoal = 'T'\nhints = ['a', 'b']\n\
        domain = [{ id = 1, ring = 1, map = '0x10 = ram_rw' }]\n\
        [[actor]]\nname = 'A'\nkind = 'toolstack'\nprogram = 'post ring(1) = 1:0x10; post ring(1) = 1:0x11'\n\
        [[actor]]\nname = 'B'\nkind = 'toolstack'\nprogram = 'g = take ring(1)'\n";
    let lesson = crate::lesson::Lesson::parse(text).unwrap_or_else(|e| panic!("{e:#?}"));
    let mut run = Run::new(lesson.stage("before", None, None).unwrap().sim(Rules::NONE));
    let told = |run: &mut Run<_>| {
        let ring = rings(run).remove(0);
        let requests = ring.requests.into_iter().map(|it| it.text).collect::<Vec<_>>();
        (requests, ring.for_room, ring.for_request, ring.changed)
    };
    assert_eq!(told(&mut run), (vec![], vec![], vec![1], false), "B sleeps for a request");
    run.until_blocked(ActorId(0)).unwrap();
    assert_eq!(told(&mut run), (vec!["1:0x10".to_string()], vec![0], vec![], true), "and A for room");
    run.until_blocked(ActorId(1)).unwrap();
    assert_eq!(told(&mut run), (vec![], vec![], vec![], true));
}

#[test]
fn branches_are_compared_from_where_they_part() {
    let n = world(Policy::M2).0.map.word(0);
    let store = |v| vec![vec![Effect::Store(n, v)]];
    let mut run = run(vec![store(1), store(2), vec![vec![take(Lock::Named(0))]]]);
    for a in [SH, V0, PG] {
        run.take(a, 0).unwrap();
    }
    run.seek(1);
    run.take(PG, 0).unwrap();
    run.take(V0, 0).unwrap();
    run.seek(2);
    let seen = compare(&mut run, 0).unwrap();
    assert_eq!((seen.common, seen.same, run.at(), run.fork()), (1, false, 2, 1), "the run stays where it was");
    let told = |side: &Side| side.steps.iter().map(|it| (it.step, it.actor)).collect::<Vec<_>>();
    assert_eq!((told(&seen.here), told(&seen.there)), (vec![(2, 1), (3, 0)], vec![(2, 0), (3, 1)]));
    assert_eq!(seen.here.steps[0].sentence, "PG writes n: 0 becomes 2; its program has ended.");
    let word = Difference { what: "n".into(), here: "1".into(), there: "2".into() };
    assert_eq!(seen.differences, [word], "the lock is held on both");
    assert_eq!((seen.here.more, seen.here.steps[0].looks), (0, 0));
    assert_eq!((compare(&mut run, 1), compare(&mut run, 9)), (None, None));
}

#[test]
fn steps_that_only_look_are_counted_and_not_told() {
    let n = world(Policy::M2).0.map.word(0);
    let looks = vec![Effect::Load(n), Effect::Load(n), Effect::Store(n, 3), Effect::Load(n), Effect::Load(n)];
    let mut run = run(vec![vec![looks, vec![Effect::Load(n)]], vec![vec![Effect::Load(n)]]]);
    run.take(PG, 0).unwrap();
    run.seek(0);
    (0..5).for_each(|_| run.take(V0, 0).unwrap());
    let here = compare(&mut run, 0).unwrap().here;
    assert_eq!(here.steps.iter().map(|it| (it.step, it.looks)).collect::<Vec<_>>(), [(3, 2)]);
    assert_eq!((here.more, here.len), (2, 5));
}

#[test]
fn branches_that_end_alike_are_the_same() {
    let n = world(Policy::M2).0.map.word(0);
    let add = || vec![vec![Effect::Add(n, 1)]];
    let mut run = run(vec![add(), add(), vec![vec![take(Lock::Named(0))]]]);
    for order in [[V0, PG], [PG, V0]] {
        run.seek(0);
        order.into_iter().for_each(|a| run.take(a, 0).unwrap());
    }
    let seen = compare(&mut run, 0).unwrap();
    assert!(seen.differences.is_empty() && seen.same);
    run.take(SH, 0).unwrap();
    let seen = compare(&mut run, 0).unwrap();
    assert_eq!((seen.differences.len(), seen.differences[0].here.as_str()), (1, "held by SH"));
    assert!(seen.differences[0].there == "free" && !seen.same);
}

#[test]
fn opposite_orders_of_a_session_are_drawn_as_a_ring() {
    let (mut run, mut session) = (ab_ba(), Session::default());
    run.until_blocked(V0).unwrap();
    session.note(&run);
    let range = |i| Lock::Range(0, i).to_word();
    let told = |run: &Run<Programs>, session: &Session| {
        let orders = lock_orders(run, session);
        let edge = |e: &OrderEdge| (orders.locks[e.held].id, orders.locks[e.wants].id, e.actors.clone(), e.ring);
        orders.edges.iter().map(edge).collect::<Vec<_>>()
    };
    assert_eq!(told(&run, &session), [(range(0), range(2), vec![0], false)]);
    run.seek(0);
    run.until_blocked(PG).unwrap();
    session.note(&run);
    assert_eq!(told(&run, &session), [(range(0), range(2), vec![0], true), (range(2), range(0), vec![1], true)]);
    let other = &lock_orders(&run, &session).edges[1];
    assert_eq!((other.run_name.as_str(), other.step), ("fork 1", 4), "PG's second taking is its fourth step");
}

#[test]
fn those_behind_stand_below_whom_they_wait_for() {
    let (a, b) = (Lock::Named(0), Lock::Named(1));
    let mut run = run(vec![vec![vec![take(a), release(a)]], vec![vec![take(b), take(a)]], vec![vec![take(b)]]]);
    assert_eq!(blockers(&waits(&mut run)), []);
    for actor in [V0, PG] {
        run.take(actor, 0).unwrap();
    }
    let told = |run: &mut Run<Programs>| {
        let all = blockers(&waits(run));
        all.into_iter().map(|it| (it.actors, it.depth, it.lock.map(|l| l.id))).collect::<Vec<_>>()
    };
    let (a, b) = (Some(a.to_word()), Some(b.to_word()));
    assert_eq!(told(&mut run), [(vec![0], 0, None), (vec![1], 1, a), (vec![2], 2, b)]);
}

#[test]
fn a_ring_is_one_root() {
    let range = Lock::Range(0, 0);
    let mut run = run(vec![
        vec![vec![take(range), take(Lock::Named(0))]],
        vec![vec![take(Lock::Named(0)), take(range)]],
        vec![vec![take(range)]],
    ]);
    run.take(V0, 0).unwrap();
    run.take(PG, 0).unwrap();
    let all = blockers(&waits(&mut run));
    assert_eq!(all.iter().map(|it| (it.actors.clone(), it.depth)).collect::<Vec<_>>(), [(vec![0, 1], 0), (vec![2], 1)]);
}

#[test]
fn a_superpage_that_becomes_a_table_is_told_as_split() {
    let mut first = run(vec![]);
    let (word, leaf) = at(&mut first, 0x400, 1);
    // The table of 0x10 stands in for one that was filled for it.
    let table = walk(&mut first, 0, 0x10).unwrap().levels[3].mfn;
    let link = first.world().format.link(Mfn(table));
    let write = |entry| vec![set(word, entry, 0x400, Order::M2)];
    let mut run = run(vec![vec![write(link), write(leaf), vec![paged_out()]]]);
    assert_eq!(walk(&mut run, 0, 0x400).unwrap().remade, None);
    run.take(V0, 0).unwrap();
    let split = walk(&mut run, 0, 0x400).unwrap();
    assert_eq!(split.remade.map(|it| (it.kind, it.level)), Some(("split", 1)));
    assert_eq!(split.levels.iter().map(|it| it.linked).collect::<Vec<_>>(), [false, false, false, true]);
    assert_eq!(walk(&mut run, 0, 0x10).unwrap().remade, None, "it is on another path");
    run.take(V0, 0).unwrap();
    assert_eq!(walk(&mut run, 0, 0x400).unwrap().remade.map(|it| it.kind), Some("merged"));
    run.take(V0, 0).unwrap();
    let paged = walk(&mut run, 0, 0x10).unwrap();
    assert_eq!(paged.remade.unwrap().sentence, "Changed: ram_rw at M became ram_paged.");
    let changed = |row: &&Row| matches!(row, Row::Entry { changed: true, before: Some(_), .. });
    assert_eq!(paged.levels[3].rows.iter().filter(changed).count(), 1);
    let elsewhere = zoom(&mut run, 0, Gfn(0x400).0).unwrap();
    assert!(elsewhere.spots.iter().all(|it| !it.changed));
}

#[test]
fn a_stretch_without_events_can_be_folded() {
    let n = world(Policy::M2).0.map.word(0);
    let many = |k| vec![vec![Effect::Add(n, 1)]; k];
    let mut program = many(DULL);
    program.push(vec![take(Lock::Named(0))]);
    program.extend(many(DULL - 1));
    program.push(vec![release(Lock::Named(0))]);
    let mut run = run(vec![program]);
    run.until_blocked(V0).unwrap();
    assert_eq!(timeline(&mut run).dull, [Dull { from: 0, to: DULL }], "one fewer is not worth it");
}

/// A domain that was promised one page more than it has.
#[test]
fn what_is_promised_on_demand_is_told_of_its_domain() {
    let text = "id = 'T'\ntitle = 'T'\ngoal = 'T'\nhints = ['a', 'b']\n\
        domain = [{ id = 1, cache = 2, map = '0x10 = ram_rw; 0x11 = populate_on_demand' }, { id = 2, map = '0x20 = ram_rw' }]\n\
        [[actor]]\nname = 'A'\nkind = 'toolstack'\nprogram = 'put_gfn 1:0x10'\n";
    let lesson = crate::lesson::Lesson::parse(text).unwrap_or_else(|e| panic!("{e:#?}"));
    let mut run = Run::new(lesson.stage("before", None, None).unwrap().sim(Rules::NONE));
    let pods = frames(&mut run).pods;
    assert_eq!(pods.iter().map(|it| (it.domain, it.cached, it.promised)).collect::<Vec<_>>(), [(1, 2, 1)]);
    assert_eq!((pods[0].frames.len(), pods[0].changed), (2, false));
}
