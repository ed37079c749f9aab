//! The rules that can be broken, by name.
//!
//! I1 to I34 are the invariants of the p2m; the others are what a lesson may ask about. A set of rules is a
//! [`Rules`] mask, so that a search can say which of them end a path.

use std::fmt;

/// When a rule's check applies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// After every step.
    Step,
    /// Only while nobody holds a lock or is inside a statement.
    Quiescent,
}

/// One rule. The discriminant is its bit in [`Rules`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Rule {
    /// Every RAM leaf maps an allocated frame that its domain owns and that somebody counts.
    I1,
    /// The frame that a leaf maps names that leaf's frame number in m2p.
    I2,
    /// No frame is mapped by two leaves unless it is shared, granted or foreign.
    I3,
    /// No entry of a table and no TLB maps a free frame.
    I4,
    /// A leaf permits what its type and access allow.
    I5,
    /// A superpage is aligned, and each of its frames would do for a leaf of its own.
    I6,
    /// A table page hangs in one slot, is on its domain's list, and is not reached after it was freed.
    I7,
    /// No mapped frame number lies above max_mapped.
    I8,
    /// A frame's count is its allocation plus its named holders.
    I9,
    /// A frame's type count is its typed holders, and a shared type is owned by cow.
    I10,
    /// An allocated frame has a count, and a counted frame an owner.
    I11,
    /// Paged_pages is the number of frame numbers that are paged out.
    I12,
    /// A nominated frame had no user but its domain.
    I13,
    /// Every vCPU paused by a request has one request outstanding, and the ring is never overfull.
    I14,
    /// The tuples of a shared frame are the frame numbers that map it.
    I15,
    /// A shared frame says so in m2p.
    I16,
    /// Nr_shared is the number of frames with a sharing record.
    I17,
    /// Nr_saved is the number of tuples beyond the first of each shared frame.
    I18,
    /// A shared frame is on no domain's list.
    I19,
    /// Sharing handles are unique.
    I20,
    /// Entry_count is the number of populate-on-demand frame numbers.
    I21,
    /// The cache counts its frames, and they are zero, unmapped and the domain's own.
    I22,
    /// Populated, target, promised and maximum stand in order.
    I23,
    /// A dying domain's cache only shrinks, but under a pod lock taken before it was dying.
    I24,
    /// While log-dirty is on, every written frame number has its bit set.
    I25,
    /// An entry becomes logdirty only where writes are noted.
    I26,
    /// Locks are taken in the order of level, domain and range.
    I27,
    /// Nobody sleeps, waits for another vCPU or enters the guest while it holds a lock.
    I28,
    /// Gets equal puts, nothing is released that is not held, and no lock is taken over fifteen deep.
    I29,
    /// While the global lock is held exclusively nobody else holds a range.
    I30,
    /// Nothing is reused before the flush that it waits for.
    I31,
    /// Tot_pages is the length of the domain's page list.
    I32,
    /// Nr_foreign is the number of foreign leaves.
    I33,
    /// The ioreq counter is the number of ioreq_server leaves.
    I34,
    /// Actors wait for each other and none can ever go on.
    Deadlock,
    /// A state is reached from which no end can be reached, though actors still run.
    Hang,
    /// An actor waited for a lock longer than the world's patience.
    Starvation,
    /// Something was used that was freed since it was read, or a page written that others share.
    Stray,
    /// The guest does not find what it last wrote.
    LostWrite,
    /// At the end something is still held, or belongs to nobody.
    Leak,
    /// A program's own assertion does not hold.
    Assert,
    /// A condition that the lesson states for the end does not hold.
    Ensure,
}

