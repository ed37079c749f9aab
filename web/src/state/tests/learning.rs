//! What the page does for learning, as the reducer sees it.

use std::rc::Rc;

use p2mscope_core::addr::ActorId;
use p2mscope_core::judge::{Ruling, grade};
use p2mscope_core::lesson::Lesson;
use yew::Reducible;

use crate::lessons;
use crate::state::course::TEMPLATE;
use crate::state::*;

fn then(state: Rc<State>, actions: impl IntoIterator<Item = Action>) -> Rc<State> {
    actions.into_iter().fold(state, |state, action| state.reduce(action))
}

/// The page after these actions.
fn after(actions: impl IntoIterator<Item = Action>) -> Rc<State> {
    then(Rc::new(State::open(Kept::default())), actions)
}

/// The page as it comes up again with what was kept.
fn reloaded(state: &State) -> Rc<State> {
    Rc::new(State::open(Kept::of(&state.kept.text())))
}

fn lesson(id: &str) -> Action {
    Action::Lesson(lessons::ALL.iter().position(|lesson| lesson.id == id).unwrap())
}

fn text(id: &str) -> &'static str {
    lessons::by_id(id).unwrap().text
}

fn at(state: &State) -> usize {
    state.moment.as_ref().unwrap().report.at
}

/// A text in which something is changed that can be read.
fn edited(id: &str) -> String {
    text(id).replacen("goal = \"", "goal = \"Mine: ", 1)
}

#[test]
fn every_model_answer_leads_to_the_goal_of_its_lesson() {
    for (n, lesson) in lessons::ALL.iter().enumerate() {
        let state = after([Action::Lesson(n), Action::Learn(Learn::ModelAnswer { play: false })]);
        assert_eq!(state.notice, None, "{}", lesson.id);
        let standing = state.standing().unwrap_or_else(|| panic!("{} names no breach", lesson.id));
        assert!(standing.reached, "{}: {:?}", lesson.id, standing.rules);
        assert!(!standing.own && state.kept.results.reached.is_empty(), "{}: shown is not reached", lesson.id);
    }
}

#[test]
fn a_model_answer_is_played_to_its_end() {
    let state =
        after([lesson("S14"), Action::Version("repaired".into()), Action::Learn(Learn::ModelAnswer { play: true })]);
    assert_eq!((state.stage.version.as_str(), at(&state), state.playing), ("before", 0, true));
    let end = state.moment.as_ref().unwrap().report.len;
    let state = then(state, std::iter::repeat_n(Action::Tick, end + 2));
    assert_eq!((at(&state), state.playing), (end, false));
    assert!(state.standing().unwrap().reached);
}

#[test]
fn every_lesson_says_what_a_list_needs() {
    for (lesson, card) in lessons::ALL.iter().zip(lessons::CARDS.iter()) {
        let card = card.as_ref().unwrap();
        let Some(shortest) = &card.shortest else { panic!("{}: how short is its way?", lesson.id) };
        assert!(shortest.contains("lock event") || shortest.contains("step"), "{}: {shortest}", lesson.id);
        let taught = !card.goal.is_empty() && !card.teaching.misconception.is_empty();
        assert!(taught && card.teaching.minutes.is_some() && card.teaching.difficulty.is_some(), "{}", lesson.id);
        let hints = after([Action::Lesson(lessons::ALL.iter().position(|it| it.id == lesson.id).unwrap())]);
        assert!(hints.stage.lesson.as_ref().unwrap().hints.len() >= 2, "{}", lesson.id);
    }
}

