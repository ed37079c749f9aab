mod learning;

use std::rc::Rc;

use yew::Reducible;

use p2mscope_core::addr::ActorId;

use super::*;
use crate::lessons;

/// The page after these actions.
fn after(actions: impl IntoIterator<Item = Action>) -> Rc<State> {
    actions.into_iter().fold(Rc::new(State::open(Kept::default())), |state, action| state.reduce(action))
}

/// The place of a built-in lesson whose name begins so.
fn place(name: &str) -> usize {
    lessons::ALL.iter().position(|it| it.name.starts_with(name)).unwrap()
}

fn lesson(name: &str) -> Action {
    Action::Lesson(place(name))
}

fn moment(state: &State) -> &Moment {
    state.moment.as_deref().unwrap()
}

#[test]
fn every_built_in_lesson_opens_with_all_versions_under_all_policies() {
    for n in 0..lessons::ALL.len() {
        let state = after([Action::Lesson(n)]);
        assert!(state.stage.faults.is_empty(), "{}: {:?}", lessons::ALL[n].name, state.stage.faults);
        let versions = state.stage.lesson.as_ref().unwrap().versions.clone();
        for version in versions {
            for policy in Policy::ALL {
                let state = state.clone().reduce(Action::Version(version.clone())).reduce(Action::Policy(policy));
                assert_eq!((&state.stage.version, state.stage.policy), (&version, policy));
                assert_eq!(moment(&state).report.at, 0);
            }
        }
    }
}

#[test]
fn in_the_first_minute_step_alone_leads_to_a_deadlock() {
    let mut state = after([]);
    assert_eq!((moment(&state).report.at, state.size), (0, Size::LockEvent));
    for presses in 1..=20 {
        state = state.reduce(Action::Do(Command::Step));
        if let Some(ring) = moment(&state).waits.cycles.first() {
            assert_eq!(moment(&state).names(ring.iter().copied()), "V0, V1", "after {presses} presses");
            return;
        }
    }
    panic!("no ring: {}", moment(&state).report.sentence);
}

#[test]
fn steps_are_taken_back_and_again() {
    let there = after(std::iter::repeat_n(Action::Step, 6));
    let back = there.clone().reduce(Action::Back).reduce(Action::Back);
    assert!(moment(&back).report.at < moment(&there).report.at);
    let again = back.reduce(Action::Step).reduce(Action::Step);
    assert_eq!(moment(&again).report.sentence, moment(&there).report.sentence);
    assert_eq!(moment(&again).timeline.forks.len(), 1);
    let first = again.reduce(Action::First);
    assert_eq!(moment(&first).report.at, 0);
    assert_eq!(moment(&first.reduce(Action::Last)).report.at, moment(&there).report.at);
}

#[test]
fn another_choice_after_going_back_opens_a_fork() {
    let state = after([Action::Actor(ActorId(0)), Action::First, Action::Actor(ActorId(1))]);
    assert_eq!(moment(&state).timeline.forks.len(), 2);
    assert_eq!(state.picked.actor, Some(ActorId(1)));
}

#[test]
fn an_actor_that_cannot_step_says_why() {
    let blocked = after([lesson("S14"), Action::UntilBlocked(ActorId(0))]);
    let state = blocked.reduce(Action::Actor(ActorId(0)));
    assert_eq!(state.notice.as_deref(), Some("TS1 has ended."));
    let state = state.reduce(Action::Do(Command::Actor(7)));
    assert_eq!(state.notice.as_deref(), Some("There is no actor 8; this lesson has 2."));
    assert_eq!(state.reduce(Action::Over(Some(Over::Keys))).notice, None);
}

#[test]
fn a_ring_is_walked_from_blocked_to_owner() {
    // TS1 takes its first page, TS2 the other one, then each asks for what the other has.
    let steps = [0, 0, 1, 1, 1, 1, 0, 0].map(|actor| Action::Actor(ActorId(actor)));
    let state = after([lesson("S14")].into_iter().chain(steps).chain([0, 1].map(|a| Action::UntilBlocked(ActorId(a)))));
    assert_eq!(moment(&state).waits.cycles, [[0, 1]]);
    let state = state.reduce(Action::Pick(Picked { actor: Some(ActorId(0)), ..Picked::default() }));
    let owner = state.reduce(Action::Do(Command::ToOwner));
    assert_eq!(owner.picked.actor, Some(ActorId(1)));
    assert_eq!(owner.reduce(Action::Do(Command::ToBlocked)).picked.actor, Some(ActorId(0)));
}