/// Name, sentence and time of each rule, in the order of their bits.
const TABLE: [(Rule, &str, &str, When); 42] = [
    (
        Rule::I1,
        "I1",
        "every RAM leaf maps an allocated frame that its domain owns and that somebody counts",
        When::Step,
    ),
    (Rule::I2, "I2", "the frame that a leaf maps names that leaf's frame number in m2p", When::Quiescent),
    (Rule::I3, "I3", "no frame is mapped by two leaves unless it is shared, granted or foreign", When::Step),
    (Rule::I4, "I4", "no entry of a table and no TLB maps a free frame", When::Step),
    (Rule::I5, "I5", "a leaf permits what its type and access allow", When::Step),
    (Rule::I6, "I6", "a superpage is aligned, and each of its frames would do for a leaf of its own", When::Step),
    (
        Rule::I7,
        "I7",
        "a table page hangs in one slot, is on its domain's list, and is not reached after it was freed",
        When::Step,
    ),
    (Rule::I8, "I8", "no mapped frame number lies above max_mapped", When::Step),
    (Rule::I9, "I9", "a frame's count is its allocation plus its named holders", When::Quiescent),
    (Rule::I10, "I10", "a frame's type count is its typed holders, and a shared type is owned by cow", When::Step),
    (Rule::I11, "I11", "an allocated frame has a count, and a counted frame an owner", When::Step),
    (Rule::I12, "I12", "paged_pages is the number of frame numbers that are paged out", When::Quiescent),
    (Rule::I13, "I13", "a nominated frame had no user but its domain", When::Step),
    (
        Rule::I14,
        "I14",
        "every vCPU paused by a request has one request outstanding, and the ring is never overfull",
        When::Step,
    ),
    (Rule::I15, "I15", "the tuples of a shared frame are the frame numbers that map it", When::Quiescent),
    (Rule::I16, "I16", "a shared frame says so in m2p", When::Quiescent),
    (Rule::I17, "I17", "nr_shared is the number of frames with a sharing record", When::Quiescent),
    (Rule::I18, "I18", "nr_saved is the number of tuples beyond the first of each shared frame", When::Quiescent),
    (Rule::I19, "I19", "a shared frame is on no domain's list", When::Quiescent),
    (Rule::I20, "I20", "sharing handles are unique", When::Quiescent),
    (Rule::I21, "I21", "entry_count is the number of populate-on-demand frame numbers", When::Quiescent),
    (
        Rule::I22,
        "I22",
        "the cache counts its frames, and they are zero, unmapped and the domain's own",
        When::Quiescent,
    ),
    (Rule::I23, "I23", "populated, target, promised and maximum stand in order", When::Quiescent),
    (
        Rule::I24,
        "I24",
        "a dying domain's cache only shrinks, but under a pod lock taken before it was dying",
        When::Step,
    ),
    (Rule::I25, "I25", "while log-dirty is on, every written frame number has its bit set", When::Quiescent),
    (Rule::I26, "I26", "an entry becomes logdirty only where writes are noted", When::Step),
    (Rule::I27, "I27", "locks are taken in the order of level, domain and range", When::Step),
    (Rule::I28, "I28", "nobody sleeps, waits for another vCPU or enters the guest while it holds a lock", When::Step),
    (
        Rule::I29,
        "I29",
        "gets equal puts, nothing is released that is not held, and no lock is taken over fifteen deep",
        When::Step,
    ),
    (Rule::I30, "I30", "while the global lock is held exclusively nobody else holds a range", When::Step),
    (Rule::I31, "I31", "nothing is reused before the flush that it waits for", When::Step),
    (Rule::I32, "I32", "tot_pages is the length of the domain's page list, its cache added", When::Quiescent),
    (Rule::I33, "I33", "nr_foreign is the number of foreign leaves", When::Quiescent),
    (Rule::I34, "I34", "the ioreq counter is the number of ioreq_server leaves", When::Step),
    (Rule::Deadlock, "deadlock", "actors wait for each other and none can ever go on", When::Step),
    (Rule::Hang, "hang", "a state is reached from which no end can be reached, though actors still run", When::Step),
    (Rule::Starvation, "starvation", "an actor waited for a lock longer than the world's patience", When::Step),
    (
        Rule::Stray,
        "stray",
        "something was used that was freed since it was read, or a page written that others share",
        When::Step,
    ),
    (Rule::LostWrite, "lost-write", "the guest does not find what it last wrote", When::Step),
    (Rule::Leak, "leak", "at the end something is still held, or belongs to nobody", When::Step),
    (Rule::Assert, "assert", "a program's own assertion does not hold", When::Step),
    (Rule::Ensure, "ensure", "a condition that the lesson states for the end does not hold", When::Step),
];

