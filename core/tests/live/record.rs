//! Recorded runs: a simulated run takes the steps that real threads took, and comes to the same words.

use super::PATIENCE;
use p2mscope_core::addr::Word;
use p2mscope_core::lesson::{Form, Lesson};
use p2mscope_core::live::{Detector, Live, Plan, Recording, Threads, differences, digest};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Run, Schedule};
use p2mscope_core::script::Script;
use p2mscope_core::watch::Rules;
use std::path::Path;
use std::time::Instant;

/// Runs to its end, or until nobody can go on.
fn to_the_end(live: &Live<Script>) -> Recording {
    let threads = Threads::start(live).unwrap();
    let (mut detector, start) = (Detector::new(), Instant::now());
    while !live.all_stopped() {
        if !detector.poll(live).is_empty() {
            live.freeze();
        }
        assert!(start.elapsed() < PATIENCE, "neither ends nor stands");
        std::thread::yield_now();
    }
    threads.join();
    live.recording().unwrap()
}

/// Records runs of a version and plays each again; gives how many effects that were.
fn play_again(lesson: &Lesson, version: &str, form: Form, policy: Policy, runs: u64) -> usize {
    let what = format!("{} {version} {form:?} {policy:?}", lesson.id);
    let staged = lesson.stage_as(version, form, Some(policy), None).unwrap();
    let mut effects = 0;
    for seed in 0..runs {
        let plan = Plan { seed, rounds: Some(1 + seed % 3) };
        let live = Live::recorded(staged.world.clone(), staged.script.clone(), &staged.first, plan, 10_000);
        let recording = to_the_end(&live);
        let mut run = Run::new(staged.sim_of(&recording, Rules::NONE));
        let taken = run.retrace(&recording.steps);
        assert_eq!(taken, recording.steps.len(), "{what}, seed {seed}: {:?}", recording.steps.get(taken));
        let (map, actors) = (&staged.world.map, staged.world.actors.len());
        let simulated: Vec<u64> = (0..map.len()).map(|i| run.sim().memory().peek(Word(i))).collect();
        let words = live.words().copy();
        assert_eq!(differences(map, actors, &words, &simulated), [], "{what}, seed {seed}");
        assert_eq!(digest(map, actors, &words), digest(map, actors, &simulated), "{what}, seed {seed}");
        effects += taken;
    }
    effects
}

#[test]
fn a_thousand_recorded_runs_come_to_the_same_words_when_they_are_stepped() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../static/lessons");
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let lessons = files.iter().map(|f| Lesson::parse(&std::fs::read_to_string(f).unwrap()).unwrap());
    let lessons: Vec<_> = lessons.collect();
    let programs = lessons.iter().flat_map(|l| l.versions().iter().map(move |v| (l, v, Form::Once)));
    let loops = lessons.iter().flat_map(|l| l.live.iter().map(move |v| (l, v, Form::Loop)));
    let cases: Vec<_> = programs.chain(loops).collect();
    let policies = [Policy::M2, Policy::Global, Policy::K4, Policy::Rw, Policy::G1];
    let runs = 1_000_u64.div_ceil((cases.len() * policies.len()) as u64);
    let mut effects = 0;
    for (lesson, version, form) in cases.iter().copied() {
        for policy in policies {
            effects += play_again(lesson, version, form, policy, runs);
        }
    }
    assert!(effects > 10_000, "{effects}");
}

#[test]
fn a_recording_that_is_full_ends_the_run_between_rounds() {
    let lesson = Lesson::parse(include_str!("../../../static/lessons/first.toml")).unwrap();
    let staged = lesson.stage("repaired", Some(Policy::M2), None).unwrap();
    let live = Live::recorded(staged.world.clone(), staged.script.clone(), &staged.first, Plan::default(), 200);
    let recording = to_the_end(&live);
    assert!((200..400).contains(&recording.steps.len()), "{}", recording.steps.len());
    let mut run = Run::new(staged.sim_of(&recording, Rules::NONE));
    assert_eq!(run.retrace(&recording.steps), recording.steps.len());
    assert!(run.sim().all_ended(), "each round that was begun has ended");
    // As text, which says how often each actor runs its program, it leads to the same state.
    let schedule = Schedule::parse(&run.schedule()).unwrap();
    let rounds = schedule.rounds(&staged.world).unwrap();
    assert_eq!(rounds, recording.rounds);
    let mut again = Run::new(staged.sim_with(rounds, Rules::NONE));
    let played = again.play(&schedule).unwrap();
    assert_eq!((played.steps, played.changed, again.hash()), (recording.steps.len(), None, run.hash()));
    // Where each actor runs its program once it cannot be played, and that is said.
    let refused = Run::new(staged.sim(Rules::NONE)).play(&schedule).unwrap_err().to_string();
    let several = recording.rounds.iter().enumerate().find(|(_, rounds)| **rounds != 1);
    let (first, rounds) = several.expect("somebody ran more than once");
    let name = &staged.world.actors[first].name;
    assert_eq!(refused, format!("step 1: In the schedule {name} runs its program {rounds} times, and here 1 times."));
}
