//! Who is picked.

use super::programs::ab_ba;
use super::*;

fn actors(run: &Run<super::programs::Programs>) -> Vec<u8> {
    run.past().iter().map(|e| e.actor.0).collect()
}

#[test]
fn round_robin_takes_each_in_turn_and_leaves_out_who_waits() {
    let mut run = ab_ba();
    while run.pick(&mut RoundRobin) {}
    // All three count; then V0 and PG wait for each other, and SH has ended.
    assert_eq!(actors(&run), [0, 1, 2, 0, 1, 2, 0, 1, 2]);
    assert_eq!(run.enabled(), []);
}

#[test]
fn a_seed_gives_the_same_run_again() {
    let play = |seed| {
        let mut run = ab_ba();
        let mut random = Random::new(seed);
        while run.pick(&mut random) {}
        actors(&run)
    };
    assert_eq!(play(1), play(1));
    assert!((2..20).any(|seed| play(seed) != play(1)));
}

#[test]
fn chance_picks_everybody_and_every_way() {
    use crate::step::Effect;
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let mut run = super::programs::run(vec![vec![vec![Effect::Choose(3)]], vec![vec![Effect::Choose(2)]]]);
        run.pick(&mut Random::new(seed));
        let e = run.last_event().unwrap();
        seen.insert((e.actor.0, e.choice));
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]);
}

#[test]
fn a_script_picks_what_it_says_and_then_stops() {
    let schedule = Schedule::parse("V0 0 PG 0 V0 1").unwrap();
    let mut run = ab_ba();
    let mut scripted = Scripted::new(&schedule, run.world()).unwrap();
    while run.pick(&mut scripted) {}
    assert_eq!(actors(&run), [0, 1, 0, 0]);
}

#[test]
fn a_script_knows_its_actors() {
    let run = ab_ba();
    assert_eq!(Scripted::new(&Schedule::parse("V9 0").unwrap(), run.world()).unwrap_err(), "V9");
}

#[test]
fn a_run_to_the_breach_stops_at_it() {
    use crate::sim::Sim;
    use crate::watch::{Rule, Rules};
    let unwatched = ab_ba();
    let sim = unwatched.sim();
    let first: std::sync::Arc<[u64]> = super::programs::world(crate::machine::Policy::M2).1;
    let mut run = Run::new(Sim::new(sim.world().clone(), sim.code().clone(), first, Rules::only(Rule::Deadlock)));
    assert!(run.until_breach(&mut RoundRobin));
    assert_eq!(run.last_event().unwrap().broken[0].rule, Rule::Deadlock);
    // V0, PG, SH, V0, PG, SH: each has its lock and has loaded; V0 adds, then PG's add closes the ring.
    assert_eq!(run.at(), 8);
}