#[test]
fn what_is_reached_by_ones_own_steps_is_kept() {
    let ring = [(0, 2), (1, 4), (0, 2)];
    let steps = ring.iter().flat_map(|&(a, n)| std::iter::repeat_n(Action::Actor(ActorId(a)), n));
    let state = after([lesson("S14")].into_iter().chain(steps).chain([0, 1].map(|a| Action::UntilBlocked(ActorId(a)))));
    let standing = state.standing().unwrap();
    assert!(standing.reached && standing.own, "{standing:?}");
    assert!(state.kept.results.reached.contains("S14"));
    assert!(reloaded(&state).kept.results.reached.contains("S14"));
    // In a text of one's own it would prove nothing.
    let own = after([lesson("S14"), Action::Text(edited("S14"))]);
    let own = then(own, [Action::Actor(ActorId(0)), Action::Actor(ActorId(0))]);
    let own = then(own, [1, 0, 1].map(|a| Action::UntilBlocked(ActorId(a))));
    assert!(own.kept.results.reached.is_empty());
}

#[test]
fn steps_that_were_loaded_are_shown_until_one_begins_afresh() {
    let shown = after([lesson("two-locks"), Action::Learn(Learn::ModelAnswer { play: false })]);
    // Going back and forth along what was loaded is no answer of one's own.
    let state = then(shown, [Action::First, Action::Step, Action::Step, Action::Step]);
    assert!(state.standing().unwrap().reached && state.kept.results.reached.is_empty());
    let state = then(state, [Action::Learn(Learn::Afresh)]);
    assert_eq!(state.moment.as_ref().unwrap().report.len, 0);
    let state = then(state, [Action::Actor(ActorId(0)), Action::Actor(ActorId(1))]);
    assert!(state.kept.results.reached.contains("two-locks"), "{:?}", state.standing());
}

#[test]
fn hints_come_one_by_one() {
    let state = after([lesson("S14"), Action::Learn(Learn::Hint)]);
    assert_eq!(state.course.hints, 1);
    let state = then(state, std::iter::repeat_n(Action::Learn(Learn::Hint), 20));
    assert_eq!(state.course.hints, state.stage.lesson.as_ref().unwrap().hints.len());
    assert_eq!(then(state, [lesson("S15")]).course.hints, 0);
}

#[test]
fn an_edit_is_found_again_and_the_original_can_be_had_back() {
    let mine = edited("S14");
    let state = after([lesson("S14"), Action::Text(mine.clone()), lesson("S15")]);
    assert_eq!(&*state.stage.text, text("S15"));
    for state in [state.clone(), reloaded(&state)] {
        let back = then(state, [lesson("S14")]);
        assert_eq!((&*back.stage.text, back.is_edited()), (&*mine, true));
        let original = then(back, [Action::Learn(Learn::Original)]);
        assert_eq!((&*original.stage.text, original.kept.edits.len()), (text("S14"), 0));
        let former = then(original, [Action::Learn(Learn::Former)]);
        assert_eq!((&*former.stage.text, former.kept.edits.get("S14")), (&*mine, Some(&mine)));
    }
}

#[test]
fn a_faulty_edit_is_kept_too_beside_the_run_of_the_good_text() {
    let faulty = text("S14").replacen("get_gfn", "gte_gfn", 1);
    let state = reloaded(&after([lesson("S14"), Action::Text(faulty.clone()), lesson("S15")]));
    let state = then(state, [lesson("S14")]);
    assert_eq!(&*state.stage.text, faulty);
    assert!(!state.stage.faults.is_empty() && state.moment.is_some());
}

#[test]
fn a_text_that_is_pasted_over_another_leaves_that_to_be_brought_back() {
    let mine = edited("S14");
    // Another built-in lesson: its own edit is not touched.
    let state = after([lesson("S14"), Action::Text(mine.clone()), Action::Text(text("S15").to_owned())]);
    assert_eq!((state.course.home.id.as_str(), state.kept.edits.get("S14")), ("S15", Some(&mine)));
    // The same lesson, opened from a file while another one is shown.
    let other = mine.replacen("Mine: ", "Others': ", 1);
    let state = then(state, [Action::Learn(Learn::Open(other.clone()))]);
    assert_eq!((&*state.stage.text, state.course.former.as_deref()), (&*other, Some(&*mine)));
    assert_eq!(&*then(state, [Action::Learn(Learn::Former)]).stage.text, mine);
    // What can be no lesson for its length is not kept; the last that could is.
    let state = after([lesson("S14"), Action::Text(mine.clone()), Action::Text("x".repeat(100_000))]);
    assert_eq!(state.kept.edits.get("S14"), Some(&mine));
}

