//! Needing more than one holds, tried with a toy: an operation that adds one to every gfn of a list, of several
//! domains, while others add to the same gfns and lengthen the list.

use p2mscope_core::addr::{ActorId, DomGfn, DomId, Order};
use p2mscope_core::explore::{Question, Verdict, explore};
use p2mscope_core::judge::watched;
use p2mscope_core::lock::{Hold, Lock, Mode};
use p2mscope_core::machine::{Actor, Builder, Kind, NewDomain, Policy, Words, World};
use p2mscope_core::ops::needs::{self, Attempt};
use p2mscope_core::ops::{Code as Answer, query};
use p2mscope_core::sim::{Code, Locals, Sim};
use p2mscope_core::step::{Step, Stop};
use p2mscope_core::watch::{Broken, Rule};
use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;

/// What can stand in the list, whose members are bits of word 0; word `1 + i` counts what was added to member `i`.
const GFNS: [DomGfn; 6] = [
    DomGfn::new(2, 0x400),
    DomGfn::new(1, 0x10),
    DomGfn::new(3, 0x205),
    DomGfn::new(2, 0x10),
    DomGfn::new(3, 0x9),
    DomGfn::new(3, 0x3ff),
];

/// Two of them that lie in the same 2 MB.
const NEAR: [u64; 2] = [2, 5];

#[derive(Clone, Copy)]
enum Do {
    /// Adds one to every member. The list is guarded by the first gfn's lock. What it must answer.
    All(Answer),
    /// Adds one to that gfn.
    One(usize),
    /// Puts that gfn into the list.
    Insert(usize),
    Get(usize),
    Put(usize),
    Whole(u8, bool),
    /// Maps that gfn elsewhere.
    Map(usize),
    /// Takes that mapping away.
    Unmap(usize),
    /// Adds one to both that lie in the same 2 MB, as one who changes a leaf of that order: it comes by a part, and
    /// needs the whole. What it must answer.
    Leaf(Answer),
}

struct Toy(Vec<Vec<Do>>);

fn entry<S: Step>(s: &S, g: DomGfn) -> Result<Hold, Stop> {
    Ok(Hold::entry(s.world(), s.slot(g.dom)?, g.gfn, Order::K4))
}

fn add_one<S: Step>(s: &mut S, i: u64) -> Result<(), Stop> {
    let word = s.world().map.word(1 + i as u32);
    let seen = s.load(word)?;
    s.store(word, seen + 1)
}

fn all<S: Step>(s: &mut S) -> Result<Answer, Stop> {
    let first = entry(s, GFNS[0])?;
    needs::outermost_code(s, first, |s, hold| {
        let list = s.load(s.world().map.word(0))?;
        let members = || (0..GFNS.len() as u64).filter(|i| list >> i & 1 == 1);
        let mut more = hold;
        for i in members() {
            more = more.and(s.world(), entry(s, GFNS[i as usize])?);
        }
        if more != hold {
            return Attempt::needs(more);
        }
        s.fold(0, |s, i| {
            if list >> i & 1 == 1 {
                add_one(s, i)?;
            } else {
                s.load(s.world().map.word(0))?;
            }
            Ok(if i + 1 < GFNS.len() as u64 { Continue(i + 1) } else { Break(i) })
        })?;
        Attempt::done(Answer::Ok)
    })
}

fn leaf<S: Step>(s: &mut S) -> Result<Answer, Stop> {
    let (g, first) = (GFNS[NEAR[0] as usize], entry(s, GFNS[NEAR[0] as usize])?);
    let slot = s.slot(g.dom)?;
    needs::outermost_code(s, first, |s, hold| {
        s.load(s.world().map.word(0))?;
        if !hold.covers(s.world(), slot, g.gfn, Order::M2) {
            return Attempt::needs(Hold::entry(s.world(), slot, g.gfn, Order::M2));
        }
        add_one(s, NEAR[0])?;
        add_one(s, NEAR[1])?;
        Attempt::done(Answer::Ok)
    })
}

