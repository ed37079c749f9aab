//! What a lesson says beside its story, the order of a folder's lessons, and the numbers an expectation may state.

use super::{WHOLE, errors};
use crate::lesson::{Difficulty, Lesson, Notes, Teaching, course};

const TAUGHT: &str = "misconception = 'that it lasts'\ndifficulty = 2\nranges = 'nothing'\nminutes = 15\n\
    notes = { ask = 'why?', wrong = 'because', show = ['this', 'then that'] }\n";

fn taught(change: (&str, &str)) -> String {
    let text = TAUGHT.replace(change.0, change.1) + WHOLE;
    assert!(change.0 == change.1 || text != TAUGHT.to_string() + WHOLE, "{change:?}");
    text
}

#[test]
fn what_is_taught_is_read_and_may_be_left_out() {
    let l = Lesson::parse(&taught(("", ""))).unwrap();
    let t = &l.teaching;
    assert_eq!((t.misconception.as_str(), t.ranges.as_str(), t.minutes), ("that it lasts", "nothing", Some(15)));
    assert_eq!((t.difficulty, t.difficulty.unwrap().name()), (Some(Difficulty::Middle), "middle"));
    let Notes { ask, wrong, show } = &t.notes;
    assert_eq!((ask.as_str(), wrong.len(), show.len()), ("why?", 1, 2));
    assert_eq!(Lesson::parse(WHOLE).unwrap().teaching, Teaching::default());
}

#[test]
fn what_is_taught_is_refused_where_it_makes_no_sense() {
    for (change, message) in [
        (("= 2", "= 4"), "2:14  lesson `difficulty` is a number from 1 to 3, here is 4"),
        (("= 15", "= 0"), "4:11  lesson `minutes` is a number from 1 to 240, here is 0"),
        (("ask =", "asked ="), "5:11  [notes] has no key `asked`; did you mean `ask`?"),
        (("'nothing'", "false"), "3:10  lesson `ranges` is a text, here is true or false"),
    ] {
        assert_eq!(errors(&taught(change)), [message]);
    }
}

#[test]
fn what_an_expectation_states_fits_its_breach() {
    let with = |from: &str, to: &str| errors(&WHOLE.replacen(from, to, 1));
    assert_eq!(with("steps = 12", "steps = 12, lock_events = 3"), [""; 0]);
    assert_eq!(with("states = 100", "alike = \"before\""), [""; 0]);
    assert_eq!(with("states = 100", "among = [\"deadlock\", \"I27\"]"), [""; 0]);
    let place = |e: &[String], part: &str| assert!(e.len() == 1 && e[0].ends_with(part), "{e:?}");
    place(&with("states = 100", "lock_events = 3"), "[[expect]] `lock_events` stands only with a breach");
    place(&with("steps = 12", "alike = \"after\""), "[[expect]] `alike` stands only where the breach is `none`");
    place(&with("steps = 12", "among = \"leak\""), "[[expect]] `among` stands only where the breach is `none`");
    place(&with("states = 100", "among = \"deadlok\""), "no breach `deadlok`; did you mean `deadlock`?");
    place(&with("states = 100", "alike = \"later\""), "[[expect]] alike `later` has no text; there are before, after");
}

#[test]
fn the_order_of_lessons_is_read() {
    let groups = course("# all\nFirst  # and more\n  a\n\n\tb\nNone\nLast\n  c # why\n").unwrap();
    let all: Vec<_> = groups.iter().map(|g| (g.title.as_str(), g.lessons.join(" "))).collect();
    assert_eq!(all, [("First", "a b".to_string()), ("Last", "c".to_string())]);
    let wrong = course("  a\nG\n  b\nH\n  b\n").unwrap_err();
    assert_eq!(wrong.iter().map(|e| (e.line, e.col)).collect::<Vec<_>>(), [(1, 3), (5, 3)], "{wrong:?}");
}
