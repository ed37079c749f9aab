//! One entry of a table in memory, bit by bit.

use super::bits::{BitsView, bits};
use super::tables::{table_of, tables};
use crate::addr::{FRAME_WORDS, Word};
use crate::machine::{Region, Words};
use crate::sched::Run;
use crate::sim::Code;

/// An entry of a table.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct EntryView {
    /// Its word in memory.
    pub word: u32,
    /// The frame that it lies in.
    pub table: u64,
    /// Its place there.
    pub index: u64,
    /// Its bits, and what the last step changed of them.
    #[serde(flatten)]
    pub bits: BitsView,
}

/// The word as an entry, read at the level of the table it lies in, or at `level` where no table is found. None if it
/// is no word of a page.
pub fn entry<C: Code>(run: &mut Run<C>, word: u32, level: u8) -> Option<EntryView> {
    let world = run.world().clone();
    let at = Word(word);
    if word >= world.map.len() || world.map.region(at) != Region::Page {
        return None;
    }
    let all = tables(run.words(), &world);
    let level = table_of(&all, at).map_or(level.min(3), |t| t.0.level);
    let raw = run.words().get(at);
    let before = run.last_event().and_then(|e| e.wrote.iter().find(|w| w.0 == at)).map_or(raw, |w| w.1);
    Some(EntryView {
        word,
        table: at.frame().0,
        index: word as u64 % FRAME_WORDS,
        bits: bits(world.format, level, raw, before),
    })
}
