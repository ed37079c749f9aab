//! The words of a lesson's schedule.

use super::programs::ab_ba;
use super::*;
use crate::lesson::{ScheduleWord, Until};
use crate::script::Span;

fn words(words: &[(ActorId, Until)]) -> Vec<ScheduleWord> {
    let word = |(a, until): &(ActorId, Until)| ScheduleWord {
        actor: a.0 as usize,
        until: until.clone(),
        span: Span::default(),
    };
    words.iter().map(word).collect()
}

/// A label is the number of a place, or of several.
fn label(_: ActorId, name: &str) -> Vec<u64> {
    name.split('_').map(|n| n.parse().unwrap()).collect()
}

fn to(name: &str) -> Until {
    Until::Label(name.into())
}

#[track_caller]
fn check(schedule: &[(ActorId, Until)], steps: &[u8]) {
    let mut run = ab_ba();
    assert_eq!(run.go(&words(schedule), &label), Ok(steps.len()));
    assert_eq!(run.past().iter().map(|e| e.actor.0).collect::<Vec<_>>(), steps);
}

#[test]
fn words_say_how_far_an_actor_goes() {
    check(&[(V0, Until::Steps(1)), (SH, Until::Steps(2))], &[0, 2, 2]);
    check(&[(V0, to("2")), (PG, Until::Blocked)], &[0, 0, 0, 1, 1, 1]);
    check(&[(V0, to("0"))], &[]);
    check(&[(V0, to("3_1"))], &[0]);
    check(&[(SH, Until::Blocked), (V0, Until::Blocked)], &[2, 2, 2, 0, 0, 0, 0, 0, 0]);
}

#[track_caller]
fn refused(schedule: &[(ActorId, Until)], at: (usize, usize), why: &str) {
    let e = ab_ba().go(&words(schedule), &label).unwrap_err();
    assert_eq!(((e.word, e.step), e.why.as_str()), (at, why));
}

#[test]
fn a_word_is_refused_at_the_step_that_cannot_be_taken() {
    let range = "PG asks for range 0 of domain 1, which V0 holds since step 1.";
    refused(&[(V0, Until::Steps(1)), (PG, Until::Steps(4))], (1, 5), range);
    refused(&[(V0, Until::Steps(1)), (PG, to("3"))], (1, 5), range);
    refused(&[(SH, Until::Blocked), (SH, Until::Blocked)], (1, 4), "SH has ended.");
    refused(&[(SH, to("7"))], (0, 4), "SH has ended.");
    refused(&[(ActorId(9), Until::Steps(1))], (0, 1), "There is no such actor.");
}

#[test]
fn a_place_in_the_midst_of_which_an_actor_stands_is_not_reached() {
    // V0 stands behind the load of statement 1; `@1` means before it.
    refused(&[(V0, Until::Steps(2)), (V0, to("1"))], (1, 7), "V0 has ended.");
}
