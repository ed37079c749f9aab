//! The walk of one gfn through a domain's table, level by level.

use super::naming::Names;
use crate::addr::{DomGfn, FRAME_WORDS, Gfn, Mfn, Word};
use crate::entry::{Decoded, summary};
use crate::machine::{FrameUse, Words, World, frames};
use crate::sched::Run;
use crate::sim::Code;

/// A line of a table's listing.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Row {
    /// An entry.
    Entry {
        /// Which of the table's 512.
        index: u64,
        /// The first gfn that it translates.
        gfn: u64,
        /// Its word in memory.
        word: u32,
        /// Its bits.
        raw: u64,
        /// What it says, in one sentence.
        summary: String,
        /// Whether the walk goes through it.
        picked: bool,
        /// Whether the last step changed it.
        changed: bool,
        /// What it said before the last step, if that changed it.
        before: Option<String>,
    },
    /// A run of empty entries, left out.
    Empty {
        /// The first of them.
        first: u64,
        /// How many.
        count: u64,
    },
    /// A run of entries that are not empty but far from the path, left out.
    More {
        /// The first of them.
        first: u64,
        /// How many.
        count: u64,
    },
}

/// One table on the way.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Level {
    /// 3 is the root, 0 holds leaves of 4 KB.
    pub level: u8,
    /// The frame of the table.
    pub mfn: u64,
    /// Whether that frame is still a table of the domain; a walk through a freed one is astray.
    pub table: bool,
    /// The picked entry's place.
    pub index: u64,
    /// The picked entry's word in memory.
    pub word: u32,
    /// The picked entry's bits.
    pub raw: u64,
    /// What the picked entry says, in one sentence.
    pub summary: String,
    /// Whether the last step linked it here.
    pub linked: bool,
    /// The table's entries near the path, lowest first.
    pub rows: Vec<Row>,
}

/// What the last step made of an entry on the path.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Remade {
    /// The level of the entry.
    pub level: u8,
    /// `split`: a superpage became a table; `merged`: a table became a superpage; `linked`: a table where nothing was;
    /// `unlinked`: nothing where a table was; `changed`: anything else.
    pub kind: &'static str,
    /// In one sentence.
    pub sentence: String,
}

/// The walk of a gfn.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Walk {
    /// The domain's place in the world.
    pub slot: u8,
    /// The domain's number.
    pub domain: u16,
    /// The gfn.
    pub gfn: u64,
    /// The tables on the way, root first.
    pub levels: Vec<Level>,
    /// The frame that the leaf gives for the gfn, if the walk ends at one that has a frame.
    pub mfn: Option<u64>,
    /// That frame's name, else its number.
    pub frame: Option<String>,
    /// The order of the leaf.
    pub order: Option<u8>,
    /// The type of the leaf.
    pub ty: Option<String>,
    /// How it ends, in one sentence.
    pub end: String,
    /// What the last step made of an entry on the path, if it did.
    pub remade: Option<Remade>,
}

/// Entries shown on each side of the picked one; what is further off is folded.
const NEAR: u64 = 2;
/// A step that wrote so many words at the most has all its entries shown, however far from the path.
const SHOWN: usize = 4;

/// The walk of a gfn of the domain at that place in the world, as the hypervisor reads the table; none if there is no
/// such domain or no such gfn.
pub fn walk<C: Code>(run: &mut Run<C>, slot: u8, gfn: u64) -> Option<Walk> {
    let world = run.world().clone();
    let domain = world.domains.get(slot as usize)?;
    let g = DomGfn { dom: domain.id, gfn: Gfn(gfn) };
    if !g.gfn.fits() {
        return None;
    }
    let wrote: Vec<(Word, u64)> = run.last_event().map_or(Vec::new(), |e| e.wrote.clone());
    let mut out = Walk {
        slot,
        domain: domain.id.0,
        gfn,
        levels: Vec::new(),
        mfn: None,
        frame: None,
        order: None,
        ty: None,
        end: String::new(),
        remade: None,
    };
    let (mut table, mut level) = (domain.root, 3);
    loop {
        let Some(found) = read_level(run.words(), &world, slot, table, level, g.gfn, &wrote) else {
            out.end = format!("The link leads to frame {table}, which the machine does not have.");
            return Some(out);
        };
        let (raw, word) = (found.raw, found.word);
        let linked =
            out.remade.as_ref().is_some_and(|it| it.level == level + 1 && matches!(it.kind, "split" | "linked"));
        if let Some((_, old)) = wrote.iter().find(|w| w.0.0 == word) {
            out.remade = Some(remade(run, &world, level, *old, raw));
        }
        out.levels.push(Level { linked, ..found });
        match world.format.decode(level, raw) {
            Decoded::Table { mfn } if level > 0 => (table, level) = (mfn, level - 1),
            other => {
                end(run, &world, &mut out, g, other);
                return Some(out);
            }
        }
    }
}

