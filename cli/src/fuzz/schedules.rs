//! Schedules, in events and in words, and images of memory: what a user has kept, and plays or loads again.

use super::corpus::{Corpus, Ready};
use super::lessons::{of_input, said};
use super::mutate;
use p2mscope_core::lesson::Staged;
use p2mscope_core::sched::{Random, Run, Schedule};
use p2mscope_core::trial::{Dice, look_at_all, poke, words_at_rest};
use p2mscope_core::watch::survey::Survey;
use p2mscope_core::watch::{Rules, invariants};

/// Steps of a run that is written down.
const STEPS: usize = 120;

/// The number of what is played, and a schedule for it, changed.
pub fn make(corpus: &Corpus, d: &mut Dice) -> Vec<u8> {
    let n = d.below(corpus.staged.len());
    let Ready { lesson, staged } = &corpus.staged[n];
    let mut run = Run::new(staged.sim(Rules::NONE));
    let mut random = Random::new(d.any());
    let steps = d.below(STEPS);
    while run.at() < steps && run.pick(&mut random) {}
    let text = match d.below(3) {
        0 => {
            let name = |d: &mut Dice| lesson.actors[d.below(lesson.actors.len())].name.clone();
            let until = |d: &mut Dice| match d.below(4) {
                0 => "!".to_string(),
                1 => format!("*{}", mutate::number(d)),
                2 => format!("@{}", mutate::word(d, corpus)),
                _ => String::new(),
            };
            (0..d.below(8)).map(|_| format!("{}{} ", name(d), until(d))).collect()
        }
        _ => run.schedule(),
    };
    let text = mutate::text(d, corpus, text, &corpus.programs);
    format!("{n}\n{text}").into_bytes()
}

/// The number in the first line, and the rest.
fn parts<'c, 'i>(corpus: &'c Corpus, input: &'i [u8]) -> Option<(&'c Ready, &'i str)> {
    let (n, rest) = std::str::from_utf8(input).ok()?.split_once('\n')?;
    Some((corpus.staged.get(n.parse::<usize>().ok()?)?, rest))
}

/// Reads and plays both kinds.
pub fn answer(corpus: &Corpus, input: &[u8]) -> Result<bool, String> {
    let Some((Ready { lesson, staged }, text)) = parts(corpus, input) else { return Ok(false) };
    let mut read = false;
    match Schedule::parse(text) {
        Ok(schedule) => {
            let printed = schedule.to_string();
            let again = Schedule::parse(&printed).map_err(|e| format!("own text is refused: {e} in {printed}"))?;
            if again != schedule || again.to_string() != printed {
                return Err(format!("printed as another: {printed}"));
            }
            let mut run = Run::new(staged.sim(Rules::ALL));
            if let Err(e) = run.play(&schedule) {
                said(&e.to_string())?;
            }
            look_at_all(&mut run);
            read = true;
        }
        Err(e) => {
            if e.at > text.len() {
                return Err(format!("no such place: {e}"));
            }
            said(&e.to_string())?;
        }
    }
    match lesson.schedule(text) {
        Ok(words) => {
            let mut run = Run::new(staged.sim(Rules::NONE));
            if let Err(e) = run.go(&words, &|a, label| staged.places(a, label)) {
                said(&e.to_string())?;
            }
            read = true;
        }
        Err(errors) => {
            if errors.is_empty() {
                return Err("refused without an error".into());
            }
            errors.iter().try_for_each(|e| said(&e.message))?;
        }
    }
    Ok(read)
}

/// What is run, for how many steps, and what the words are then changed by.
pub fn image(corpus: &Corpus, d: &mut Dice) -> Vec<u8> {
    format!("{}\n{} {:#x}", d.below(corpus.staged.len()), d.below(400), d.any()).into_bytes()
}

/// Whoever reads such an image, operation, watcher or view, finds something broken or not, and does not panic.
pub fn image_answer(corpus: &Corpus, input: &[u8]) -> Result<bool, String> {
    let Some((Ready { staged, .. }, rest)) = parts(corpus, input) else { return Ok(false) };
    let steps = rest.split(' ').next().and_then(|n| n.parse::<usize>().ok());
    let Some(steps) = steps.filter(|&n| n < 100_000) else { return Ok(false) };
    let d = &mut of_input(input);
    let mut run = Run::new(staged.sim(Rules::NONE));
    let mut random = Random::new(d.any());
    while run.at() < steps && run.pick(&mut random) {}
    let mut words = words_at_rest(staged, &run);
    let poked = poke(d, &staged.world, &mut words);
    let image = Staged { first: words.into(), ..staged.clone() };
    let mut copy = image.first.to_vec();
    invariants::drained(&mut copy, &image.world);
    let survey = Survey::take(&mut copy, &image.world);
    invariants::leaks(&mut copy, &image.world, &survey, &mut Vec::new());
    let mut run = Run::new(image.sim(Rules::ALL));
    let first = run.hash();
    look_at_all(&mut run);
    for _ in 0..60 {
        if !run.pick(&mut random) {
            break;
        }
    }
    look_at_all(&mut run);
    run.seek(0);
    match run.hash() == first {
        true => Ok(run.sim().start_broken().is_empty()),
        false => Err(format!("undo leads elsewhere: {poked:?}")),
    }
}