#[test]
fn a_faulty_text_is_kept_and_so_is_the_run_of_the_good_one() {
    let good = lessons::ALL[place("S14")].text;
    let text = good.replace("e = get_gfn 1:0x10 ", "e = gte_gfn 1:0x10 ");
    let state = after([lesson("S14"), Action::Step, Action::Text(text.clone())]);
    let fault = &state.stage.faults[0];
    let line = text.lines().position(|line| line.contains("gte_gfn")).unwrap() as u32 + 1;
    assert_eq!((fault.line, fault.col), (line, 5), "{fault}");
    assert!(fault.message.contains("get_gfn"), "{fault}");
    assert_eq!((&*state.stage.text, state.stage.built_in), (&*text, None));
    assert_eq!(moment(&state).actors.len(), 2);
    let mended = state.reduce(Action::Text(good.to_owned()));
    assert!(mended.stage.faults.is_empty());
    assert_eq!((moment(&mended).report.at, mended.stage.built_in), (0, Some(place("S14"))));
}

#[test]
fn no_text_makes_a_panic() {
    let good = lessons::ALL[0].text;
    let long = "x".repeat(10_000_000);
    for text in [
        "",
        "\0\u{1}\u{7f}",
        "[[actor]]",
        "id = 1",
        &good[..good.len() / 2],
        &good.replace("0x10", "0x1000000000"),
        &long,
    ] {
        let state = after([Action::Text(text.to_owned()), Action::Step]);
        let fault = state.stage.faults.first().unwrap_or_else(|| panic!("{:.40} is taken", text));
        assert!(fault.line > 0 && fault.col > 0 && !fault.message.is_empty());
    }
}

#[test]
fn the_finding_of_a_search_is_stepped_through() {
    let state = after([lesson("S14"), Action::Do(Command::Explore), Action::Do(Command::Explore)]);
    assert_eq!((state.mode, state.explore.search), (Mode::Explore, 1));
    assert_eq!(state.explore.question.as_ref().unwrap().find.unwrap().name(), "deadlock");
    let found = Found { rule: "deadlock".into(), why: "a ring".into(), steps: vec![(0, 0), (1, 0)] };
    let report = Report {
        verdict: String::new(),
        safe: false,
        found: Some(found),
        met: Vec::new(),
        progress: Progress::default(),
        threads: 1,
    };
    let news = |search| Action::Explorer(Heard { search, news: News::Report(report.clone()) });
    // What a search says that was begun earlier is nobody's.
    let state = state.reduce(news(0));
    assert_eq!(state.explore.report, None);
    let state = state.reduce(news(1));
    assert_eq!(state.explore.question, None);
    let played = state.clone().reduce(Action::LoadFinding { play: true });
    assert_eq!((moment(&played).report.at, moment(&played).report.len, played.playing), (0, 2, true));
    let ticked = [Action::Tick, Action::Tick, Action::Tick].into_iter().fold(played, |state, tick| state.reduce(tick));
    assert_eq!((moment(&ticked).report.at, ticked.playing), (2, false), "playing ends with the finding");
    let loaded = state.reduce(Action::LoadFinding { play: false });
    assert_eq!((moment(&loaded).report.at, loaded.mode, loaded.playing), (2, Mode::Step, false));
}

#[test]
fn playing_ends_where_nobody_can_step() {
    let mut state = after([lesson("S03"), Action::Do(Command::Play)]);
    for _ in 0..500 {
        state = state.reduce(Action::Tick);
    }
    assert!(!state.playing && moment(&state).report.ended);
}

#[test]
fn another_lesson_ends_threads_and_search() {
    let state = after([Action::Explore, Action::Live(Wish::Run)]);
    assert!(state.explore.question.is_some() && state.live.order.is_some());
    let state = state.reduce(lesson("S15"));
    assert_eq!((state.live.wish, &state.explore.question, &state.live.order), (Wish::Nothing, &None, &None));
}

/// The deadlocks that could be, each as who asked where for the first time.
fn possible(state: &State) -> Vec<Vec<(String, usize)>> {
    let orders = |it: &p2mscope_core::view::Possible| it.orders.iter().map(|o| (o.run_name.clone(), o.step)).collect();
    moment(state).diagnosis.possible.iter().map(orders).collect()
}

