//! An entry in words: each field with its value and what that means here, and the whole in one sentence.
//!
//! For people, so it allocates; what runs per step or per access reads [`Format::decode`] instead.

use std::fmt;

use super::access::{Access, Perms};
use super::field::{Field, Kind};
use super::format::{Family, Format};
use super::hardware::{Cpu, Hardware};
use super::leaf::{Decoded, Leaf, Misconfig};
use crate::addr::{Mfn, Order};

/// One field of an entry, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldValue {
    /// Which bits.
    pub field: &'static Field,
    /// What they hold.
    pub value: u64,
    /// What that means in this entry at this level.
    pub meaning: String,
}

/// Every field of `entry`, read as an entry of a table at `level`; lowest bit first.
pub fn describe(format: Format, level: u8, entry: u64) -> Vec<FieldValue> {
    let role = Role::of(format, level, entry);
    let read = |field: &'static Field| {
        let value = field.get(entry);
        FieldValue { field, value, meaning: meaning(format, role, field, value) }
    };
    format.fields(level).iter().map(read).collect()
}

/// The whole entry in one sentence or two: what it maps, what a guest may do there, and what a processor refuses.
pub fn summary(format: Format, level: u8, entry: u64) -> String {
    let mut text = match format.decode(level, entry) {
        Decoded::Empty => return "Empty: nothing is mapped here.".into(),
        Decoded::Table { mfn } => format!("A link to the table of level {} in frame {mfn}.", level.saturating_sub(1)),
        Decoded::Leaf(leaf) => leaf_summary(format, entry, &leaf),
        Decoded::Misconfigured { why } => format!("Not an entry that the hypervisor writes: {why}."),
    };
    if let Hardware::Misconfigured { why } = format.hardware(level, entry, Cpu::default()) {
        let again = format.decode(level, entry) == Decoded::Misconfigured { why };
        let why = if again { String::new() } else { format!(": {why}") };
        let leaves = match format.family() {
            Family::Ept => "an EPT misconfiguration",
            Family::Npt => "a nested page fault for reserved bits",
        };
        text += &format!(" A processor leaves here with {leaves}{why}.");
    }
    if format.needs_recalc(entry) {
        text += match format.family() {
            Family::Ept => " So it was meant:",
            Family::Npt => " No guest access passes here:",
        };
        text += " the next one has the type computed again.";
    }
    text
}

fn leaf_summary(format: Format, entry: u64, leaf: &Leaf) -> String {
    let at = if leaf.mfn.is_valid() { format!(" at frame {}", leaf.mfn) } else { " without a frame".into() };
    let may = words(format.perms(entry));
    let under = match format.family() {
        Family::Ept => format!("under access {} ", leaf.access),
        Family::Npt => String::new(),
    };
    format!("A {} leaf of type {} ({}){at}; {under}a guest may {may}.", Size(leaf.order), leaf.ty, leaf.ty.meaning())
}

/// `r-x` as "read and execute".
fn words(perms: Perms) -> &'static str {
    match (perms.r, perms.w, perms.x) {
        (false, false, false) => "do nothing",
        (true, false, false) => "only read",
        (false, true, false) => "only write",
        (false, false, true) => "only execute",
        (true, true, false) => "read and write",
        (true, false, true) => "read and execute",
        (false, true, true) => "write and execute",
        (true, true, true) => "read, write and execute",
    }
}

/// What an entry is by its level and superpage bit alone, which decides what its fields mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Empty,
    Link,
    Leaf(Order),
}

impl Role {
    fn of(format: Format, level: u8, entry: u64) -> Role {
        match (format.decode(level, entry), Order::of_level(level)) {
            (Decoded::Empty, _) => Role::Empty,
            (Decoded::Table { .. } | Decoded::Misconfigured { why: Misconfig::HalfLink }, _) | (_, None) => Role::Link,
            (_, Some(order)) => Role::Leaf(order),
        }
    }
}

fn meaning(format: Format, role: Role, field: &Field, value: u64) -> String {
    match (field.kind, role) {
        (Kind::Allow, _) if value == 1 => "allowed".into(),
        (Kind::Allow, _) => "not allowed".into(),
        (Kind::Deny, _) if value == 1 => "forbidden".into(),
        (Kind::Deny, _) => "not forbidden".into(),
        (Kind::Unused, _) if value != 0 => "should be 0".into(),
        (Kind::Unused, _) | (_, Role::Empty) => String::new(),
        (Kind::MemoryType, Role::Link) if value != 0 => "reserved in a link, must be 0".into(),
        (Kind::MemoryType, Role::Link) => "not used in a link".into(),
        (Kind::MemoryType, Role::Leaf(_)) => memory_type(value).into(),
        (Kind::Flag, _) if value == 1 => "set".into(),
        (Kind::Flag, _) => "clear".into(),
        (Kind::Type, Role::Link) => "not used in a link".into(),
        (Kind::Type, Role::Leaf(_)) => match format.type_of_code(value) {
            Some(ty) => format!("{ty}: {}", ty.meaning()),
            None => Misconfig::UnknownType(value as u8).to_string(),
        },
        (Kind::Access, role) => match Access::from_code(value).filter(|a| format.has_access(*a)) {
            Some(access) if role == Role::Link => format!("{access}, the default access of this p2m"),
            Some(access) => format!("{access}: {}", access.meaning()),
            None => Misconfig::UnknownAccess(value as u8).to_string(),
        },
        (Kind::Mfn, Role::Link) => format!("the next table is in frame {value:#x}"),
        (Kind::Mfn, Role::Leaf(order)) if format.family() == Family::Npt && order != Order::K4 && value & 1 == 1 => {
            frames(Mfn(value & !1), order) + ", and the bit that selects the upper half of the PAT"
        }
        (Kind::Mfn, Role::Leaf(order)) => frames(Mfn(value), order),
    }
}

fn frames(mfn: Mfn, order: Order) -> String {
    match order {
        _ if !mfn.is_valid() => "no frame".into(),
        Order::K4 => format!("machine address {:#x}", mfn.0 << 12),
        _ => format!("{} frames from machine address {:#x}", order.frames(), mfn.0 << 12),
    }
}

/// The names of Intel's memory types.
fn memory_type(emt: u64) -> &'static str {
    match emt {
        0 => "UC, uncached",
        1 => "WC, write-combining",
        4 => "WT, write-through",
        5 => "WP, write-protected",
        6 => "WB, write-back",
        7 => "reserved; stored today on purpose, to be called at the next access",
        _ => "reserved",
    }
}

struct Size(Order);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Order::K4 => "4 KB",
            Order::M2 => "2 MB",
            _ => "1 GB",
        })
    }
}
