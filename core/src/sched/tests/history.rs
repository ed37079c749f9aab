//! Steps in three sizes, back and forward, forks.

use super::programs::{Programs, ab_ba};
use super::*;
use crate::sim::{Refused, Sim, Twin};
use crate::watch::Rules;
use proptest::prelude::*;
use std::sync::Arc;

fn twin(actors: usize, rounds: u64) -> Run<Twin> {
    let (world, first) = Twin::world(actors);
    Run::new(Sim::new(world, Arc::new(Twin { rounds, inverted: true }), first, Rules::NONE))
}

/// Takes a step of the enabled actor that this number picks; none if nobody can step.
fn walk<C: crate::sim::Code>(run: &mut Run<C>, n: usize) -> Option<()> {
    let enabled = run.enabled();
    let (a, ways) = *enabled.get(n % enabled.len().max(1))?;
    run.take(a, n as u64 % ways).ok()
}

#[test]
fn an_effect_is_one_step() {
    let mut run = ab_ba();
    assert_eq!(run.step(V0, Size::Effect), Ok(1));
    assert_eq!(run.step(V0, Size::Effect), Ok(1));
    assert_eq!((run.at(), run.len()), (2, 2));
}

#[test]
fn a_lock_event_passes_plain_effects_over() {
    let mut run = ab_ba();
    assert_eq!(run.step(V0, Size::LockEvent), Ok(1), "takes range 0");
    assert_eq!(run.step(V0, Size::LockEvent), Ok(3), "load, add, then takes range 2");
    assert_eq!(run.step(V0, Size::LockEvent), Ok(1), "releases range 2");
    assert_eq!(run.step(V0, Size::LockEvent), Ok(1), "releases range 0 and ends");
    assert_eq!(run.step(V0, Size::LockEvent), Err(Refused::Ended));
}

#[test]
fn a_lock_event_ends_where_the_actor_waits() {
    let mut run = ab_ba();
    run.step(PG, Size::LockEvent).unwrap();
    run.step(V0, Size::LockEvent).unwrap();
    assert_eq!(run.step(V0, Size::LockEvent), Ok(2), "load and add; range 2 is PG's");
    assert_eq!(run.step(V0, Size::LockEvent), Err(Refused::Waits));
    assert_eq!(run.waits_since(V0), Some(4));
    run.step(SH, Size::Effect).unwrap();
    assert_eq!(run.waits_since(V0), Some(4));
    assert_eq!(run.waits_since(PG), None);
}

#[test]
fn a_statement_ends_with_its_last_effect() {
    let mut run = ab_ba();
    assert_eq!(run.step(V0, Size::Statement), Ok(1));
    assert_eq!(run.step(V0, Size::Statement), Ok(2));
    assert_eq!(run.step(V0, Size::Statement), Ok(1));
    assert_eq!(run.step(V0, Size::Statement), Ok(2));
    assert!(run.last_event().unwrap().ended);
}

#[test]
fn back_and_forward_go_by_the_same_size() {
    let mut run = ab_ba();
    run.until_blocked(V0).unwrap();
    assert_eq!(run.at(), 6);
    let mut seen = Vec::new();
    while run.back(Size::Statement) {
        seen.push(run.at());
    }
    assert_eq!(seen, [4, 3, 1, 0]);
    assert!(!run.back(Size::Effect));
    seen.clear();
    while run.forward(Size::LockEvent) {
        seen.push(run.at());
    }
    assert_eq!(seen, [1, 4, 5, 6]);
}

#[test]
fn another_choice_opens_a_fork_and_the_same_one_does_not() {
    let mut run = ab_ba();
    run.step(V0, Size::Effect).unwrap();
    run.step(V0, Size::Effect).unwrap();
    run.seek(1);
    run.step(V0, Size::Effect).unwrap();
    assert_eq!(run.forks().len(), 1, "the noted step again is no fork");
    run.seek(1);
    run.step(SH, Size::Effect).unwrap();
    assert_eq!((run.forks().len(), run.fork(), run.len()), (2, 1, 2));
    assert_eq!(run.forks()[1].parent, Some((0, 1)));
    run.seek(1);
    run.step(V0, Size::Effect).unwrap();
    assert_eq!((run.forks().len(), run.fork()), (2, 0), "the step of the other branch leads back to it");
    run.seek(1);
    run.step(PG, Size::Effect).unwrap();
    assert_eq!(run.forks()[2].parent, Some((0, 1)));
    assert_eq!(run.common(1, 2), 1);
}

