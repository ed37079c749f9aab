//! How far the breaches of lessons lie, reasoned by hand: references and types, writes that are noted, tables and flushes,
//! the end of a domain. What a walk, an entry, a lock and a lock event are stands in [`super::lengths`].

use super::lengths::Row;
use p2mscope_core::machine::Policy;
use p2mscope_core::watch::Rule;

/// S52: TS locks, looks twice, and sets the count to 0 (4). Or it goes on to a count of 1 (6), GM takes its reference and
/// looks (2), and TS takes the page off, counts, unlocks (9), locks, writes the owner, puts the page on, counts, unlocks (14).
///
/// S53: V0's flush. V1 gets the type, writes the entry (4), the page (5), the entry (4), and gives the type up. V0 gets the
/// type, looks, says what it saw and that it may be used. V1 writes through its TLB. CPU waits, looks and walks.
///
/// S55: V0 locks, looks, unlocks (3). V1 locks, looks where it is mapped, clears the word, frees (4). V0 locks and writes the
/// entry. `half`: a reference more, and the page is free when V0 has written m2p, unlocked and dropped it.
///
/// S56: TS1 writes the word and enables (18: lock, flag, its lock, the flag, unlock, a look, an entry, a look, an entry, a look,
/// a flush, unlock). LD writes the word, TS1 reads it. Or LD enables in vain as well (lock, flag, unlock) and copies, TS1 reads and
/// disables (22: lock, its lock, the flag, unlock, two of the display, 12 as above, the bitmap under its lock, unlock), and V0 writes.
///
/// S58: LD enables, with one entry (13). PG locks, looks (4), gets a frame, fills it, writes the entry, m2p, the count, unlocks: 14.
pub const LATER: [Row; 11] = [
    ("S52", "before", Policy::M2, Rule::I11, 4, 1),
    ("S52", "before", Policy::M2, Rule::Leak, 6 + 2 + 3 + 5, 4),
    ("S53", "before", Policy::M2, Rule::Assert, 1 + 15 + 4 + 1 + 3, 3),
    ("S55", "before", Policy::Global, Rule::I4, 3 + 4 + 5, 5),
    ("S55", "before", Policy::M2, Rule::I4, 3 + 4 + 6, 6),
    ("S55", "half", Policy::Global, Rule::I4, 4 + 4 + 8, 6),
    ("S55", "half", Policy::M2, Rule::I4, 4 + 4 + 10, 8),
    ("S56", "before", Policy::M2, Rule::Assert, 1 + 18 + 1 + 1, 6),
    ("S56", "before", Policy::M2, Rule::Ensure, 19 + 4 + 1 + 1 + 22 + 5, 16),
    ("S58", "before", Policy::Global, Rule::I25, 13 + 14, 8),
    ("S58", "before", Policy::M2, Rule::I25, 13 + 16, 10),
];
