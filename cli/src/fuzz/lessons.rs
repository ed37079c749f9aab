//! Lesson files: what is refused is refused at its place, and what is read can be staged, run, shown, undone, printed and
//! played again.

use super::corpus::Corpus;
use super::mutate;
use p2mscope_core::judge::Completed;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Random, Run, Schedule};
use p2mscope_core::script::parse::{self, MAX_BYTES};
use p2mscope_core::script::{Error, Text, print};
use p2mscope_core::trial::{Dice, look_at_all};
use p2mscope_core::watch::Rules;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Steps of a lesson that was read.
const STEPS: usize = 60;
/// Words of a world: 64 MB. A page of the web has little more.
const WORDS: u32 = 8 << 20;
/// Characters of a message: what a line or two can say.
const MESSAGE: usize = 1000;

/// A lesson file, changed.
pub fn file(corpus: &Corpus, d: &mut Dice) -> Vec<u8> {
    let lesson = corpus.lesson(d);
    let text = mutate::text(d, corpus, lesson, &corpus.lessons);
    mutate::bytes(d, text)
}

/// A lesson file in which one program or another text within quotes is changed, or replaced by one from elsewhere.
pub fn program(corpus: &Corpus, d: &mut Dice) -> Vec<u8> {
    let lesson = corpus.lesson(d);
    for quotes in ["'''", "\"\"\""] {
        let parts: Vec<&str> = lesson.split(quotes).collect();
        let inside = parts.len() / 2;
        if inside == 0 {
            continue;
        }
        let at = 2 * d.below(inside) + 1;
        let old = if d.chance(15) { corpus.programs[d.below(corpus.programs.len())].clone() } else { parts[at].into() };
        let new = mutate::text(d, corpus, old, &corpus.programs);
        let mut parts: Vec<String> = parts.into_iter().map(str::to_string).collect();
        parts[at] = new;
        return parts.join(quotes).into_bytes();
    }
    lesson.into_bytes()
}

/// Reads a file, and does with a lesson what a user can.
pub fn answer(_: &Corpus, input: &[u8]) -> Result<bool, String> {
    let lesson = match Lesson::from_bytes(input) {
        Ok(lesson) => lesson,
        Err(errors) => return placed(input, &errors).map(|()| false),
    };
    let d = &mut of_input(input);
    for version in lesson.versions() {
        printed(&lesson, version)?;
    }
    let version = &lesson.versions()[d.below(lesson.versions().len())];
    let policy = Some(Policy::ALL[d.below(Policy::ALL.len())]).filter(|_| d.chance(70));
    let staged = match lesson.stage(version, policy, None) {
        Ok(staged) => staged,
        Err(errors) => return placed(input, &errors).map(|()| false),
    };
    if staged.world.map.len() > WORDS {
        return Err(format!("large world: {} words", staged.world.map.len()));
    }
    Completed::new(&lesson, &staged);
    let mut run = Run::new(staged.sim(Rules::ALL));
    let (first, mut random) = (run.hash(), Random::new(d.any()));
    let steps = d.below(STEPS);
    while run.at() < steps && run.pick(&mut random) {}
    let last = run.hash();
    look_at_all(&mut run);
    if run.hash() != last || run.words().hash_from_scratch() != last {
        return Err("looking changes something".into());
    }
    staged.script.reached(&staged.world, run.words());
    let written = run.schedule();
    let schedule = Schedule::parse(&written).map_err(|e| format!("own schedule: {e} in {written}"))?;
    let mut again = Run::new(staged.sim(Rules::ALL));
    let played = again.play(&schedule).map_err(|e| format!("own schedule is not played: {e} in {written}"))?;
    if again.hash() != last || played.changed.is_some() {
        return Err(format!("own schedule leads elsewhere: {written}"));
    }
    run.seek(0);
    match run.hash() == first {
        true => Ok(true),
        false => Err("undo leads elsewhere".into()),
    }
}

/// Chance that depends on an input alone, so that the same input is answered the same.
pub fn of_input(input: &[u8]) -> Dice {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    Dice::new(hasher.finish())
}

/// Each error says something, at a place of the file.
fn placed(input: &[u8], errors: &[Error]) -> Result<(), String> {
    let text = String::from_utf8_lossy(input);
    let lines: Vec<&str> = text.split('\n').collect();
    if errors.is_empty() {
        return Err("refused without an error".into());
    }
    if errors.len() > parse::MAX_PROBLEMS + 1 {
        return Err(format!("many errors: {}", errors.len()));
    }
    for e in errors {
        let line = lines.get((e.line as usize).wrapping_sub(1));
        if !line.is_some_and(|l| (1..=l.chars().count() + 1).contains(&(e.col as usize))) {
            return Err(format!("no such place: {e}"));
        }
        said(&e.message)?;
    }
    Ok(())
}

/// A message that one can read.
pub fn said(message: &str) -> Result<(), String> {
    match message.chars().count() {
        0 => Err("an empty message".into()),
        n if n > MESSAGE => {
            Err(format!("long message: {n} characters, {}", message.chars().take(80).collect::<String>()))
        }
        _ => Ok(()),
    }
}

/// What is printed of a version is read as the same.
fn printed(lesson: &Lesson, version: &str) -> Result<(), String> {
    for a in 0..lesson.actors.len() {
        let Some(text) = lesson.program_text(a, version) else { continue };
        let tree = parse::program(text, &mut Vec::new());
        let printed = print::program(&tree);
        let mut problems = Vec::new();
        if printed.len() <= MAX_BYTES && parse::program(&Text::whole(printed.clone()), &mut problems) != tree {
            return Err(format!("a program is printed as another: {problems:?}\n{printed}"));
        }
    }
    let Some(text) = lesson.procedures_text(version) else { return Ok(()) };
    let tree = parse::procedures(text, &mut Vec::new());
    let printed = print::procedures(&tree);
    let mut problems = Vec::new();
    if printed.len() <= MAX_BYTES && parse::procedures(&Text::whole(printed.clone()), &mut problems) != tree {
        return Err(format!("a procedure is printed as another: {problems:?}\n{printed}"));
    }
    Ok(())
}
