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
///
/// S62: V0 locks, looks, takes a page, hangs it in; writes the entry, where the last table is missing (10, as in S39); m2p, and
/// unlocks: with ranges 18. V1 the same. `torn`: two locks, a look, a page, its filling, half a link; V1 walks three
/// levels and cannot go on. A link that is stored is no entry written, and no lock event.
///
/// S63: V1 walks to the link of the last table (3). V0 locks, looks, writes, frees (4, with a range 5). TS locks (2), walks 3,
/// takes the structure lock, looks again, takes the page: there it is used too early. It links it, unlocks, walks the last level,
/// writes; V1 ends its walk (2), and goes from the link to the entry and to the page.
///
/// S66: V1 gets the view: two locks, three looks for one, the mark of its use, two looks whether it shows anything, its root,
/// that V1 runs there, two unlocks (12). Its access reads an empty root (2). It fills: a get (6), the view's lock, whether it
/// still runs there, an entry with three tables missing (14), three unlocks and the pin: 25. It walks one level. V0 locks, looks at
/// three levels, clears, frees (6). Or V0 finds nothing to clear (3) and marks (3) after V1 has written its root, and before
/// V1 runs there, so that it stops nobody (1 look); gets the view itself (12), and reads (5) what V1 stores last of its fill (22).
///
/// S71: PG takes no request, and nobody can end it any more. Or PG is killed (1). V0 faults (5), asks, faults, and sleeps; TS
/// asks whether it may, and marks the domain: now it waits for V0.
pub const LATER: [Row; 26] = [
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
    ("S62", "before", Policy::M2, Rule::Ensure, 18 + 18, 14),
    ("S62", "torn", Policy::Global, Rule::Assert, 6 + 4, 2),
    ("S62", "torn", Policy::M2, Rule::Assert, 7 + 4, 3),
    ("S63", "before", Policy::Global, Rule::I7, 3 + 4, 1),
    ("S63", "before", Policy::M2, Rule::I7, 3 + 5, 2),
    ("S63", "before", Policy::M2, Rule::I31, 3 + 5 + 8, 5),
    ("S63", "before", Policy::M2, Rule::Assert, 3 + 5 + 8 + 4 + 2 + 2, 7),
    ("S66", "before", Policy::Global, Rule::I7, 12 + 2 + 25 + 1 + 6, 12),
    ("S66", "before", Policy::M2, Rule::I7, 12 + 2 + 27 + 1 + 6, 14),
    ("S66", "held", Policy::M2, Rule::I7, 12 + 2 + 27 + 1 + 6, 14),
    ("S66", "before", Policy::Global, Rule::Assert, 12 + 2 + 22 + 3 + 3 + 1 + 12 + 5, 15),
    ("S66", "before", Policy::M2, Rule::Assert, 12 + 2 + 23 + 3 + 3 + 1 + 12 + 5, 16),
    ("S71", "before", Policy::M2, Rule::Hang, 1, 1),
    ("S71", "asleep", Policy::Global, Rule::Deadlock, 1 + 5 + 1 + 5 + 2, 2),
    ("S71", "asleep", Policy::M2, Rule::Deadlock, 1 + 5 + 1 + 5 + 2, 2),
];
