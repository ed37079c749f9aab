//! Of programs made up at random the reduced search says what the whole one says.

use crate::usual;
use p2mscope_core::explore::{Limits, Question, Verdict, explore, with_threads};
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;
use p2mscope_core::trial::{Dice, plan};
use p2mscope_core::watch::Rules;
use std::ops::ControlFlow::Continue;

/// Programs that are compared.
const PROGRAMS: u64 = 200;
/// States of the whole search at the most: beyond that a program is passed over.
const STATES: u64 = 4000;

/// Two actors with one piece each, under each policy in turn, some without locks. No search that is complete says anything
/// else than its reduced one, which has no more states.
#[test]
fn reduced_searches_say_the_same() {
    let (mut compared, mut found, mut fewer) = (0, 0, 0);
    for seed in 0.. {
        let mut plan = plan(&mut Dice::new(seed), usual(seed), 1);
        let keep = [seed as usize % 4, (seed as usize / 4 + seed as usize + 1) % 4];
        for (i, a) in plan.actors.iter_mut().enumerate() {
            a.pieces.truncate(keep.contains(&i) as usize);
        }
        let text = plan.alone(&keep);
        let Ok(lesson) = Lesson::parse(&text) else { continue };
        let policy = Policy::ALL[seed as usize % Policy::ALL.len()];
        let Ok(staged) = lesson.stage("before", Some(policy), None) else { continue };
        let sim = staged.sim(Rules::ALL);
        let limits = Limits { states: STATES, ..Limits::default() };
        let q = Question { limits, ..Question::prove(Rules::ALL) };
        let search = |q: &Question<_>| with_threads(1, || explore(&sim, q, |_| Continue(())));
        let whole = search(&q);
        if matches!(whole.verdict, Verdict::Bound { .. }) {
            continue;
        }
        let reduced = search(&q.reduced());
        assert_eq!(reduced.verdict, whole.verdict, "seed {seed} under {}\n{text}", policy.name());
        match whole.verdict {
            Verdict::Safe => assert!(reduced.states <= whole.states && reduced.ends == whole.ends, "seed {seed}"),
            _ => found += 1,
        }
        fewer += (reduced.states < whole.states) as u64;
        compared += 1;
        if compared == PROGRAMS {
            break;
        }
    }
    assert!(found > 2 && fewer > 50, "{found} with a breach, {fewer} with fewer states");
}