#[test]
fn orders_of_different_branches_are_told_together_and_lead_back() {
    let (first, second) = (Action::UntilBlocked(ActorId(0)), Action::UntilBlocked(ActorId(1)));
    let one = after([lesson("S14"), first]);
    assert_eq!(possible(&one), Vec::<Vec<_>>::new(), "one actor alone keeps to one order");
    // Back to the first state, and the other one goes first: a branch that has the other order.
    let both = one.reduce(Action::First).reduce(second);
    let found = possible(&both);
    assert_eq!(found.len(), 1);
    let names: Vec<&str> = found[0].iter().map(|seen| seen.0.as_str()).collect();
    assert_eq!(names, ["run", "fork 1"]);
    let order = &moment(&both).diagnosis.possible[0].orders[0];
    let there = both.clone().reduce(Action::Seen { run: order.run, step: order.step });
    assert_eq!((moment(&there).report.at, moment(&there).report.actor), (found[0][0].1, Some(0)));
    assert!(
        moment(&there).report.sentence.starts_with("TS1 takes range 0 of domain 2"),
        "{}",
        moment(&there).report.sentence
    );
    assert_eq!(possible(&there), found, "looking takes nothing away");
    // Another program is another session.
    let version = Action::Version("repaired".into());
    assert_eq!(possible(&there.reduce(version)), Vec::<Vec<_>>::new());
}

#[test]
fn what_a_search_has_met_is_told_and_stepped_to() {
    let met = |actor: u8, held: u8, wants: u8, steps: Vec<(u8, u64)>| p2mscope_core::sched::Sighting {
        actor,
        held: vec![(p2mscope_core::lock::Lock::Pod(held).to_word(), false)],
        wants: (p2mscope_core::lock::Lock::Pod(wants).to_word(), false),
        steps,
    };
    let report = Report {
        verdict: String::new(),
        safe: true,
        found: None,
        met: vec![met(0, 0, 1, vec![(0, 0)]), met(1, 1, 0, vec![(1, 0), (1, 0)])],
        progress: Progress::default(),
        threads: 1,
    };
    let state =
        after([lesson("S14"), Action::Explore, Action::Explorer(Heard { search: 1, news: News::Report(report) })]);
    assert_eq!(possible(&state), [[("search".to_owned(), 1), ("search".to_owned(), 2)]]);
    let run = moment(&state).diagnosis.possible[0].orders[1].run;
    let there = state.reduce(Action::Seen { run, step: 2 });
    assert_eq!((moment(&there).report.at, moment(&there).report.actor), (2, Some(1)));
    let nowhere = there.reduce(Action::Seen { run: 99, step: 1 });
    assert_eq!(nowhere.notice.as_deref(), Some("There is no such run any more."));
}

#[test]
fn a_rule_that_broke_says_at_which_step() {
    let steps = [0, 0, 1, 1, 1, 1, 0, 0].map(|actor| Action::Actor(ActorId(actor)));
    let state = after([lesson("S14")].into_iter().chain(steps).chain([0, 1].map(|a| Action::UntilBlocked(ActorId(a)))));
    let step = moment(&state).rules.iter().find(|it| it.rule == "deadlock").unwrap().step;
    assert_eq!(step, Some(moment(&state).report.at));
    assert!(
        moment(&state).rules.iter().filter(|it| it.rule != "deadlock" && it.rule != "I27").all(|it| it.step.is_none())
    );
    let text = moment(&state).diagnosis.plain().join(" ");
    assert!(text.contains("If TS1 gave up what it has, all others could go on."), "{text}");
    let back = state.reduce(Action::Back);
    assert!(moment(&back).rules.iter().all(|it| it.rule != "deadlock" || it.step.is_none()));
}

#[test]
fn w_and_r_open_and_close() {
    let state = after([Action::Do(Command::Watchers), Action::Do(Command::Report)]);
    assert_eq!((state.side, state.over), (Side::Watchers, Some(Over::Report)));
    let state = state.reduce(Action::Do(Command::Escape)).reduce(Action::Do(Command::Watchers));
    assert_eq!((state.side, state.over), (Side::Frames, None));
}

#[test]
fn a_link_leads_to_the_same_step_branch_and_marks() {
    let steps = [Action::Actor(ActorId(0)), Action::Actor(ActorId(1)), Action::Back, Action::Actor(ActorId(0))];
    let state =
        after([lesson("S14"), Action::Policy(Policy::Global), Action::Size(Size::Effect)].into_iter().chain(steps));
    let state = state.reduce(Action::Pick(Picked { actor: Some(ActorId(1)), frame: Some(3), ..Picked::default() }));
    let shared = state.shared().unwrap();
    assert!(shared.fits);
    let there = after([Action::Link(format!("#{}", shared.letters))]);
    assert_eq!(there.notice, None);
    assert_eq!(
        (there.stage.built_in, there.stage.policy, there.size),
        (state.stage.built_in, Policy::Global, Size::Effect)
    );
    assert_eq!(there.picked, state.picked);
    assert_eq!(moment(&there).timeline, moment(&state).timeline);
    assert_eq!(moment(&there).timeline.forks.len(), 2);
    assert_eq!(moment(&there).report, moment(&state).report);
}

