//! Words of the field and what they mean, and where they stand in a text.

use std::ops::Range;

/// A word.
pub struct Term {
    /// As it is listed.
    pub word: &'static str,
    /// Other forms that mean it, as they stand in texts.
    forms: &'static [&'static str],
    /// What it means, in a sentence or two.
    pub meaning: &'static str,
}

const fn term(word: &'static str, forms: &'static [&'static str], meaning: &'static str) -> Term {
    Term { word, forms, meaning }
}

/// One whose word means other things as well, so that only the list has it.
const fn listed(word: &'static str, meaning: &'static str) -> Term {
    term(word, &[], meaning)
}

/// All of them, by the alphabet.
pub const TERMS: [Term; 50] = [
    term(
        "allocation",
        &[],
        "The reference that a domain itself has on each of its frames. Without it a frame is on its way to be freed.",
    ),
    term(
        "balloon",
        &["ballooning"],
        "A driver in the guest that gives frames back to the hypervisor, or asks for more.",
    ),
    term(
        "breach",
        &[],
        "A step after which a rule does not hold: a deadlock, a write that goes astray, a count that is wrong.",
    ),
    term(
        "copy-on-write",
        &["COW"],
        "One frame stands under several frame numbers, read only. Whoever writes first gets a copy of its own.",
    ),
    term(
        "deadlock",
        &[],
        "Some actors wait, each for what another one has, and none of them can ever go on, whatever the others do.",
    ),
    term("domain", &[], "A guest as the hypervisor sees it: its memory, its virtual processors, its table."),
    listed(
        "effect of an actor",
        "One thing that an actor does to memory at once: a read, a write, a lock taken. Between two effects of one actor the others may have any number of theirs.",
    ),
    term(
        "entry",
        &["entries"],
        "A word of a table, 64 bits: it maps a page, points to a table of the next level, or is empty.",
    ),
    term(
        "EPT",
        &["extended page table"],
        "Intel's second set of page tables: the processor itself translates guest frame numbers with it.",
    ),
    term(
        "evict",
        &["evicts", "evicted"],
        "To take the frame of a nominated page away once its content is saved. It is refused while somebody has a reference on the frame.",
    ),
    term(
        "fault",
        &["faults"],
        "The processor finds no entry, or one that forbids what a guest does, and asks the hypervisor.",
    ),
    term("flush", &["flushes", "flushed"], "To make a processor forget the translations in its TLB."),
    term(
        "foreign mapping",
        &["foreign"],
        "A frame of one domain that another one, mostly a toolstack, has in its table.",
    ),
    term("frame", &[], "4 KB of the machine's memory, by its mfn."),
    term(
        "get_gfn",
        &["get_gfns", "get_two_gfns"],
        "Looks a frame number up and holds the answer true until its put: it takes the lock, and a reference on the frame.",
    ),
    term(
        "gfn",
        &["frame number"],
        "Guest frame number: the number by which a guest knows 4 KB of its memory. 0x10 is the page at 0x10000. 1:0x10 is that of domain 1.",
    ),
    term("global lock", &[], "One lock for the whole table of a domain. Simple, and nothing runs side by side."),
    term("grant", &["granted"], "A permission that a guest gives another one to use one of its pages."),
    term("hypervisor", &[], "The program below the guests, here Xen: it gives each of them its share of the machine."),
    term("interleaving", &["interleavings"], "An order in which the steps of several actors come one after the other."),
    term(
        "invariant",
        &["invariants"],
        "What must be true between any two steps, such as: no count is less than its named holders.",
    ),
    term("leaf", &["EPT leaf"], "An entry that maps memory: 4 KB at level 1, 2 MB at level 2, 1 GB at level 3."),
    term("livelock", &[], "Actors go round and round because of one another; each moves and none gets anywhere."),
    term(
        "lock event",
        &[],
        "A step that takes, tries or gives back a lock, waits, or writes an entry: what the middle size of a step goes on to.",
    ),
    term(
        "log-dirty",
        &["dirty"],
        "Every page that a guest writes to is noted, so that it can be sent once more while the guest moves to another machine.",
    ),
    term(
        "look-up",
        &["lookup", "look-ups"],
        "To ask the table where a frame number lives. Without a lock the answer is old as soon as it is there.",
    ),
    term("m2p", &[], "The table the other way round: which guest frame number a machine frame has."),
    term("mfn", &[], "Machine frame number: the number of 4 KB of the machine's own memory."),
    term("MMIO", &[], "Addresses behind which there is a device and no memory."),
    term(
        "nominate",
        &["nominates", "nominated", "nomination"],
        "The first half of taking a page away: the page is chosen and its entry says so; until it is evicted it can still be had back.",
    ),
    term("NPT", &["nested page table"], "AMD's second set of page tables, as Intel's EPT."),
    listed(
        "order of an entry",
        "How much an entry or request covers, as a power of two of 4 KB: 0 is 4 KB, 9 is 2 MB, 18 is 1 GB.",
    ),
    term(
        "p2m",
        &["p2m table"],
        "The table from guest frame numbers to machine frames, one to a domain. All of this page is about who may change it when.",
    ),
    term(
        "p2m lock",
        &[],
        "The lock of a domain's whole table. Under range locks its shared side is held by everyone who holds a range.",
    ),
    term(
        "pager",
        &[],
        "A process that takes pages from guests, saves their contents, and brings them back when they are asked for.",
    ),
    term(
        "pin",
        &["pins", "pinned", "unpin", "unpins"],
        "A reference that a get has on the frame it found, so that the frame stays until the put.",
    ),
    term(
        "populate on demand",
        &["PoD", "pod"],
        "Memory is promised to a guest and found only when it is touched, out of a cache that is smaller than the promise.",
    ),
    term(
        "put_gfn",
        &["put_gfns", "put_two_gfns"],
        "Ends what a get began: the reference is dropped and the lock given back.",
    ),
    term(
        "range lock",
        &["range", "2 MB range", "range locks"],
        "A lock for the 512 frame numbers of 2 MB, so that work on other ranges of the same table goes on.",
    ),
    term("reference", &["references"], "A count of one on a frame: as long as there is any, the frame is not freed."),
    term("schedule", &["schedules"], "Who steps, one after the other; with it a run can be had again."),
    term("sharer", &[], "A process that looks for pages with the same content and makes them one frame."),
    term(
        "starvation",
        &["starves"],
        "An actor could go on and does not, since others get there first again and again.",
    ),
    term(
        "superpage",
        &["superpages"],
        "A leaf of 2 MB or 1 GB. It saves memory and walks, and must be split before a part of it can change.",
    ),
    term("TLB", &[], "Translations that a processor remembers. They may be older than the table; hence flushes."),
    term("toolstack", &[], "The programs that build, move and end domains, from outside of them."),
    term(
        "type count",
        &["type counts", "typed reference", "typed references"],
        "How many users want a frame to stay of its type, such as writable, or a page table.",
    ),
    term(
        "unshare",
        &["unshares", "unshared"],
        "To give a frame number that shares its frame one of its own, with the same content.",
    ),
    term("vCPU", &["vCPUs"], "A virtual processor of a guest."),
    term("walk", &["walks"], "The way from the root of a table to an entry, level by level."),
];

/// The first place of each word in a text, in the order of the text; which, and where.
pub fn places(text: &str) -> Vec<(&'static Term, Range<usize>)> {
    let mut found: Vec<(&'static Term, Range<usize>)> = Vec::new();
    let mut at = 0;
    while let Some(begins) = next_word(text, at) {
        let rest = &text[begins..];
        let longest = TERMS.iter().flat_map(|term| {
            let forms = std::iter::once(&term.word).chain(term.forms);
            forms.filter(|form| stands(rest, form)).map(move |form| (term, form.len()))
        });
        match longest.max_by_key(|(_, long)| *long) {
            Some((term, long)) => {
                if !found.iter().any(|(known, _)| known.word == term.word) {
                    found.push((term, begins..begins + long));
                }
                at = begins + long;
            }
            None => at = begins + rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len()).max(1),
        }
    }
    found
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the next word begins, from `at` on.
fn next_word(text: &str, at: usize) -> Option<usize> {
    text.get(at..)?.find(is_of_word).map(|i| at + i)
}

/// Whether a text begins with this form as a whole word. A letter at the beginning of a sentence may be large.
fn stands(text: &str, form: &str) -> bool {
    let Some(begins) = text.get(..form.len()) else { return false };
    let same = begins == form || begins.chars().skip(1).eq(form.chars().skip(1)) && begins.eq_ignore_ascii_case(form);
    same && !text[form.len()..].starts_with(is_of_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, &str)> {
        places(text).into_iter().map(|(term, at)| (term.word, &text[at])).collect()
    }

    #[test]
    fn words_are_found_whole_once_and_the_longest_first() {
        assert_eq!(
            found("V0 takes the shared side of the p2m lock of domain 1. Domain 1 and the p2m."),
            [("p2m lock", "p2m lock"), ("domain", "domain"), ("p2m", "p2m")]
        );
        assert_eq!(
            found("Ranges, a range and get_gfn; forget_gfn."),
            [("range lock", "range"), ("get_gfn", "get_gfn")]
        );
        assert_eq!(found("Nominates 1:0x10"), [("nominate", "Nominates")]);
        assert_eq!(found("ept, arrange, übergfn"), [("EPT", "ept")].get(..0).unwrap_or_default());
        assert_eq!(found(""), []);
    }

    #[test]
    fn they_are_listed_by_the_alphabet_and_no_form_means_two() {
        let words: Vec<String> = TERMS.iter().map(|term| term.word.to_lowercase()).collect();
        assert!(words.is_sorted(), "{words:?}");
        let mut forms: Vec<&str> =
            TERMS.iter().flat_map(|term| std::iter::once(&term.word).chain(term.forms)).copied().collect();
        let all = forms.len();
        forms.sort_unstable();
        forms.dedup();
        assert_eq!(forms.len(), all);
        assert!(TERMS.iter().all(|term| term.meaning.ends_with('.')));
    }
}
