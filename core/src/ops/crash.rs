//! Ending a domain that did what nothing can be made of (Xen's `domain_crash`).

use crate::machine::DomWord;
use crate::step::{Step, Stop};

/// Marks the domain crashed, and dying: two stores, which no lock guards and nobody takes back.
pub fn crash<S: Step>(s: &mut S, slot: u8) -> Result<(), Stop> {
    for word in [DomWord::Crashed, DomWord::Dying] {
        let word = s.dom_word(slot, word);
        s.note("ends the domain");
        s.store(word, 1)?;
    }
    Ok(())
}