#[test]
fn a_link_holds_a_text_of_ones_own() {
    let text = lessons::ALL[0].text.replace("goal = \"", "goal = \"Mine: ");
    let state = after([Action::Text(text.clone()), Action::Step, Action::Step]);
    let shared = state.shared().unwrap();
    assert!(shared.fits, "{} letters", shared.letters.len());
    let there = after([Action::Link(shared.letters)]);
    assert_eq!((&*there.stage.text, there.stage.built_in), (&*text, None));
    assert_eq!(moment(&there).report, moment(&state).report);
}

#[test]
fn a_link_that_cannot_be_read_leaves_all_as_it_is() {
    let before = after([lesson("S14"), Action::Step]);
    for link in ["#nothing", "#1.zzzz", "#9.abc", "#1."] {
        let state = before.clone().reduce(Action::Link(link.to_owned()));
        assert!(state.notice.as_ref().is_some_and(|it| it.len() > 30), "{link}: {:?}", state.notice);
        assert_eq!(moment(&state).report, moment(&before).report);
    }
}

#[test]
fn what_cannot_be_done_says_why() {
    let state = after([lesson("S14")]);
    assert_eq!(state.why_not(Command::Step), None);
    assert_eq!(state.why_not(Command::Back).as_deref(), Some("This is the first state."));
    assert_eq!(state.why_not(Command::ToOwner).as_deref(), Some("Nobody waits."));
    let steps = [0, 0, 1, 1, 1, 1, 0, 0].map(|actor| Action::Actor(ActorId(actor)));
    let stuck = steps.into_iter().chain([0, 1].map(|a| Action::UntilBlocked(ActorId(a))));
    let stuck = stuck.fold(state, |state, action| state.reduce(action));
    for command in [Command::Step, Command::Play, Command::Actor(0), Command::UntilBlocked(1)] {
        let why = stuck.why_not(command).unwrap_or_else(|| panic!("{command:?} can be done in a deadlock"));
        assert!(why.contains("asks for range 0 of domain"), "{command:?}: {why}");
    }
    assert_eq!(stuck.why_not(Command::Back), None);
    // What could not be done in the palette is told and changes nothing.
    let offer = stuck.offers("Step TS1").remove(0);
    assert_eq!((offer.name.as_str(), offer.key.as_deref()), ("Step TS1", Some("1")));
    let told = stuck.clone().reduce(Action::Over(Some(Over::Palette))).reduce(Action::Choose(Box::new(offer)));
    assert_eq!((told.over, told.notice.clone()), (None, stuck.why_not(Command::Actor(0))));
    assert_eq!(moment(&told).report, moment(&stuck).report);
}

#[test]
fn the_palette_opens_lessons_and_turns_sheets_over() {
    let state = after([Action::Do(Command::Palette)]);
    assert_eq!(state.over, Some(Over::Palette));
    let offer = state.offers("lesson s15").remove(0);
    let state = state.reduce(Action::Choose(Box::new(offer)));
    assert_eq!((state.over, state.stage.built_in), (None, Some(place("S15"))));
    // What a pointer picks in the drawings can be picked by name.
    let two = after([lesson("S14")]);
    let offer = two.offers("walk 2:0x20").remove(0);
    let picked = two.clone().reduce(Action::Choose(Box::new(offer)));
    assert_eq!(moment(&picked).walk.as_ref().map(|walk| walk.domain), Some(2));
    let offer = two.offers("mark ts2").remove(0);
    assert_eq!(two.reduce(Action::Choose(Box::new(offer))).picked.actor, Some(ActorId(1)));
    let offer = state.offers("share").remove(0);
    assert_eq!(state.reduce(Action::Choose(Box::new(offer))).over, Some(Over::Share));
}

#[test]
fn a_button_tells_the_key_that_its_command_has_now() {
    let state = after([]);
    assert_eq!(state.title(Command::First), "First state (Home)");
    let mut keys = state.kept.keys.clone();
    keys.bind(Command::First, "a").unwrap();
    let state = state.reduce(Action::Keys(keys.clone()));
    assert_eq!(state.title(Command::First), "First state (a)");
    keys.characters_off = true;
    assert_eq!(state.reduce(Action::Keys(keys)).title(Command::First), "First state");
}
