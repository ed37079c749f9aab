//! Links, as they come from others: spoilt on their way, or written by somebody who means to say something else.

use super::corpus::{Corpus, Ready};
use super::lessons::said;
use super::mutate;
use p2mscope_core::lesson::Lesson;
use p2mscope_core::link::{Link, MAX_TEXT, Source};
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Random, Run};
use p2mscope_core::trial::{Dice, look_at_all};
use p2mscope_core::watch::Rules;

/// Steps of a run that is handed on.
const STEPS: usize = 60;

/// The link to a run with a branch, in which some members, or else the letters, are changed.
pub fn make(corpus: &Corpus, d: &mut Dice) -> Vec<u8> {
    let Ready { lesson, staged } = &corpus.staged[d.below(corpus.staged.len())];
    let mut run = Run::new(staged.sim(Rules::NONE));
    let mut random = Random::new(d.any());
    let steps = d.below(STEPS);
    while run.at() < steps && run.pick(&mut random) {}
    run.seek(d.below(STEPS));
    run.pick(&mut random);
    let source = match d.below(3) {
        0 => {
            let text = corpus.lesson(d);
            Source::Text(mutate::text(d, corpus, text, &corpus.lessons))
        }
        _ => Source::BuiltIn(lesson.id.clone()),
    };
    let versions = lesson.versions();
    let mut link = Link::of(&run, source, &versions[d.below(versions.len())], "");
    if d.chance(60) {
        match d.below(5) {
            0 => link.version = mutate::word(d, corpus),
            1 => link.policy = mutate::word(d, corpus),
            2 => (link.at, link.branch) = (d.any() as usize >> d.below(64), d.any() as usize >> d.below(64)),
            3 => drop(link.page.insert(mutate::word(d, corpus), mutate::word(d, corpus).into())),
            _ => {
                for branch in &mut link.branches {
                    let text = std::mem::take(&mut branch.schedule);
                    branch.schedule = mutate::text(d, corpus, text, &corpus.programs);
                }
            }
        }
    }
    let text = link.write();
    let spoilt = d.chance(50);
    if spoilt { mutate::text(d, corpus, text, &corpus.programs) } else { text }.into_bytes()
}

/// Reads a link, and opens what it says as the page does.
pub fn answer(corpus: &Corpus, input: &[u8]) -> Result<bool, String> {
    let Ok(text) = std::str::from_utf8(input) else { return Ok(false) };
    let link = match Link::read(text) {
        Ok(link) => link,
        Err(e) => return said(&e.to_string()).map(|()| false),
    };
    let again = link.write();
    if serde_json::to_vec(&link).is_ok_and(|json| json.len() <= MAX_TEXT) && Link::read(&again).as_ref() != Ok(&link) {
        return Err(format!("own link is another: {again}"));
    }
    let lesson = match &link.source {
        Source::BuiltIn(id) => {
            corpus.staged.iter().find(|ready| ready.lesson.id == *id).map(|ready| ready.lesson.clone())
        }
        Source::Text(text) => Lesson::parse(text).ok(),
    };
    let Some(lesson) = lesson else { return Ok(false) };
    let version = lesson.versions().iter().find(|version| **version == link.version).unwrap_or(&lesson.versions()[0]);
    let Ok(staged) = lesson.stage(version, Policy::from_name(&link.policy), None) else { return Ok(false) };
    let mut run = Run::new(staged.sim(Rules::ALL));
    link.replay(&mut run).notes.iter().try_for_each(|note| said(note))?;
    look_at_all(&mut run);
    Ok(true)
}