#[test]
fn a_lesson_of_ones_own_is_listed_renamed_and_found_again() {
    let state = after([Action::Learn(Learn::New)]);
    assert!(state.stage.faults.is_empty() && state.editing, "{:?}", state.stage.faults);
    assert_eq!((state.course.home.id.as_str(), state.course.home.built_in), ("mine", None));
    // Renamed letter by letter it stays one.
    let renamed = |id: &str| TEMPLATE.replacen("\"mine\"", &format!("\"{id}\""), 1);
    let state = then(state, ["mines", "minesw", "minesweeper"].map(|id| Action::Text(renamed(id))));
    assert_eq!(state.kept.own.keys().collect::<Vec<_>>(), ["minesweeper"]);
    let state = then(reloaded(&state), [Action::Learn(Learn::New), Action::Learn(Learn::New)]);
    assert_eq!(state.kept.own.keys().collect::<Vec<_>>(), ["mine", "mine-2", "minesweeper"]);
    let there = then(state.clone(), [Action::Learn(Learn::Own("minesweeper".into()))]);
    assert_eq!(&*there.stage.text, renamed("minesweeper"));
    let state = then(state, [Action::Learn(Learn::Forget("mine".into()))]);
    assert_eq!(state.kept.own.keys().collect::<Vec<_>>(), ["mine-2", "minesweeper"]);
    // What the template says of itself is so.
    let read = Lesson::parse(TEMPLATE).unwrap();
    let answer = TEMPLATE.replacen(
        "    b = load balance                 # looks\n    @write store balance = b + n     # writes",
        "    lock account\n    b = load balance\n    @write store balance = b + n\n    unlock account     # writes",
        1,
    );
    let ruling = grade(&read, &answer, Default::default(), &|_| std::ops::ControlFlow::Continue(()));
    assert!(matches!(ruling, Ruling::Accepted { .. }), "{ruling:?}");
}

#[test]
fn a_faulty_file_is_shown_with_its_faults_and_nothing_is_lost() {
    let mine = edited("S14");
    let state =
        after([lesson("S14"), Action::Text(mine.clone()), Action::Learn(Learn::Open("id = 1\n[[actor]]".into()))]);
    let fault = &state.stage.faults[0];
    assert!(state.editing && fault.line == 1 && fault.col > 0, "{fault}");
    assert!(state.moment.is_some(), "the last run is there");
    assert_eq!(state.kept.edits.get("S14"), Some(&mine));
    assert_eq!(state.course.home.id, "untitled");
    let binary = after([Action::Text(mine.clone()), Action::NotText("x is not a text".into())]);
    assert_eq!((&*binary.stage.text, binary.notice.as_deref()), (&*mine, Some("x is not a text")));
}

#[test]
fn a_link_takes_nothing_of_what_is_kept() {
    let (mine, others) = (edited("S14"), edited("S14").replacen("Mine", "Others'", 1));
    let letters = after([lesson("S14"), Action::Text(others.clone())]).shared().unwrap().letters;
    let state = after([lesson("S14"), Action::Text(mine.clone()), Action::Link(letters)]);
    assert_eq!((&*state.stage.text, state.kept.edits.get("S14")), (&*others, Some(&mine)));
    // Only when one goes on from it does it take that place, and the former text can be had back.
    let further = others.replacen("Others'", "Both", 1);
    let state = then(state, [Action::Text(further.clone())]);
    assert_eq!((state.kept.edits.get("S14"), state.course.former.as_deref()), (Some(&further), Some(&*mine)));
}

/// What the explorer says of a text, as it comes from the coordinator.
fn judged(number: u32, ruling: &Ruling) -> Action {
    let counterexample = match ruling {
        Ruling::Breaks { policy, rule, schedule, lines, .. } => Some(Counterexample {
            rule: rule.name().into(),
            policy: policy.name().into(),
            steps: schedule.iter().map(|(a, choice)| (a.0, *choice)).collect(),
            lines: lines.clone(),
        }),
        _ => None,
    };
    let accepted = matches!(ruling, Ruling::Accepted { .. });
    let ruled = Ruled { verdict: ruling.verdict().into(), accepted, why: ruling.sentences(), counterexample };
    Action::Learn(Learn::Judged(Word { number, news: Saying::Ruled(ruled) }))
}