impl Code for Toy {
    fn start<W: Words>(&self, _: &World, _: &mut W, _: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        Some(0)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        match self.0[a.0 as usize][place as usize] {
            Do::All(_) => return Ok(all(s)?.word()),
            Do::Leaf(_) => return Ok(leaf(s)?.word()),
            Do::One(i) => {
                query::lock_entry(s, GFNS[i])?;
                add_one(s, i as u64)?;
                query::unlock_entry(s, GFNS[i])?;
            }
            Do::Insert(i) => {
                query::lock_entry(s, GFNS[0])?;
                let list = s.world().map.word(0);
                let seen = s.load(list)?;
                s.store(list, seen | 1 << i)?;
                query::unlock_entry(s, GFNS[0])?;
            }
            Do::Get(i) => drop(query::get_gfn(s, GFNS[i])?),
            Do::Put(i) => query::put_gfn(s, GFNS[i])?,
            Do::Map(i) => {
                query::get_gfn(s, GFNS[i])?;
                query::keep_captive(s, GFNS[i])?;
            }
            // Where nothing was kept there is nothing to do, and a statement has an effect.
            Do::Unmap(i) => {
                s.load(s.world().map.word(0))?;
                query::let_go(s, GFNS[i])?;
            }
            Do::Whole(d, true) => drop(s.lock(Lock::Global(d), Mode::Exclusive)?),
            Do::Whole(d, false) => s.unlock(Lock::Global(d), Mode::Exclusive)?,
        }
        Ok(0)
    }

