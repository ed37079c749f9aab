//! One entry, bit by bit.

use super::tables::{table_of, tables};
use crate::addr::{FRAME_WORDS, Word};
use crate::entry::{describe, summary};
use crate::machine::{Region, Words};
use crate::sched::Run;
use crate::sim::Code;

/// A named run of bits of an entry.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct FieldView {
    /// Its name.
    pub name: &'static str,
    /// Its lowest bit.
    pub low: u8,
    /// Its highest bit.
    pub high: u8,
    /// What it holds.
    pub value: u64,
    /// What it held before the last step.
    pub before: u64,
    /// What it means here.
    pub meaning: String,
    /// Who reads it, and for what.
    pub what: &'static str,
    /// Whether the last step changed it.
    pub changed: bool,
}

/// An entry of a table.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct EntryView {
    /// Its word in memory.
    pub word: u32,
    /// The frame that it lies in.
    pub table: u64,
    /// Its place there.
    pub index: u64,
    /// The level that it is read at.
    pub level: u8,
    /// Its bits.
    pub raw: u64,
    /// Its bits before the last step.
    pub before: u64,
    /// The bits that the last step changed.
    pub changed: u64,
    /// What it says, in one sentence.
    pub summary: String,
    /// Its fields, lowest bit first; they cover all 64 bits.
    pub fields: Vec<FieldView>,
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
    let field = |f: crate::entry::FieldValue| FieldView {
        name: f.field.name,
        low: f.field.low,
        high: f.field.high,
        value: f.value,
        before: f.field.get(before),
        meaning: f.meaning,
        what: f.field.what,
        changed: f.field.get(before) != f.value,
    };
    Some(EntryView {
        word,
        table: at.frame().0,
        index: word as u64 % FRAME_WORDS,
        level,
        raw,
        before,
        changed: raw ^ before,
        summary: summary(world.format, level, raw),
        fields: describe(world.format, level, raw).into_iter().map(field).collect(),
    })
}