fn ruling(id: &str, answer: &str) -> Ruling {
    let lesson = Lesson::parse(text(id)).unwrap();
    grade(&lesson, answer, Default::default(), &|_| std::ops::ControlFlow::Continue(()))
}

#[test]
fn a_failed_repair_loads_its_counterexample_in_the_learners_own_lines() {
    // A second look-up instead of a get, the repair that most try first.
    let tried = text("S03").replacen(
        "if e.type == ram_rw {\n    @use",
        "e = lookup 1:0x10\nif e.type == ram_rw {\n    @use",
        1,
    );
    let state = after([lesson("S03"), Action::Text(tried.clone()), Action::Learn(Learn::Judge)]);
    let answer = state.judging.answer.as_ref().unwrap();
    assert_eq!((&*answer.lesson, &*answer.text), (text("S03"), &*tried));
    let state = then(state, [judged(1, &ruling("S03", &tried))]);
    let counterexample = state.judging.ruled.as_ref().unwrap().counterexample.clone().unwrap();
    let (_, line, said) = counterexample.lines.last().unwrap();
    let own = tried.lines().nth(line.unwrap() as usize - 1).unwrap();
    assert!(own.contains(said.as_str()) && said.contains("store content"), "{own} {said}");
    let loaded = then(state, [Action::Learn(Learn::Counterexample { play: false })]);
    assert_eq!((at(&loaded), loaded.notice.as_deref()), (counterexample.steps.len(), None));
    assert!(loaded.moment.as_ref().unwrap().report.broken.iter().any(|it| it.rule == "stray"));
    assert_eq!(loaded.stage.policy.name(), counterexample.policy);
    assert!(loaded.judging.ruled.is_some(), "what was said stays beside its steps");
    assert!(loaded.kept.results.repaired.is_empty());
    // Once the text has changed, nothing is said of it.
    assert_eq!(then(loaded, [Action::Text(edited("S03"))]).judging.ruled, None);
}

#[test]
fn a_right_repair_is_kept_and_an_earlier_judgement_passed_over() {
    let right = text("S03").replacen("e = lookup 1:0x10  ", "e = get_gfn 1:0x10  ", 1);
    let right = right.replacen("be another domain's by now\n}", "be another domain's by now\n}\nput_gfn 1:0x10", 1);
    let said = ruling("S03", &right);
    assert!(matches!(said, Ruling::Accepted { .. }), "{said:?}");
    let state = after([lesson("S03"), Action::Text(right), Action::Learn(Learn::Judge), Action::Learn(Learn::Judge)]);
    let state = then(state, [judged(1, &said)]);
    assert!(state.judging.ruled.is_none() && state.kept.results.repaired.is_empty());
    let state = then(state, [judged(2, &said)]);
    assert!(state.kept.results.repaired.contains("S03"));
    // Another lesson's judgement is nobody's.
    let left = then(state, [Action::Learn(Learn::Judge), lesson("S15"), judged(3, &said)]);
    assert!(!left.kept.results.repaired.contains("S15"));
}

