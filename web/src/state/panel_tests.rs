//! What panels do beside stepping: it changes what is shown, and never the run.

use std::rc::Rc;

use p2mscope_core::addr::ActorId;
use p2mscope_core::entry::Format;
use p2mscope_core::sched::Size;
use yew::Reducible;

use super::*;
use crate::lessons;
use crate::moment::Shade;

/// The page after these actions in S14, where TS1 and TS2 each take two pages in opposite orders.
fn after(actions: impl IntoIterator<Item = Action>) -> Rc<State> {
    let lesson = lessons::ALL.iter().position(|it| it.name.starts_with("S14")).unwrap();
    let first = Rc::new(State::open(Kept::default())).reduce(Action::Lesson(lesson));
    actions.into_iter().fold(first, |state, action| state.reduce(action))
}

fn moment(state: &State) -> &Moment {
    state.moment.as_deref().unwrap()
}

/// TS1 goes first; then, from the first state, TS2: two branches, the second one current.
fn forked() -> Rc<State> {
    after([Action::UntilBlocked(ActorId(0)), Action::First, Action::UntilBlocked(ActorId(1))])
}

fn names(state: &State) -> Vec<&str> {
    moment(state).timeline.forks.iter().map(|fork| fork.name.as_str()).collect()
}

#[test]
fn back_and_forward_by_as_much_is_the_same_state() {
    for size in [Size::Effect, Size::LockEvent, Size::Statement] {
        let there = after([Action::Size(size)].into_iter().chain(std::iter::repeat_n(Action::Step, 7)));
        for m in 1..=7 {
            let back = (0..m).fold(there.clone(), |state, _| state.reduce(Action::Back));
            let again = (0..m).fold(back.clone(), |state, _| state.reduce(Action::Step));
            assert_ne!(moment(&back).report.at, moment(&there).report.at);
            assert_eq!(moment(&again).hash, moment(&there).hash, "{m} steps of {size:?}");
            assert_eq!(moment(&again).report.at, moment(&there).report.at);
        }
    }
}

#[test]
fn a_range_is_shown_from_near_and_from_afar_again() {
    let near = after([Action::Do(Command::Near)]);
    assert_eq!(moment(&near).near.as_ref().map(|it| (it.first_gfn, it.spots.len())), Some((0, 512)));
    let turned = [Action::Side(Side::Devices), Action::Face(Face::Waits(WaitsFace::Orders))];
    let link = turned.into_iter().fold(near.clone(), |state, it| state.reduce(it)).shared().unwrap().letters;
    let there = after([Action::Link(link)]);
    assert!(moment(&there).near.is_some(), "a link leads to what is seen");
    assert_eq!((there.side, there.panels.waits), (Side::Devices, WaitsFace::Orders));
    assert!(moment(&near.reduce(Action::Do(Command::Near))).near.is_none());
}

#[test]
fn a_branch_keeps_the_name_that_it_was_given_in_a_link_too() {
    let state = forked().reduce(Action::Name(1, "  the other way ".into()));
    assert_eq!(names(&state), ["run", "the other way"]);
    let there = after([Action::Link(state.shared().unwrap().letters)]);
    assert_eq!(names(&there), ["run", "the other way"]);
    let state = state.reduce(Action::Name(0, "   ".into())).reduce(Action::Name(9, "nobody".into()));
    assert_eq!(names(&state), ["run", "the other way"], "a name has letters, and a branch to belong to");
    let long = state.reduce(Action::Name(0, "\u{e9}".repeat(500)));
    assert_eq!(names(&long)[0].chars().count(), 40);
}

#[test]
fn the_old_branch_is_there_and_can_be_chosen() {
    let state = forked();
    let old = state.clone().reduce(Action::Fork(0)).reduce(Action::Last);
    assert_eq!((moment(&old).report.actor, names(&old).len()), (Some(0), 2));
    assert_ne!(moment(&old).hash, moment(&state).hash);
}

#[test]
fn branches_are_compared_and_change_sides_when_one_goes_there() {
    let against = |state: &State| Action::Pick(Picked { against: Some(0), ..state.picked });
    let state = forked();
    let compared = state.clone().reduce(against(&state));
    let sides = |state: &State| moment(state).compared.as_ref().map(|it| (it.here.fork, it.there.fork, it.common));
    assert_eq!(sides(&compared), Some((1, 0, 0)));
    assert_eq!(moment(&compared).hash, moment(&state).hash, "the run stays where it was");
    let there = compared.reduce(Action::At(0, 2));
    assert_eq!((sides(&there), moment(&there).report.at), (Some((0, 1, 0)), 2));
    let nobody = there.clone().reduce(Action::Pick(Picked { against: Some(7), ..there.picked }));
    assert_eq!(sides(&nobody), None);
}

#[test]
fn the_steps_before_and_after_this_one_are_shaded() {
    // TS1 to its end, then TS2, which takes the same two locks: every step of TS1's that touches them comes before.
    let run = [Action::UntilBlocked(ActorId(0)), Action::UntilBlocked(ActorId(1)), Action::Do(Command::Shade)];
    let state = after(run);
    let shades = moment(&state).shades.clone().unwrap();
    let count = |which: Shade| shades.iter().filter(|shade| **shade == which).count();
    assert_eq!((shades.len(), count(Shade::Here), count(Shade::After)), (moment(&state).report.len, 1, 0));
    assert_eq!(shades.last(), Some(&Shade::Here));
    assert!(count(Shade::Before) > moment(&state).timeline.lanes[1].ticks.len(), "of TS1's too");
    let first = state.reduce(Action::Seek(1));
    let shades = moment(&first).shades.as_ref().unwrap();
    assert_eq!((shades[0], shades.contains(&Shade::Before)), (Shade::Here, false));
    assert_eq!(moment(&first.reduce(Action::Do(Command::Shade))).shades, None);
}

#[test]
fn bits_are_tried_out_beside_the_run_and_go_with_the_lesson() {
    let state = after([]);
    let bits = moment(&state).entry.as_ref().unwrap().bits.clone();
    let format = Format::from_name(bits.encoding).unwrap();
    let sandbox = Sandbox { word: 0, level: bits.level, format, from: bits.raw, raw: bits.raw };
    let tried = state.clone().reduce(Action::Face(Face::Sandbox(Some(sandbox.toggled(1)))));
    assert_eq!((moment(&tried).hash, tried.panels.sandbox.map(|it| it.raw)), (moment(&state).hash, Some(bits.raw ^ 2)));
    assert_eq!(moment(&tried).entry.as_ref().unwrap().bits.raw, bits.raw);
    assert_eq!(tried.reduce(Action::Lesson(0)).panels.sandbox, None);
}

#[test]
fn rings_and_tlbs_have_a_key_that_leads_back() {
    let state = after([Action::Do(Command::Devices)]);
    assert_eq!(state.side, Side::Devices);
    let watchers = state.clone().reduce(Action::Do(Command::Watchers));
    assert_eq!(watchers.side, Side::Watchers);
    assert_eq!(state.reduce(Action::Do(Command::Devices)).side, Side::Frames);
}
