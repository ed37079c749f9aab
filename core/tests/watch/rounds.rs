//! Schedules of which a person has said who starves, who is in a livelock and who only spins: nothing may be missed,
//! nothing reported that is not there. And what is counted is no part of the state.

use super::labelled::{lesson, played};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Session, Thresholds, again, counters, livelock};
use p2mscope_core::view::diagnosis;
use p2mscope_core::watch::Rules;

/// A case: what it shows, the programs, the schedule, the label.
struct Case(&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

/// What is counted after the schedule, in the words of a label. Thresholds: three rounds, and here six steps.
fn said(case: &Case) -> String {
    let lesson = lesson(case.1, case.2);
    let mut run = played(&lesson, Policy::M2, Rules::ALL, case.0);
    let thresholds = Thresholds { waited: 6, rounds: 3 };
    let all = counters(&run);
    let names = |of: &[p2mscope_core::addr::ActorId]| {
        of.iter().map(|&a| run.world().actor_name(a).to_owned()).collect::<Vec<_>>().join(" ")
    };
    let (livelocked, spins) = livelock(&all, thresholds);
    let mut words = Vec::new();
    if !livelocked.is_empty() {
        words.push(format!("livelock {}", names(&livelocked)));
    }
    if !spins.is_empty() {
        words.push(format!("spins {}", names(&spins)));
    }
    for c in &all {
        if let Some(w) = c.waited.as_ref().filter(|w| w.steps > thresholds.waited) {
            words.push(format!("starves {} {}", names(&[c.actor]), w.overtaken));
        }
    }
    // Nobody is both stuck for ever and going round.
    let told = diagnosis(&mut run, &Session::default());
    assert!(told.plain().iter().all(|s| s.ends_with('.')), "{:#?}", told.plain());
    if words.is_empty() { "none".into() } else { words.join("; ") }
}

/// Takes a, tries b, and begins again if that fails.
const AB: &str = "loop { lock a; @try e = lock b nowait; if e == ok { break }; @back unlock a }; unlock b; unlock a";
const BA: &str = "loop { lock b; @try e = lock a nowait; if e == ok { break }; @back unlock b }; unlock a; unlock b";
/// Begins again without letting go of anything.
const TRIES: &str = "loop { e = lock a nowait; if e == ok { break } }; unlock a";
const LOOKS: &str = "loop { n = load w; if n == 1 { break } }";
/// Takes a nine times.
const NINE: &str = "repeat 9 { lock a; unlock a }";

#[rustfmt::skip]
static CASES: &[Case] = &[
    // A round of AB is three steps: take, try in vain, let go. The third round is known as one when the fourth has begun.
    Case("after three rounds and a step both have gone round three times", &[("A", AB), ("B", BA)], "A B A B A B A B A B A B A B A B A B A B", "livelock A B"),
    Case("a step earlier one of them has gone round twice only", &[("A", AB), ("B", BA)], "A B A B A B A B A B A B A B A B A B A", "spins A"),
    Case("two rounds are none", &[("A", AB), ("B", BA)], "A B A B A B A B A B A B A B", "none"),
    Case("in turn, without meeting, nobody goes round", &[("A", AB), ("B", BA)], "A! B!", "none"),
    Case("one gets through in the end, the other has got nowhere yet", &[("A", AB), ("B", BA)],
         "A B A B A B A B A B A B A B A B A B A B B B A", "spins B"),
    Case("and then both are through", &[("A", AB), ("B", BA)], "A B A B A B A B A B A B A B A B A B A B B B A! B!", "none"),
    Case("three of whom each wants the next one's", &[("A", AB), ("B", "loop { lock b; @try e = lock c nowait; if e == ok { break }; unlock b }; unlock c; unlock b"),
         ("C", "loop { lock c; @try e = lock a nowait; if e == ok { break }; unlock c }; unlock a; unlock c")],
         "A B C A B C A B C A B C A B C A B C A B C A B C A B C A B C", "livelock A B C"),
    Case("two in a livelock while a third works", &[("A", AB), ("B", BA), ("C", "repeat 9 { lock c; store w = 1; unlock c }")],
         "A B C A B C A B C A B C A B C A B C A B C A B C A B C A B C", "livelock A B"),
    Case("only one goes round, the other just holds", &[("A", AB), ("B", "lock b; @x store w = 1; unlock b")], "B@x A*10", "spins A"),
    Case("two go round because of a third, and not of one another", &[("A", "loop { lock a; e = lock c nowait; if e == ok { break }; unlock a }; unlock c; unlock a"),
         ("B", "loop { lock b; e = lock c nowait; if e == ok { break }; unlock b }; unlock c; unlock b"), ("C", "lock c; @x unlock c")],
         "C@x A*10 B*10", "spins A B"),
    Case("a lock that is tried again and again", &[("A", TRIES), ("B", "lock a; @x unlock a")], "B@x A*4", "spins A"),
    Case("three times are two rounds", &[("A", TRIES), ("B", "lock a; @x unlock a")], "B@x A*3", "none"),
    Case("who tried in vain gets it", &[("A", TRIES), ("B", "lock a; @x unlock a")], "B@x A*4 B A", "none"),
    Case("who looks for what nobody has done", &[("A", LOOKS), ("B", "store w = 1")], "A*4", "spins A"),
    Case("who looks and finds it", &[("A", LOOKS), ("B", "store w = 1")], "A*4 B A", "none"),
    Case("each looks for what the other would do later", &[("A", "loop { n = load w; if n == 1 { break } }; store v = 1"), ("B", "loop { n = load v; if n == 1 { break } }; store w = 1")],
         "A B A B A B A B", "spins A B"),
    Case("each takes back what the other has done", &[("A", "loop { store w = 1; n = load v; if n == 0 { break }; store w = 0 }; store w = 0"),
         ("B", "loop { store v = 1; n = load w; if n == 0 { break }; store v = 0 }; store v = 0")],
         "A B A B A B A B A B A B A B A B A B A B", "livelock A B"),
    Case("a counted loop is progress", &[("A", NINE)], "A!", "none"),
    Case("an endless loop that leaves something behind is progress", &[("A", "loop { lock a; n = load w; store w = n + 1; unlock a }")], "A*40", "none"),
    Case("serving requests is progress", &[("A", "loop { n = take r }"), ("B", "loop { post r = 1 }")], "B A B A B A B A B A B A B A", "none"),
    Case("two who hand a word to and fro get ahead", &[("A", "loop { done = cas w from 0 to 1 }"), ("B", "loop { done = cas w from 1 to 0 }")],
         "A B A B A B A B A B", "none"),
    Case("the same with the pages of a table", &[("A", "loop { get_gfn 1:0x10; @try e = lock gfn(1:0x210) nowait; if e == ok { break }; @back put_gfn 1:0x10 }; unlock gfn(1:0x210); put_gfn 1:0x10"),
         ("B", "loop { get_gfn 1:0x210; @try e = lock gfn(1:0x10) nowait; if e == ok { break }; @back put_gfn 1:0x210 }; unlock gfn(1:0x10); put_gfn 1:0x210")],
         "A@try B@try A@back B@back A@try B@try A@back B@back A@try B@try A@back B@back A@try B@try A@back B@back A@try B@try A@back B@back A@try B@try", "livelock A B"),
    // Waits. C asks for a from the beginning; it has to wait after each step at whose end another holds a.
    Case("waits while one works for long", &[("A", "lock a; repeat 9 { store w = 1 }; unlock a"), ("C", "lock a; unlock a")], "A*7", "starves C 0"),
    Case("a step earlier it has waited for six", &[("A", "lock a; repeat 9 { store w = 1 }; unlock a"), ("C", "lock a; unlock a")], "A*6", "none"),
    Case("is overtaken again and again", &[("A", NINE), ("C", "lock a; unlock a")], "A*13", "starves C 6"),
    Case("overtaken, but not for long", &[("A", NINE), ("C", "lock a; unlock a")], "A*12", "none"),
    Case("overtaken by two in turn", &[("A", NINE), ("B", NINE), ("C", "lock a; unlock a")], "A A B B A A B B A A B B A", "starves C 6"),
    Case("gets it in the end", &[("A", NINE), ("C", "lock a; unlock a")], "A*14 C", "none"),
    Case("two wait, one has waited for longer", &[("A", "lock a; repeat 9 { store w = 1 }; unlock a"), ("C", "lock a; unlock a"), ("D", "store v = 1; lock a; unlock a")],
         "A A A D A A A A", "starves C 0"),
    Case("whoever could run and is not let is not waiting", &[("A", NINE), ("C", "lock c; unlock c")], "A!", "none"),
    Case("stuck in a ring, and the third works on", &[("A", "lock a; @x lock b; unlock b; unlock a"), ("B", "lock b; @x lock a; unlock a; unlock b"), ("C", "repeat 9 { store w = 1 }")],
         "A@x B@x C*5", "none"),
];

#[test]
fn each_schedule_is_told_for_what_it_is() {
    assert!(CASES.len() >= 25);
    let wrong: Vec<String> = CASES
        .iter()
        .map(|case| (case, said(case)))
        .filter(|(case, said)| *said != case.3)
        .map(|(case, said)| format!("{}:\n  should be  {}\n  but is     {said}", case.0, case.3))
        .collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[test]
fn a_livelock_stands_where_it_stood_before() {
    // A round is six steps, three of each. After the first one every lock is free again, and so on.
    let lesson = lesson(&[("A", AB), ("B", BA)], "A B A B A B A B A B A B A B A B A B");
    let run = played(&lesson, Policy::M2, Rules::ALL, "a livelock");
    assert_eq!(run.at(), 18);
    // e, which held the answer, is not read again before it is written; so the first state is that after each round.
    assert_eq!(again(&run), Some(0));
}
