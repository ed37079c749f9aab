//! The 4-actor twin gives SPIN's counts of states, steps and deadlocked states.

use p2mscope_core::addr::ActorId;
use p2mscope_core::sim::{Sim, Twin};
use p2mscope_core::watch::Rules;
use std::collections::HashSet;
use std::sync::Arc;

/// States, steps and deadlocked states of the twin, by plain depth-first search.
fn count(rounds: u64, inverted: bool) -> (usize, usize, usize) {
    let (world, first) = Twin::world(4);
    let mut sim = Sim::new(world, Arc::new(Twin { rounds, inverted }), first, Rules::NONE);
    let mut seen = HashSet::from([sim.hash()]);
    let (mut steps, mut dead) = (0, 0);
    let mut path = vec![(0u8, false)];
    while let Some((a, moved)) = path.last_mut() {
        if *a == 4 {
            dead += (!*moved && !sim.all_ended()) as usize;
            path.pop();
            sim.undo();
            continue;
        }
        let actor = ActorId(*a);
        *a += 1;
        if sim.step(actor, 0).is_ok() {
            *moved = true;
            steps += 1;
            match seen.insert(sim.hash()) {
                true => path.push((0, false)),
                false => drop(sim.undo()),
            }
        }
    }
    assert_eq!(sim.hash(), 0, "undo to the start gives the first hash");
    (seen.len(), steps, dead)
}

#[test]
fn the_twin_has_the_counts_that_spin_reports() {
    assert_eq!(count(2, true), (216_057, 730_768, 144));
    let (states, _, dead) = count(3, false);
    assert_eq!((states, dead), (853_405, 0));
    let (states, _, dead) = count(3, true);
    assert_eq!((states, dead), (1_092_625, 576));
}