    fn finish<W: Words>(
        &self,
        _: &World,
        _: &mut W,
        a: ActorId,
        place: u64,
        result: u64,
        _: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64> {
        let program = &self.0[a.0 as usize];
        if let Do::All(expected) | Do::Leaf(expected) = program[place as usize]
            && expected.word() != result
        {
            broken.push(Broken { rule: Rule::Assert, actor: Some(a), why: format!("{:?}", Answer::from_word(result)) });
        }
        (place as usize + 1 < program.len()).then_some(place + 1)
    }

    fn at_end<W: Words>(&self, world: &World, m: &mut W, broken: &mut Vec<Broken>) {
        let list = m.get(world.map.word(0));
        let done = self.0.iter().flatten().filter(|d| matches!(d, Do::All(Answer::Ok))).count() as u64;
        for i in 0..GFNS.len() {
            let ones = self.0.iter().flatten().filter(|d| matches!(d, Do::One(of) if *of == i)).count() as u64;
            let leaves = self.0.iter().flatten().filter(|d| matches!(d, Do::Leaf(Answer::Ok))).count() as u64;
            let ones = ones + if NEAR.contains(&(i as u64)) { leaves } else { 0 };
            let inserted = self.0.iter().flatten().any(|d| matches!(d, Do::Insert(of) if *of == i));
            let count = m.get(world.map.word(1 + i as u32));
            // A member that is inserted meanwhile may be one of those that are added to, or come too late.
            let most = ones + if list >> i & 1 == 1 { done } else { 0 };
            let least = if inserted { ones } else { most };
            if !(least..=most).contains(&count) {
                let why = format!("{count} was added to member {i}, not {least} to {most}");
                broken.push(Broken { rule: Rule::Ensure, actor: None, why });
            }
        }
    }
}

fn search(policy: Policy, list: u64, programs: Vec<Vec<Do>>) -> (Verdict, u64) {
    search_in(Builder { policy, ..Builder::default() }, list, programs)
}

fn search_in(world: Builder, list: u64, programs: Vec<Vec<Do>>) -> (Verdict, u64) {
    let domain = |id| NewDomain { id: DomId(id), name: format!("d{id}"), ..NewDomain::default() };
    let actor = |a| Actor { name: format!("A{a}"), kind: Kind::Toolstack, domain: DomId(1) };
    let builder = Builder {
        pin: true,
        // Their places do not follow their numbers.
        domains: vec![domain(3), domain(1), domain(2)],
        actors: (0..programs.len()).map(actor).collect(),
        words: (0..=GFNS.len()).map(|i| (format!("w{i}"), if i == 0 { list } else { 0 })).collect(),
        ..world
    };
    let (world, first) = builder.build().unwrap();
    let sim = Sim::new(world, Arc::new(Toy(programs)), first, watched());
    let report = explore(&sim, &Question::prove(watched()), |_| Continue(()));
    (report.verdict, report.ends)
}

#[track_caller]
fn holds(list: u64, programs: Vec<Vec<Do>>) {
    for policy in [Policy::Global, Policy::G1, Policy::M2, Policy::K4, Policy::Rw] {
        let (verdict, ends) = search(policy, list, programs.clone());
        assert_eq!(verdict, Verdict::Safe, "{}", policy.name());
        assert!(ends > 0);
    }
}

#[test]
fn what_is_needed_is_taken_in_order_and_looked_at_again() {
    let all = vec![Do::All(Answer::Ok)];
    // Two that need each other's ranges, and one that holds a third domain's.
    holds(0b111, vec![all.clone(), all.clone()]);
    holds(0b111, vec![all.clone(), vec![Do::One(2)], vec![Do::One(1)]]);
    // The list grows while everything is released; from three ranges on whole tables are taken.
    holds(0b011, vec![all.clone(), vec![Do::Insert(2)], vec![Do::One(2)]]);
    holds(0b111, vec![all.clone(), vec![Do::Insert(3)], vec![Do::One(3)]]);
    holds(0b11111, vec![all, vec![Do::One(4)], vec![Do::One(0)]]);
}

#[test]
fn who_holds_something_that_it_cannot_release_is_told_to_restart_and_has_changed_nothing() {
    let held = |i, answer| vec![Do::Get(i), Do::All(answer), Do::Put(i)];
    for policy in [Policy::G1, Policy::M2] {
        // Gets that come before the operation's own first lock, as the order wants it.
        for i in [0, 1, 3] {
            let (verdict, _) = search(policy, 0b111, vec![held(i, Answer::Erestart), vec![Do::One(2)]]);
            assert_eq!(verdict, Verdict::Safe, "{} inside a get of {i}", policy.name());
        }
        // A list that the first lock covers needs nothing more.
        let (verdict, _) = search(policy, 0b1, vec![held(0, Answer::Ok), vec![Do::One(0)]]);
        assert_eq!(verdict, Verdict::Safe);
    }
}

#[test]
fn who_holds_all_that_is_needed_goes_on() {
    // The tables in their order: those of domains 1, 2 and 3, whose places are 1, 2 and 0.
    let mut program: Vec<Do> = [1, 2, 0].map(|d| Do::Whole(d, true)).to_vec();
    program.push(Do::All(Answer::Ok));
    program.extend([0, 2, 1].map(|d| Do::Whole(d, false)));
    for policy in [Policy::G1, Policy::M2] {
        let (verdict, _) = search(policy, 0b11111, vec![program.clone(), vec![Do::One(3)]]);
        assert_eq!(verdict, Verdict::Safe, "{}", policy.name());
    }
}

#[test]
fn a_leaf_larger_than_a_lock_is_changed_by_one_and_by_nobody_who_holds_a_part() {
    let leaf = || vec![Do::Leaf(Answer::Ok)];
    holds(0, vec![leaf(), vec![Do::One(2)], vec![Do::One(5)]]);
    holds(0, vec![leaf(), leaf(), vec![Do::One(5)]]);
    holds(0, vec![leaf(), vec![Do::Get(2), Do::One(2), Do::Put(2)]]);
    // Inside a get of a part the whole cannot be had; where the range is as large, nothing more is needed.
    let inside = |answer| vec![Do::Get(2), Do::Leaf(answer), Do::Put(2)];
    for (policy, answer) in [(Policy::K4, Answer::Erestart), (Policy::M2, Answer::Ok), (Policy::Rw, Answer::Ok)] {
        let (verdict, _) = search(policy, 0, vec![inside(answer), vec![Do::One(5)]]);
        assert_eq!(verdict, Verdict::Safe, "{}", policy.name());
    }
}

#[test]
fn a_captive_entry_collides_with_whoever_needs_the_whole_table() {
    let whole = || vec![Do::Whole(2, true), Do::Whole(2, false)];
    let mapped = |answer| vec![Do::Map(0), Do::All(answer), Do::Unmap(0)];
    let world = |captive| Builder { captive, ..Builder::default() };
    // Four ranges are needed: whole tables.
    for (captive, answer) in [(false, Answer::Ok), (true, Answer::Erestart)] {
        let (verdict, _) = search_in(world(captive), 0b1111, vec![mapped(answer), whole()]);
        assert_eq!(verdict, Verdict::Safe, "captive {captive}");
    }
    // The whole table is had while the mapping lives, or only after it. A mapping that is never taken away, and a
    // wait for the table, are a lock that is never released.
    let forever = || vec![Do::Map(0)];
    assert_eq!(search_in(world(false), 0, vec![forever(), whole()]).0, Verdict::Safe);
    assert!(matches!(search_in(world(true), 0, vec![forever(), whole()]).0, Verdict::Found { .. }));
}
