//! Memory in which some words have become anything, as in an image that nobody checked.
//!
//! Left alone are ghost words, which only the watchers write, and words that are busy for a few stores of one effect: in
//! simulated memory nobody ever sees them so.

use super::dice::Dice;
use crate::addr::Word;
use crate::lesson::Staged;
use crate::machine::{ActorWord, DomWord, Region, World};
use crate::sched::Run;
use crate::sim::Code;
use std::collections::BTreeMap;

/// The words where a run stands, with nobody inside a statement: ghost words are those of the first state.
pub fn words_at_rest<C: Code>(staged: &Staged, run: &Run<C>) -> Vec<u64> {
    let map = &staged.world.map;
    let word = |w: u32| match map.region(Word(w)) {
        Region::Ghost => staged.first[w as usize],
        _ => run.sim().memory().peek(Word(w)),
    };
    (0..map.len()).map(word).collect()
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

/// Some words become small, large, the number of a frame, what another word holds, or one bit off. Gives which, and what
/// they hold now.
pub fn poke(d: &mut Dice, world: &World, words: &mut [u64]) -> Vec<(Word, u64)> {
    let regions = regions(world);
    let kinds: Vec<&Vec<u32>> = regions.values().collect();
    let poked = (0..1 + d.below(6)).map(|_| {
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
            2 => d.any(),
            3 => d.below(128) as u64,
            4 => words[other as usize],
            _ => words[w as usize] ^ 1 << d.below(64),
        };
        words[w as usize] = value;
        (Word(w), value)
    });
    poked.collect()
}
