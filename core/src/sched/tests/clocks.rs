//! Which steps had to come before which.

use super::programs::{release, run, take, world};
use super::*;
use crate::lock::{Lock, Mode};
use crate::machine::Policy;
use crate::sched::tests::programs::Programs;
use crate::step::{Cond, Effect};

/// Steps the actors in this order, an effect each.
fn after(mut run: Run<Programs>, order: &[ActorId]) -> Run<Programs> {
    for &a in order {
        run.take(a, 0).unwrap();
    }
    run
}

/// The pairs of steps by different actors of which the first had to come before the second.
fn pairs(run: &Run<Programs>) -> Vec<(usize, usize)> {
    let clocks = Clocks::of(run);
    let actor = |k: usize| run.events()[k - 1].actor;
    let all = (1..=run.len()).flat_map(|a| (1..=run.len()).map(move |b| (a, b)));
    all.filter(|&(a, b)| actor(a) != actor(b) && clocks.before(a, b)).collect()
}

fn n() -> crate::addr::Word {
    world(Policy::M2).0.map.word(0)
}

#[test]
fn an_actor_s_own_steps_are_in_order_and_none_before_itself() {
    let run = after(run(vec![vec![vec![Effect::Load(n()), Effect::Load(n())]]]), &[V0, V0]);
    let clocks = Clocks::of(&run);
    assert!(clocks.before(1, 2) && !clocks.before(2, 1) && !clocks.before(1, 1));
    assert!(!clocks.before(0, 1) && !clocks.before(1, 9), "no such steps");
}

#[test]
fn a_lock_orders_its_release_before_the_next_taking() {
    let both = || vec![vec![take(Lock::Named(0)), release(Lock::Named(0))]];
    let run = after(run(vec![both(), both(), vec![vec![Effect::Load(n())]]]), &[V0, SH, V0, PG, PG]);
    // V0 takes 1 and releases 3, PG takes 4 and releases 5; the taking comes after both of V0's, SH's load after none.
    assert_eq!(pairs(&run), [(1, 4), (1, 5), (3, 4), (3, 5)]);
}

#[test]
fn readers_stay_beside_one_another_and_a_writer_after_them() {
    let shared = |e: fn(Lock, Mode) -> Effect| e(Lock::Global(0), Mode::Shared);
    let reader = || vec![vec![shared(Effect::Lock), shared(Effect::Unlock)]];
    let run = after(run(vec![reader(), reader(), vec![vec![take(Lock::Global(0))]]]), &[V0, PG, V0, PG, SH]);
    assert_eq!(pairs(&run), [(1, 5), (2, 5), (3, 5), (4, 5)]);
}

#[test]
fn a_change_comes_after_looks_and_looks_after_the_change() {
    let run = after(
        run(vec![vec![vec![Effect::Load(n())]], vec![vec![Effect::Store(n(), 7)]], vec![vec![Effect::Load(n())]]]),
        &[V0, PG, SH],
    );
    assert_eq!(pairs(&run), [(1, 2), (1, 3), (2, 3)], "two looks are ordered by the change between them alone");
}

#[test]
fn two_looks_at_a_word_are_in_no_order() {
    let look = || vec![vec![Effect::Load(n())]];
    assert_eq!(pairs(&after(run(vec![look(), look()]), &[PG, V0])), []);
}

#[test]
fn a_sleeper_goes_on_after_whoever_made_it_true() {
    let sleeper = vec![vec![Effect::Wait(Cond::Is(n(), 1))]];
    let run = after(run(vec![sleeper, vec![vec![Effect::Store(n(), 1)]]]), &[PG, V0]);
    assert_eq!(pairs(&run), [(1, 2)]);
}

#[test]
fn order_is_handed_on_and_the_run_stays_where_it_was() {
    let (a, b) = (Lock::Named(0), Lock::Named(1));
    let programs = vec![vec![vec![take(a), release(a)]], vec![vec![take(a), take(b), release(b)]], vec![vec![take(b)]]];
    let mut run = after(run(programs), &[V0, V0, PG, PG, PG, SH]);
    run.seek(2);
    let clocks = Clocks::of(&run);
    assert!(clocks.before(1, 6), "by way of PG, though V0 and SH share no lock; beyond the position too");
    assert_eq!(run.at(), 2);
}
