//! The same schedule under two policies.

use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Beside, Run};
use p2mscope_core::script::Script;
use p2mscope_core::watch::{Rule, Rules};

fn staged(text: &str, policy: Policy) -> (Lesson, Staged) {
    let lesson = Lesson::parse(text).unwrap();
    let staged = lesson.stage("before", Some(policy), None).unwrap();
    (lesson, staged)
}

/// Plays words under the first policy and follows them under the second.
fn both(text: &str, words: &str, policies: [Policy; 2]) -> (Run<Script>, Beside<Script>) {
    let [(lesson, left), (_, right)] = policies.map(|policy| staged(text, policy));
    let mut run = Run::new(left.sim(Rules::ALL));
    run.go(&lesson.schedule(words).unwrap(), &|a, label| left.places(a, label)).unwrap();
    let beside = Beside::new(&mut run, Run::new(right.sim(Rules::ALL)));
    // The turns leave out no step on either side.
    let (mut l, mut r) = (1, 1);
    for turn in &beside.turns {
        assert_eq!((turn.left.start, turn.right.start), (l, r));
        (l, r) = (turn.left.end, turn.right.end);
    }
    assert_eq!((l - 1, r - 1), (run.at(), beside.run.at()));
    (run, beside)
}

fn breaches(run: &Run<Script>) -> Vec<Rule> {
    let mut all: Vec<Rule> = run.past().iter().flat_map(|e| e.broken.iter().map(|b| b.rule)).collect();
    all.dedup();
    all
}

const S15: &str = include_str!("../../../static/lessons/S15.toml");

#[test]
fn one_lock_for_the_table_hides_what_ranges_show() {
    let (run, mut beside) = both(S15, "TS1@second TS2! TS1!", [Policy::M2, Policy::Global]);
    assert!(breaches(&run).contains(&Rule::Deadlock), "{:?}", breaches(&run));
    // TS1 has the whole table after its first get, so TS2 cannot even begin its own.
    let parted = beside.parted.clone().unwrap();
    assert_eq!(run.world().actor_name(parted.actor), "TS2");
    assert!(parted.why.contains("which TS1 holds since step"), "{}", parted.why);
    let turn = beside.turns.iter().find(|t| t.left.contains(&parted.left)).unwrap();
    assert_eq!(turn.left.end, parted.left + 1, "a turn ends where it cannot be taken");
    // On the left nobody can go on; on the right all do, to the end.
    assert!(beside.after.is_some());
    assert_eq!(breaches(&beside.run), []);
    assert_eq!(beside.stands(), "All programs have ended.");
}

#[test]
fn who_waits_for_nobody_does_the_same_under_both() {
    for policies in [[Policy::Global, Policy::M2], [Policy::M2, Policy::Global], [Policy::G1, Policy::K4]] {
        let (run, mut beside) = both(S15, "TS1! TS2!", policies);
        assert!(run.sim().all_ended());
        assert_eq!((&beside.parted, &beside.late[..], beside.after), (&None, &[][..], None), "{policies:?}");
        assert_eq!(beside.stands(), "All programs have ended.");
        assert_eq!(beside.turns.len(), 2);
    }
}

#[test]
fn under_the_same_policy_it_is_the_same_run() {
    let (run, mut beside) = both(S15, "TS1@second TS2! TS1!", [Policy::M2; 2]);
    assert_eq!((beside.parted.is_none(), beside.run.hash(), beside.run.at()), (true, run.hash(), run.at()));
    assert_eq!(beside.stands(), "TS1 and TS2 have not ended, and none of them can go on.");
}

#[test]
fn who_is_late_catches_up_when_the_lock_is_free() {
    // V0 takes its first page, then P0 tries another one of the same 2 MB, and V0 goes on. Under 4 KB locks P0 does not
    // wait; under 2 MB it is late until V0 has put both pages.
    let first = include_str!("../../../static/lessons/first.toml");
    let (run, beside) = both(first, "V0@second P0! V0!", [Policy::K4, Policy::M2]);
    assert!([0, 2].iter().all(|&a| run.sim().ended(p2mscope_core::addr::ActorId(a))));
    let parted = beside.parted.as_ref().unwrap();
    assert_eq!(run.world().actor_name(parted.actor), "P0");
    assert_eq!(beside.late, [], "it has caught up");
    assert!(beside.turns.iter().any(|t| t.left.is_empty() && !t.right.is_empty()), "in a turn of its own");
}
