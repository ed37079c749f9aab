//! Words that no operation wrote: in the middle of a run of all families (sharing records, caches, rings, grants, nested
//! views) some words become anything. Whoever reads them, operation, watcher or view, finds something broken and says
//! so; nobody panics, and nobody goes on for ever.
//!
//! Left alone are ghost words, which only the watchers write, and words that are busy for a few stores of one effect:
//! in simulated memory nobody ever sees them so.

use crate::dice::{Dice, scale};
use crate::look_at_all;
use p2mscope_core::addr::Word;
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::machine::{ActorWord, DomWord, Policy, Region, World};
use p2mscope_core::sched::{Random, Run};
use p2mscope_core::watch::survey::Survey;
use p2mscope_core::watch::{Rules, invariants};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The eight actors of mixed kinds, without their pauses, and a vCPU that runs a guest of its own.
fn lesson() -> Lesson {
    let text = include_str!("../live/mixed.toml").replace("repeat 400", "repeat 1");
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

/// The words that may be written, by kind.
fn regions(world: &World) -> BTreeMap<u8, Vec<u32>> {
    let map = &world.map;
    let mut busy = vec![map.heap()];
    busy.extend((0..world.domains.len() as u8).map(|slot| map.dom(slot, DomWord::GlobalSpin)));
    busy.extend(world.actor_ids().map(|a| map.actor(a, ActorWord::Walking)));
    let mut all = BTreeMap::<u8, Vec<u32>>::new();
    for w in (0..map.len()).filter(|&w| !busy.contains(&Word(w))) {
        match map.region(Word(w)) {
            Region::Ghost => {}
            region => all.entry(region as u8).or_default().push(w),
        }
    }
    all
}

/// Some words become small, large, the number of a frame, what another word holds, or one bit off.
fn poke(d: &mut Dice, regions: &BTreeMap<u8, Vec<u32>>, words: &mut [u64]) -> Vec<(u32, u64)> {
    let kinds: Vec<&Vec<u32>> = regions.values().collect();
    (0..1 + d.below(6))
        .map(|_| {
            let of = |d: &mut Dice| {
                let kind = kinds[d.below(kinds.len())];
                // Rather one that is in use.
                let any = |d: &mut Dice| kind[d.below(kind.len())];
                (0..8).map(|_| any(d)).find(|&w| words[w as usize] != 0).unwrap_or_else(|| any(d))
            };
            let (w, other) = (of(d), of(d));
            let value = match d.below(7) {
                0 => d.below(4) as u64,
                1 => u64::MAX - d.below(3) as u64,
                2 => d.next(),
                3 => d.below(128) as u64,
                4 => words[other as usize],
                _ => words[w as usize] ^ 1 << d.below(64),
            };
            words[w as usize] = value;
            (w, value)
        })
        .collect()
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
        let d = &mut Dice(seed ^ 0xbad0_0000);
        let staged = l.stage("before", Some(policy), None).expect("it can be staged");
        let mut run = Run::new(staged.sim(Rules::NONE));
        let mut random = Random::new(seed);
        for _ in 0..d.below(600) {
            run.pick(&mut random);
        }
        let world = &staged.world;
        let mut words: Vec<u64> = (0..world.map.len())
            .map(|w| match world.map.region(Word(w)) {
                Region::Ghost => staged.first[w as usize],
                _ => run.sim().memory().peek(Word(w)),
            })
            .collect();
        let poked = poke(d, &regions(world), &mut words);
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
