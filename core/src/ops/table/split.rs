//! Growing a table downwards: a leaf is split, a missing table is made.
//!
//! Protocol: the table's shape has an exclusion of its own, the structure lock (S62). Under it the entry is looked at
//! again: if another actor was here first its table stands, and nothing is done. Else all pages that the way down
//! takes are got before anything is written; the new tables are filled and linked to each other while nobody can
//! reach them; one store then puts the uppermost in the place of what was there (XSA-328). A walker on any processor
//! sees the leaf or its 512 children, and never a half of either.

use crate::addr::{DomGfn, Mfn};
use crate::entry::Decoded;
use crate::lock::{Lock, Mode};
use crate::step::{Act, Page, Step, Stop};

/// An entry that is no link, and how far down tables are wanted below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    /// The table it stands in.
    pub table: Mfn,
    /// The level of that table.
    pub level: u8,
    /// What was read there.
    pub seen: u64,
    /// The level of the lowest table that is wanted, below the entry's.
    pub target: u8,
}

/// Puts tables where `seen` stood: empty below a hole, the children of a leaf below a leaf. A leaf of 1 GB costs one
/// page to become leaves of 2 MB, and a second where a part of one of them shall be 4 KB.
///
/// False if there are not enough pages: then the tables are as they were, and the pages that were there are back.
pub(super) fn grow<S: Step>(s: &mut S, slot: u8, g: DomGfn, gap: Gap) -> Result<bool, Stop> {
    s.scope(|s| {
        let word = s.page_word(gap.table, g.gfn.index(gap.level))?;
        s.lock(Lock::Structure(slot), Mode::Exclusive)?;
        s.note("looks again whether a table is still missing");
        let now = s.load(word)?;
        let made = now != gap.seen || link(s, slot, g, gap)?;
        s.unlock(Lock::Structure(slot), Mode::Exclusive)?;
        Ok(made)
    })
}

fn link<S: Step>(s: &mut S, slot: u8, g: DomGfn, gap: Gap) -> Result<bool, Stop> {
    let format = s.world().format;
    let mut pages = [Mfn::INVALID; 3];
    let wanted = usize::from(gap.level - gap.target).min(pages.len());
    for i in 0..wanted {
        s.note("takes a page for a new table");
        pages[i] = Mfn(s.act(Act::AllocTable(slot))?);
        if !pages[i].is_valid() {
            for &page in &pages[..i] {
                s.note("gives back what is not enough");
                s.act(Act::FreeTable(page))?;
            }
            return Ok(false);
        }
    }
    let mut entry = gap.seen;
    for (i, &table) in pages[..wanted].iter().enumerate() {
        let above = gap.level - i as u8;
        if matches!(format.decode(above, entry), Decoded::Leaf(_)) {
            s.page(Page::Fill { table, entry, level: above })?;
            entry = s.world().split_child(entry, above, g.gfn.index(above - 1), &s.world().leaf_ctx(slot));
        }
        if let Some(&below) = pages[..wanted].get(i + 1) {
            let word = s.page_word(table, g.gfn.index(above - 1))?;
            s.note("links the next table, which nobody can reach yet");
            s.store(word, format.link(below))?;
        }
    }
    let word = s.page_word(gap.table, g.gfn.index(gap.level))?;
    s.note("links the new table");
    s.store(word, format.link(pages[0]))?;
    Ok(true)
}
