//! Words that no operation wrote: in the middle of a run of all families (sharing records, caches, rings, grants, nested
//! views) some words become anything. Whoever reads them, operation, watcher or view, finds something broken and says
//! so; nobody panics, and nobody goes on for ever.

use crate::scale;
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Random, Run};
use p2mscope_core::trial::{Dice, look_at_all, mixed, poke, words_at_rest};
use p2mscope_core::watch::survey::Survey;
use p2mscope_core::watch::{Rules, invariants};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The eight actors of mixed kinds, without their pauses, and a vCPU that runs a guest of its own.
fn lesson() -> Lesson {
    let text = mixed::TEXT.replace("repeat 400", "repeat 1");
    let more = r#"
[[view]]
name = "x1"
domain = 1
kind = "nested"
tables = 4

[[view]]
name = "x2"
domain = 1
kind = "nested"
tables = 4

[[view]]
name = "a1"
domain = 1
kind = "alt"
tables = 4

[[actor]]
name = "V3"
kind = "vcpu"
domain = 1
program = '''
c = nested_get V3 = 7
c = nested_fill x1:0x80 to 1:0x200
v = hw_read x1:0x80
c = nested_get V3 = 8
c = nested_fill x2:0x80 to 1:0x202
v = read x2:0x80
c = nested_flush 1
'''
"#;
    Lesson::parse(&format!("{text}{more}")).unwrap_or_else(|e| panic!("{e:#?}"))
}

/// Everything that says what is wrong, and then some steps more. Whether anything was wrong at first.
fn bear(staged: &Staged, seed: u64) -> bool {
    let mut copy = staged.first.to_vec();
    invariants::drained(&mut copy, &staged.world);
    let survey = Survey::take(&mut copy, &staged.world);
    invariants::leaks(&mut copy, &staged.world, &survey, &mut Vec::new());
    let mut run = Run::new(staged.sim(Rules::ALL));
    let mut random = Random::new(seed);
    look_at_all(&mut run);
    for _ in 0..3 {
        for _ in 0..30 {
            if !run.pick(&mut random) {
                break;
            }
        }
        look_at_all(&mut run);
    }
    !run.sim().start_broken().is_empty()
}

#[test]
fn words_that_nobody_wrote_are_borne() {
    let l = lesson();
    let (mut told, mut failed) = (0, Vec::new());
    for (seed, policy) in (0..40 * scale()).zip(Policy::ALL.into_iter().cycle()) {
        let d = &mut Dice::new(seed ^ 0xbad0_0000);
        let staged = l.stage("before", Some(policy), None).expect("it can be staged");
        let mut run = Run::new(staged.sim(Rules::NONE));
        let mut random = Random::new(seed);
        for _ in 0..d.below(600) {
            run.pick(&mut random);
        }
        let mut words = words_at_rest(&staged, &run);
        let poked = poke(d, &staged.world, &mut words);
        let poked_state = Staged { first: words.into(), ..staged.clone() };
        let bears = catch_unwind(AssertUnwindSafe(|| bear(&poked_state, seed)));
        match bears {
            Ok(broken) => told += broken as u32,
            Err(_) => failed.push(format!("seed {seed} {policy:?}: these words became that: {poked:?}")),
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(told > 0, "some of it is a breach from the beginning");
}
