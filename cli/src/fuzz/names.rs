//! Names and numbers, and whole command lines.

use super::corpus::Corpus;
use super::lessons::said;
use super::mutate;
use crate::number::{count, number};
use crate::{Cli, Command, entry, run};
use clap::Parser;
use p2mscope_core::entry::{Access, Format, P2mType};
use p2mscope_core::machine::{Kind, Policy};
use p2mscope_core::script::verbs::Verb;
use p2mscope_core::script::{constant, did_you_mean, reserved};
use p2mscope_core::trial::Dice;
use p2mscope_core::watch::Rule;

/// A name or a number, changed by a character or two.
pub fn make(corpus: &Corpus, d: &mut Dice) -> Vec<u8> {
    let word = mutate::word(d, corpus);
    let text = if d.chance(50) { word } else { mutate::text(d, corpus, word, &corpus.programs) };
    text.into_bytes()
}

/// Asks for it wherever something goes by a name.
pub fn answer(corpus: &Corpus, input: &[u8]) -> Result<bool, String> {
    let Ok(text) = std::str::from_utf8(input) else { return Ok(false) };
    let found: [Option<&str>; 6] = [
        Rule::from_name(text).map(Rule::name),
        Policy::from_name(text).map(Policy::name),
        Format::from_name(text).map(Format::name),
        // Goes by two names, with a prefix and without.
        Access::from_name(text).map(|a| if text.starts_with("access_") { text } else { a.name() }),
        P2mType::from_name(text).map(P2mType::name),
        Verb::from_name(text).map(|v| v.info().name),
    ];
    if let Some(other) = found.iter().flatten().find(|name| **name != text) {
        return Err(format!("another name: {other}"));
    }
    let mut read = found.iter().any(Option::is_some) || Kind::from_name(text).is_some() || constant(text).is_some();
    reserved(text);
    did_you_mean(text, corpus.words.iter().take(50).map(String::as_str));
    for parsed in [number(text), count(text)] {
        match parsed {
            Ok(_) => read = true,
            Err(e) => said(&e)?,
        }
    }
    if let Ok(n) = number(text)
        && number(&format!("{n:#x}")) != Ok(n)
    {
        return Err(format!("another number: {n}"));
    }
    run::policy(text).map_or_else(|e| said(&e), |_| Ok(()))?;
    Ok(read)
}

/// Command lines that can be read, their words parted by blanks.
const LINES: [&str; 12] = [
    "p2mscope check --record --threads 2 a.toml b.toml",
    "p2mscope explore a.toml --version repaired --policy 2m --find deadlock --states 1000 --exact --json",
    "p2mscope run a.toml --schedule V0@use_PG! --version before --policy rw",
    "p2mscope dump a.toml --at 12 -o dir --schedule V0!",
    "p2mscope entry encode --type ram_ro --access rx --mfn 0x1234",
    "p2mscope entry encode --format ept --type ram_logdirty --mfn 0x200 --order 9 --pml --ad --emt wb --guest-pat",
    "p2mscope entry encode --format npt --type grant_map_ro --mfn 0x1234 --ioreq-writes --mmio-ro",
    "p2mscope entry decode 0x1c00000001234077 --format ept-2011 --level 1",
    "p2mscope entry table --format npt",
    "p2mscope fuzz --inputs 1e6 --seed 3 --from 10 --target lesson --seconds 5 --threads 2 --show",
    "p2mscope soak --ops 1e9 --seconds 10 --seed 2 --policy 4k",
    "p2mscope help entry decode",
];

/// A command line, a word a line.
pub fn line(corpus: &Corpus, d: &mut Dice) -> Vec<u8> {
    let mut words: Vec<String> = d.one(&LINES).split(' ').map(str::to_string).collect();
    for _ in 0..d.below(4) {
        let at = 1 + d.below(words.len() - 1);
        match d.below(4) {
            0 if words.len() > 2 => drop(words.remove(at)),
            1 => words.insert(at, words[at].clone()),
            2 => words[at] = mutate::text(d, corpus, words[at].clone(), &corpus.programs).replace('\n', " "),
            _ => words[at] = mutate::word(d, corpus).replace('\n', " "),
        }
    }
    words.join("\n").into_bytes()
}

/// Reads it; of the commands those alone are run that read no file.
pub fn line_answer(_: &Corpus, input: &[u8]) -> Result<bool, String> {
    let Ok(text) = std::str::from_utf8(input) else { return Ok(false) };
    match Cli::try_parse_from(text.split('\n')) {
        Ok(Cli { command: Command::Entry(command) }) => match entry::run(command) {
            Ok(out) if out.is_empty() => Err("no answer".into()),
            Ok(_) => Ok(true),
            Err(usage) => said(&usage.0).map(|()| false),
        },
        Ok(_) => Ok(true),
        Err(e) if e.to_string().trim().is_empty() => Err("an empty message".into()),
        Err(_) => Ok(false),
    }
}
