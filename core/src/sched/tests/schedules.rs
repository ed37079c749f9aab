//! Schedules: written, read, played.

use super::programs::{ab_ba, run, take};
use super::*;
use crate::addr::Word;
use crate::lock::Lock;
use crate::machine::{Words, World};
use crate::sim::{Code, Locals, Sim, Twin};
use crate::step::{Effect, Step, Stop};
use crate::watch::{Broken, Rules};
use proptest::prelude::*;
use std::sync::Arc;

fn twin() -> Run<Twin> {
    let (world, first) = Twin::world(3);
    Run::new(Sim::new(world, Arc::new(Twin { rounds: 2, inverted: true }), first, Rules::NONE))
}

/// The text without its check values, which depend on where words lie.
fn unchecked(text: &str) -> String {
    text.split(' ').filter(|w| !w.starts_with('~')).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_schedule_names_statements_and_lock_events() {
    let mut run = ab_ba();
    run.take(V0, 0).unwrap();
    run.take(PG, 0).unwrap();
    run.until_blocked(V0).unwrap();
    run.take(PG, 0).unwrap();
    assert_eq!(unchecked(&run.schedule()), "V0 0 PG 0 V0 1 PG 1+1");
    run.seek(1);
    assert_eq!(unchecked(&run.schedule()), "V0 0", "a schedule ends at the position");
    assert_eq!(unchecked(&run.schedule_of(0)), "V0 0 PG 0 V0 1 PG 1+1");
}

#[test]
fn a_long_turn_is_one_name() {
    let mut run = ab_ba();
    run.until_blocked(V0).unwrap();
    run.until_blocked(SH).unwrap();
    assert_eq!(unchecked(&run.schedule()), "V0 3 SH 2");
}

#[test]
fn a_step_within_a_statement_goes_by_lock_event_and_effect() {
    // Load, cas, lock, load, store, lock, load, store, unlock, unlock, add.
    let mut run = twin();
    for (steps, name) in [(1, "+1"), (2, "+2"), (3, ".1"), (4, ".1+1"), (6, ".2"), (8, ".2+2"), (10, ".4"), (11, "0")] {
        run.seek(steps);
        while run.at() < steps {
            run.take(V0, 0).unwrap();
        }
        assert_eq!(unchecked(&run.schedule()), format!("A0 {name}"));
    }
}

/// One statement of one effect, three times over.
struct Thrice;

impl Code for Thrice {
    fn start<W: Words>(&self, _: &World, _: &mut W, a: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        (a == V0).then_some(0)
    }

    fn run<S: Step>(&self, _: ActorId, _: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        let n = s.world().map.word(0);
        s.add(n, 1)
    }

    fn finish<W: Words>(
        &self,
        _: &World,
        _: &mut W,
        _: ActorId,
        _: u64,
        result: u64,
        _: &mut Locals,
        _: &mut Vec<Broken>,
    ) -> Option<u64> {
        (result < 3).then_some(0)
    }
}

#[test]
fn a_place_that_comes_again_is_counted() {
    let (world, first) = super::programs::world(crate::machine::Policy::M2);
    let new = || Run::new(Sim::new(world.clone(), Arc::new(Thrice), first.clone(), Rules::NONE));
    let mut run = new();
    run.until_blocked(V0).unwrap();
    assert_eq!(unchecked(&run.schedule()), "V0 0*3");
    let mut again = new();
    again.play(&Schedule::parse("V0 0*2").unwrap()).unwrap();
    assert_eq!(again.at(), 2);
    again.play(&Schedule::parse(&run.schedule()).unwrap()).unwrap();
    assert_eq!(again.hash(), run.hash());
}

#[test]
fn a_choice_is_written_where_it_was_made() {
    let mut first = run(vec![vec![vec![Effect::Choose(2), Effect::Choose(3), take(Lock::Named(0))]]]);
    first.take(V0, 1).unwrap();
    first.take(V0, 2).unwrap();
    first.take(V0, 0).unwrap();
    assert_eq!(unchecked(&first.schedule()), "V0 +1=1 +2=2 0");
    let schedule = Schedule::parse(&first.schedule()).unwrap();
    let mut again = run(first.sim().code().0.clone());
    assert_eq!(again.play(&schedule).unwrap().changed, None);
    assert_eq!(again.hash(), first.hash());
}

#[test]
fn an_actor_without_an_identifier_goes_by_its_number() {
    assert_eq!(Schedule::parse("#2 0").unwrap().to_string(), "#2 0");
    let mut run = ab_ba();
    run.play(&Schedule::parse("#2 0").unwrap()).unwrap();
    assert_eq!(run.last_event().unwrap().actor, SH);
}

#[test]
fn commas_part_items_as_blanks_do() {
    assert_eq!(Schedule::parse("V0,0.2,~00ff").unwrap(), Schedule::parse("V0 0.2\n ~00ff ").unwrap());
}

#[test]
fn every_sixteen_steps_or_soon_after_stands_a_check() {
    let n = Word(0);
    let mut run = run(vec![vec![vec![Effect::Load(n); 10]; 5]]);
    run.until_blocked(V0).unwrap();
    // Steps 16 to 20 bring the first end of a statement at 20, then 40, then the end.
    let checks: Vec<_> = run.schedule().split(' ').map(|w| w.starts_with('~')).collect();
    assert_eq!(unchecked(&run.schedule()), "V0 1 3 4");
    assert_eq!(checks, [false, false, true, false, true, false, true]);
}

#[test]
fn two_hundred_steps_of_eight_actors_fit_a_link() {
    let (world, first) = Twin::world(8);
    let mut run = Run::new(Sim::new(world, Arc::new(Twin { rounds: 4, inverted: false }), first, Rules::NONE));
    let mut random = Random::new(3);
    while run.at() < 200 && run.pick(&mut random) {}
    assert_eq!(run.at(), 200);
    let text = run.schedule();
    assert!(text.len() < 1900, "{} characters", text.len());
}

#[track_caller]
fn bad(text: &str, at: usize, says: &str) {
    let e = Schedule::parse(text).unwrap_err();
    assert!(e.message.contains(says), "{e}");
    assert_eq!(e.at, at, "{e}");
}

#[test]
fn a_text_that_is_no_schedule_is_refused_where_it_is_wrong() {
    bad("0.2", 0, "an actor's name must come first");
    bad("V0 x?", 3, "an actor is a name");
    bad("V0 0.", 5, "expected a lock event");
    bad("V0 0+", 5, "expected an effect");
    bad("V0 0.1 ~12", 7, "four hexadecimal digits");
    bad("V0 0*0", 5, "expected the end");
    bad("V0 0.1z", 6, "expected the end");
    bad("V0 0 !", 5, "expected an actor's name");
    bad("V0 99999999999999999999", 3, "expected a statement");
    bad("#900", 0, "`#` and its number");
    bad("V0 é", 3, "expected an actor's name");
}

#[track_caller]
fn refused(text: &str, step: usize, why: &str) {
    let mut run = ab_ba();
    let e = run.play(&Schedule::parse(text).unwrap()).unwrap_err();
    assert_eq!((e.step, e.why.as_str()), (step, why));
    assert_eq!(run.at(), step - 1, "what could be played has been");
}

#[test]
fn a_schedule_is_refused_at_the_step_whose_actor_cannot_run() {
    refused("V0 0 PG 2", 5, "PG asks for range 0 of domain 1, which V0 holds since step 1.");
    refused("SH 2 V0 0 SH 3", 5, "SH does not come to the end of its statement 3.");
    refused("V0 0 XX 1", 1, "There is no actor XX here.");
    refused("V0 0 1.2", 2, "V0 does not come to lock event 2 of its statement 1.");
    refused("V0 1.4q", 1, "V0 does not come to queuing for lock event 4 of its statement 1.");
}

#[test]
fn a_wrong_check_says_between_which_steps_it_went_astray() {
    let mut first = run(vec![vec![vec![Effect::Add(Word(0), 1); 10]; 5]]);
    first.until_blocked(V0).unwrap();
    let schedule = Schedule::parse(&first.schedule()).unwrap();
    // The same statements, but the third one adds something else.
    let mut programs = first.sim().code().0.clone();
    programs[0][2][3] = Effect::Add(Word(0), 2);
    let mut changed = run(programs);
    assert_eq!(changed.play(&schedule), Ok(Played { steps: 50, changed: Some((20, 40)) }));
}

#[test]
fn a_name_keeps_its_meaning_when_a_statement_grows() {
    let mut first = ab_ba();
    first.play(&Schedule::parse("V0 0 PG 0 V0 1 PG 1").unwrap()).unwrap();
    let schedule = Schedule::parse(&first.schedule()).unwrap();
    let mut programs = first.sim().code().0.clone();
    for p in &mut programs[..2] {
        p[1].insert(1, Effect::Wake(Word(0)));
    }
    let mut grown = run(programs);
    let played = grown.play(&schedule).unwrap();
    assert_eq!(played.steps, 8, "two steps more than before");
    assert_eq!(grown.waits_since(V0), first.waits_since(V0).map(|k| k + 1));
    assert!(grown.enabled().iter().all(|(a, _)| *a == SH), "the same deadlock");
}

#[test]
fn playing_from_a_later_position_begins_at_the_first_state() {
    let mut run = ab_ba();
    run.play(&Schedule::parse("V0 0 PG 0").unwrap()).unwrap();
    let hash = run.hash();
    run.play(&Schedule::parse("SH 1").unwrap()).unwrap();
    assert_eq!((run.at(), run.forks().len()), (2, 2));
    run.play(&Schedule::parse("V0 0 PG 0").unwrap()).unwrap();
    assert_eq!((run.hash(), run.forks().len(), run.fork()), (hash, 2, 0));
}

#[test]
fn the_steps_of_a_search_are_taken_as_far_as_they_go() {
    let mut run = ab_ba();
    run.take(SH, 0).unwrap();
    assert_eq!(run.retrace(&[(V0, 0), (PG, 0), (V0, 1), (V0, 0)]), 2, "there is no second way");
    assert_eq!((run.at(), run.forks().len()), (2, 2));
    assert_eq!(run.retrace(&[(SH, 0)]), 1);
    assert_eq!((run.forks().len(), run.fork()), (2, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_down_plays_to_the_same_state(picks in prop::collection::vec(0usize..12, 0..120), at in 0usize..120) {
        let mut run = twin();
        for n in picks {
            let enabled = run.enabled();
            let Some(&(a, _)) = enabled.get(n % enabled.len().max(1)) else { break };
            run.take(a, 0).unwrap();
        }
        run.seek(at);
        let text = run.schedule();
        let schedule = Schedule::parse(&text).unwrap();
        prop_assert_eq!(&schedule.to_string(), &text);
        let mut again = twin();
        let played = again.play(&schedule);
        prop_assert_eq!(played, Ok(Played { steps: run.at(), changed: None }), "{}", text);
        prop_assert_eq!(again.hash(), run.hash());
        let steps = |run: &Run<Twin>| run.past().iter().map(|e| (e.actor, e.choice)).collect::<Vec<_>>();
        prop_assert_eq!(steps(&again), steps(&run));
        let mut scripted = Scripted::new(&schedule, run.world()).unwrap();
        let mut picked = twin();
        while picked.pick(&mut scripted) {}
        prop_assert_eq!(steps(&picked), steps(&run));
    }

    #[test]
    fn no_text_panics(text in "[V0-9.+*=~#qa-f ,é]{0,40}") {
        if let Ok(schedule) = Schedule::parse(&text) {
            let again = Schedule::parse(&schedule.to_string());
            prop_assert_eq!(again, Ok(schedule.clone()));
            let _ = ab_ba().play(&schedule);
        }
    }
}