/// What became of an entry on the path.
fn remade<C: Code>(run: &mut Run<C>, world: &World, level: u8, old: u64, new: u64) -> Remade {
    let names = Names::new(run.words(), world);
    let read = |entry| world.format.decode(level, entry);
    let size = if level == 2 { "1 GB" } else { "2 MB" };
    let (kind, sentence) = match (read(old), read(new)) {
        (Decoded::Leaf(_), Decoded::Table { mfn }) => {
            ("split", format!("Split: the {size} leaf became a link to a table of 512 entries, frame {mfn}."))
        }
        (Decoded::Table { mfn }, Decoded::Leaf(_)) if level > 0 => {
            ("merged", format!("Merged: the table in frame {mfn} became one leaf of {size}."))
        }
        (Decoded::Empty, Decoded::Table { mfn }) => {
            ("linked", format!("Linked: a table in frame {mfn} where nothing was."))
        }
        (Decoded::Table { mfn }, Decoded::Empty) => {
            ("unlinked", format!("Unlinked: the table in frame {mfn} is gone from here."))
        }
        _ => ("changed", format!("Changed: {} became {}.", names.entry(level, old), names.entry(level, new))),
    };
    Remade { level, kind, sentence }
}

fn end<C: Code>(run: &mut Run<C>, world: &World, out: &mut Walk, g: DomGfn, entry: Decoded) {
    let names = Names::new(run.words(), world);
    out.end = match entry {
        Decoded::Leaf(leaf) => {
            (out.order, out.ty) = (Some(leaf.order.bits()), Some(leaf.ty.to_string()));
            let mfn = leaf.mfn.plus(g.gfn.offset(leaf.order));
            if mfn.is_valid() {
                (out.mfn, out.frame) = (Some(mfn.0), Some(world.frame_name(mfn)));
                format!("{g} is {} at {}.", leaf.ty, names.frame(mfn))
            } else {
                format!("{g} is {}, without a frame.", leaf.ty)
            }
        }
        Decoded::Misconfigured { why } => format!("The walk of {g} ends at bits that are no entry: {why}."),
        _ => format!("Nothing is mapped at {g}."),
    };
}

fn read_level<W: Words>(
    m: &mut W,
    world: &World,
    slot: u8,
    table: Mfn,
    level: u8,
    gfn: Gfn,
    wrote: &[(Word, u64)],
) -> Option<Level> {
    let base = world.map.page(table, 0)?;
    let index = gfn.index(level);
    let raw = m.get(base.at(index));
    let first = gfn.0 >> (9 * (level as u32 + 1)) << (9 * (level as u32 + 1));
    let bits = |m: &mut W, i: u64| m.get(base.at(i));
    let mut rows: Vec<Row> = Vec::new();
    for i in 0..FRAME_WORDS {
        let (raw, picked) = (bits(m, i), i == index);
        let changed = wrote.iter().any(|w| w.0 == base.at(i));
        let near = i.abs_diff(index) <= NEAR || changed && wrote.len() <= SHOWN;
        match rows.last_mut() {
            Some(Row::Empty { count, .. }) if raw == 0 && !picked && !changed => *count += 1,
            Some(Row::More { count, .. }) if raw != 0 && !near => *count += 1,
            _ if raw == 0 && !picked && !changed => rows.push(Row::Empty { first: i, count: 1 }),
            _ if !near => rows.push(Row::More { first: i, count: 1 }),
            _ => {
                let before = wrote.iter().find(|w| w.0 == base.at(i)).map(|w| w.1);
                rows.push(Row::Entry {
                    index: i,
                    gfn: first + (i << (9 * level as u32)),
                    word: base.at(i).0,
                    raw,
                    summary: summary(world.format, level, raw),
                    picked,
                    changed: before.is_some(),
                    before: before.map(|old| summary(world.format, level, old)),
                });
            }
        }
    }
    Some(Level {
        level,
        mfn: table.0,
        table: frames::used_as(m, world, table) == FrameUse::Table { slot },
        index,
        word: base.at(index).0,
        raw,
        summary: summary(world.format, level, raw),
        linked: false,
        rows,
    })
}