impl Rule {
    /// Every rule, in the order of their bits.
    pub fn all() -> impl Iterator<Item = Rule> {
        TABLE.iter().map(|row| row.0)
    }

    /// The name in lessons and reports: `I9`, `deadlock`, `lost-write`.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// What holds while the rule is kept (invariants), or what has happened when it is broken (the others), as a
    /// sentence without its full stop.
    pub fn sentence(self) -> &'static str {
        TABLE[self as usize].2
    }

    /// When the rule is checked.
    pub fn when(self) -> When {
        TABLE[self as usize].3
    }

    /// Whether this is one of I1 to I34.
    pub fn is_invariant(self) -> bool {
        (self as u8) < (Rule::Deadlock as u8)
    }

    /// The rule of that name.
    pub fn from_name(name: &str) -> Option<Rule> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of rules, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Rules(pub u64);

impl Rules {
    /// No rule.
    pub const NONE: Rules = Rules(0);
    /// Every rule.
    pub const ALL: Rules = Rules((1 << TABLE.len()) - 1);

    /// The rules of rest that speak of one frame: the index notes which frames break them.
    pub const OF_FRAMES_AT_REST: Rules = Rules::only(Rule::I2)
        .with(Rule::I9)
        .with(Rule::I10)
        .with(Rule::I15)
        .with(Rule::I16)
        .with(Rule::I22)
        .with(Rule::I25);

    /// The rules that hold of words, whatever step led there: what is looked at again after each.
    pub const OF_WORDS: Rules = Rules::OF_FRAMES_AT_REST
        .with(Rule::I1)
        .with(Rule::I3)
        .with(Rule::I4)
        .with(Rule::I5)
        .with(Rule::I6)
        .with(Rule::I7)
        .with(Rule::I8)
        .with(Rule::I11)
        .with(Rule::I12)
        .with(Rule::I14)
        .with(Rule::I17)
        .with(Rule::I18)
        .with(Rule::I19)
        .with(Rule::I20)
        .with(Rule::I21)
        .with(Rule::I23)
        .with(Rule::I32)
        .with(Rule::I33)
        .with(Rule::I34);

    /// Those, and the rules of what a step writes: it is looked at if one of them is watched.
    pub const OF_WRITES: Rules = Rules::OF_WORDS.with(Rule::I24).with(Rule::I26).with(Rule::I31);

    /// The set of one rule.
    pub const fn only(rule: Rule) -> Rules {
        Rules(1 << rule as u8)
    }

    /// Whether the rule is in the set.
    pub const fn has(self, rule: Rule) -> bool {
        self.0 >> (rule as u8) & 1 == 1
    }

    /// The set with the rule in it.
    pub const fn with(self, rule: Rule) -> Rules {
        Rules(self.0 | 1 << rule as u8)
    }

    /// The rules of this set that are not in the other.
    pub const fn without(self, other: Rules) -> Rules {
        Rules(self.0 & !other.0)
    }

    /// The rules in both sets.
    pub const fn and(self, other: Rules) -> Rules {
        Rules(self.0 & other.0)
    }

    /// Whether no rule is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The rules in the set, in the order of their bits.
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        Rule::all().filter(move |&rule| self.has(rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_bits() {
        for (i, row) in TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, i, "{}", row.1);
            assert_eq!(Rule::from_name(row.1), Some(row.0));
        }
        assert_eq!(Rule::I34 as u8, 33);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = Rules::only(Rule::I9).with(Rule::Stray);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Rule::I9, Rule::Stray]);
        assert!(Rules::ALL.has(Rule::Ensure) && !set.has(Rule::I10));
    }
}