#[test]
fn a_step_waits_for_its_prediction() {
    // A state of its own each time: the run is shared by those that follow from one.
    let asked = || after([lesson("two-locks"), Action::Predict(Predicting::On(true)), Action::Actor(ActorId(0))]);
    let state = asked();
    assert_eq!((at(&state), state.predict.asked.as_ref().unwrap().prediction.right), (0, 0), "A's first lock is free");
    let refused = then(state, [Action::Step]);
    assert_eq!((at(&refused), refused.notice.is_some()), (0, true));
    let wrong = then(asked(), [Action::Predict(Predicting::Answer(2))]);
    assert!(wrong.predict.told.as_ref().unwrap().sentence().starts_with("Not so. It gets it."));
    assert_eq!((at(&wrong), wrong.kept.results.right, wrong.kept.results.asked), (1, 0, 1));
    let skipped = then(asked(), [Action::Do(Command::Escape)]);
    assert_eq!((at(&skipped), skipped.kept.results.asked), (1, 0));
    let none = then(asked(), [Action::Predict(Predicting::Answer(9))]);
    assert_eq!((at(&none), none.predict.asked.is_some()), (0, true));
    // By keys: 1 is the first answer, not the first actor.
    let right = then(asked(), [Action::Do(Command::Actor(0))]);
    let told = right.predict.told.as_ref().unwrap();
    assert_eq!((at(&right), told.sentence().as_str()), (1, "Right. It gets it. Nobody else holds it."));
    // The score survives; what was asked once counts once.
    assert_eq!((reloaded(&right).kept.results.right, reloaded(&right).kept.predict), (1, true));
    let again = then(right, [Action::Back, Action::Step, Action::Predict(Predicting::Answer(0))]);
    assert_eq!((at(&again), again.kept.results.asked, again.kept.results.right), (1, 1, 1));
    // The ring closes.
    let ring = then(again, [Action::Actor(ActorId(1))]);
    assert_eq!(ring.predict.asked.as_ref().unwrap().prediction.right, 2, "A waits for B, and now B for A");
}

#[test]
fn without_predictions_a_step_is_one_press() {
    let state = after([lesson("two-locks"), Action::Actor(ActorId(0))]);
    assert_eq!((at(&state), state.predict.asked.is_none()), (1, true));
}

#[test]
fn playing_stops_at_a_question_and_goes_on_behind_it() {
    let on = Action::Predict(Predicting::On(true));
    let state = after([lesson("two-locks"), Action::Learn(Learn::ModelAnswer { play: true }), on, Action::Tick]);
    assert!(state.predict.asked.is_some() && !state.playing && at(&state) == 0);
    let state = then(state, [Action::Predict(Predicting::Answer(0))]);
    assert!(state.predict.told.as_ref().unwrap().playing && !state.playing && at(&state) == 1);
    let state = then(state, [Action::Do(Command::Play), Action::Tick]);
    assert!(state.predict.asked.is_some(), "the next step is the one that closes the ring");
    let state =
        then(state, [Action::Predict(Predicting::Answer(2)), Action::Do(Command::Play), Action::Tick, Action::Tick]);
    assert_eq!((at(&state), state.playing), (state.moment.as_ref().unwrap().report.len, false));
}

#[test]
fn moving_otherwise_takes_a_question_back() {
    let on = Action::Predict(Predicting::On(true));
    let asked = after([lesson("two-locks"), on, Action::Actor(ActorId(0))]);
    for action in
        [Action::First, Action::Version("repaired".into()), lesson("S14"), Action::Predict(Predicting::On(false))]
    {
        let state = then(asked.clone(), [action]);
        assert!(state.predict.asked.is_none() && state.predict.told.is_none());
    }
}

#[test]
fn a_result_code_says_what_was_done_and_others_can_be_read() {
    let name = |name: &str| Action::Learn(Learn::Name(name.into()));
    let state = after([lesson("two-locks"), Action::Actor(ActorId(0)), Action::Actor(ActorId(1)), name("Ana")]);
    let code = state.kept.results.code();
    let read = then(after([]), [Action::Learn(Learn::Read(code.clone()))]);
    let results = read.course.read.clone().unwrap().unwrap();
    assert_eq!((results.name.as_str(), results.reached.contains("two-locks")), ("Ana", true));
    let damaged = then(read, [Action::Learn(Learn::Read(code[1..].into()))]);
    assert!(damaged.course.read.as_ref().unwrap().is_err());
    assert_eq!(then(damaged, [Action::Learn(Learn::Read(" ".into()))]).course.read, None);
    let long = then(state, [name(&"x".repeat(1000))]);
    assert_eq!(long.kept.results.name.len(), 24);
}