#[test]
fn a_fork_is_named_and_selected() {
    let mut run = ab_ba();
    run.until_blocked(V0).unwrap();
    let end = run.hash();
    run.seek(2);
    run.step(SH, Size::Effect).unwrap();
    run.step(SH, Size::Effect).unwrap();
    let other = run.hash();
    run.rename_fork(1, "the sharer first".into());
    assert_eq!(run.forks()[1].name, "the sharer first");
    run.select_fork(0);
    assert_eq!((run.at(), run.len()), (2, 6), "goes to where the branches part");
    run.last();
    assert_eq!(run.hash(), end);
    run.select_fork(1);
    run.last();
    assert_eq!((run.hash(), run.len()), (other, 4));
    assert_eq!(run.events_of(0).len(), 6);
    run.select_fork(7);
    assert_eq!(run.fork(), 1, "there is no such fork");
}

#[test]
fn a_choice_of_the_world_forks_by_its_answer() {
    let choose = vec![vec![crate::step::Effect::Choose(3)], vec![crate::step::Effect::Wake(crate::addr::Word(0))]];
    let mut run: Run<Programs> = super::programs::run(vec![choose]);
    assert_eq!(run.enabled(), [(V0, 3)]);
    run.take(V0, 2).unwrap();
    assert_eq!(run.last_event().unwrap().result[0], 2);
    run.seek(0);
    run.take(V0, 1).unwrap();
    assert_eq!(run.forks().len(), 2);
    assert_eq!(run.take(V0, 1), Err(Refused::Waits), "no second way to wake");
}

#[test]
fn seeking_over_ten_thousand_steps_comes_back_to_the_same_state() {
    let mut run = twin(2, 400);
    let mut random = Random::new(7);
    while run.len() < 10_000 && run.pick(&mut random) {}
    // 400 rounds of two actors that may deadlock: undo and go round again until there are enough steps.
    let (end, len) = (run.hash(), run.len());
    run.first();
    assert_eq!((run.at(), run.hash()), (0, 0));
    run.last();
    assert_eq!((run.at(), run.hash()), (len, end));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn going_back_and_forward_gives_the_same_hash(picks in prop::collection::vec(0usize..12, 1..120), m in 0usize..150) {
        let mut run = twin(3, 2);
        let mut hashes = vec![run.hash()];
        for n in picks {
            if walk(&mut run, n).is_none() {
                break;
            }
            hashes.push(run.hash());
        }
        let end = run.at();
        for _ in 0..m {
            run.back(Size::Effect);
            prop_assert_eq!(run.hash(), hashes[run.at()]);
        }
        for _ in 0..m {
            run.forward(Size::Effect);
            prop_assert_eq!(run.hash(), hashes[run.at()]);
        }
        prop_assert_eq!(run.at(), end);
        prop_assert_eq!(run.sim().memory().hash_from_scratch(), run.hash());
    }

    /// Whatever is stepped, sought and selected: every branch keeps its events, and each leads to its own state.
    #[test]
    fn forks_keep_their_branches(moves in prop::collection::vec((0u8..8, 0usize..40), 1..80)) {
        let mut run = twin(3, 1);
        let mut ends: Vec<(Vec<(ActorId, u64)>, u64)> = Vec::new();
        for (what, n) in moves {
            let forks = run.forks().len();
            match what {
                0 => run.seek(n),
                1 => run.select_fork(n % forks),
                _ => drop(walk(&mut run, n)),
            }
            prop_assert_eq!(Some(run.hash()), run.hash_at(run.at()));
            prop_assert_eq!(run.len(), run.forks()[run.fork()].len);
        }
        for f in 0..run.forks().len() {
            let events = run.events_of(f);
            prop_assert_eq!(events.len(), run.forks()[f].len);
            run.select_fork(f);
            prop_assert_eq!(run.events(), &events[..]);
            run.last();
            let path: Vec<_> = events.iter().map(|e| (e.actor, e.choice)).collect();
            prop_assert_eq!(Some(run.hash()), run.hash_at(events.len()));
            let mut again = twin(3, 1);
            for &(a, choice) in &path {
                again.take(a, choice).unwrap();
            }
            prop_assert_eq!(again.hash(), run.hash());
            if let Some((p, at)) = run.forks()[f].parent {
                prop_assert!(run.common(p, f) == at && at < run.forks()[f].len);
            }
            ends.push((path, run.hash()));
        }
        // No two branches are the same, and none is the beginning of another.
        for (i, a) in ends.iter().enumerate() {
            for b in &ends[i + 1..] {
                prop_assert!(!a.0.starts_with(&b.0) && !b.0.starts_with(&a.0) || ends.len() == 1);
            }
        }
    }
}
