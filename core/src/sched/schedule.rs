//! A schedule as text: short, stable, and read back.
//!
//! ```text
//! V0 0.2 PG 1 2.1+3 ~8a1f V0 .3 PG +4 V0 1*3 ~04c2
//! ```
//!
//! An actor's name, then how far it goes, each an event's [`Name`]: up to and including the next event of that name.
//! `*3` means the third such event. Where the actor decides a choice of the world it stops there, and `=2` says how
//! it went (0 where nothing is said). A place is left out where it is that of the actor's last name, and so is the
//! number of lock events: `.3` and `+4` above. `~8a1f` are the upper 16 bits of the state's hash, after every 16 steps
//! or soon after, and at the end. An actor whose name is no identifier goes by its number: `#3`. `V0 @3` at the beginning
//! says that V0 runs its program three times, as live actors do; one of whom nothing is said runs it once. Items are
//! parted by blanks or commas.

use super::name::{Name, Point};
use crate::addr::ActorId;
use crate::machine::World;
use crate::script::short;
use std::fmt;

/// An item of a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    /// An actor goes on.
    Go {
        /// Its name, or `#` and its number.
        actor: String,
        /// Up to this event.
        to: Name,
        /// The how manieth of that name.
        times: u32,
        /// What decides a choice on the way.
        choice: u64,
    },
    /// The upper 16 bits of the hash of the state reached.
    Check(u16),
    /// How often an actor runs its program.
    Rounds {
        /// Its name, or `#` and its number.
        actor: String,
        /// How often.
        rounds: u32,
    },
}

/// A run that can be written down.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Schedule {
    /// What happens, in order.
    pub items: Vec<Item>,
}

/// Why a text is no schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduleError {
    /// Where in the text, in bytes.
    pub at: usize,
    /// What was found there and what would be right.
    pub message: String,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.at + 1, self.message)
    }
}

impl std::error::Error for ScheduleError {}

/// The place and number of lock events that an actor's next name may leave out.
#[derive(Default)]
struct Last(Vec<(String, u64, u32)>);

impl Last {
    fn of(&self, actor: &str) -> (u64, u32) {
        self.0.iter().find(|l| l.0 == actor).map_or((0, 0), |l| (l.1, l.2))
    }

    fn set(&mut self, actor: &str, name: &Name) {
        let locks = match name.point {
            Point::End => 0,
            Point::After { locks, .. } | Point::Queued(locks) => locks,
        };
        match self.0.iter_mut().find(|l| l.0 == actor) {
            Some(l) => (l.1, l.2) = (name.place, locks),
            None => self.0.push((actor.into(), name.place, locks)),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut last, mut running, mut blank) = (Last::default(), "", "");
        for item in &self.items {
            f.write_str(blank)?;
            blank = " ";
            match item {
                Item::Check(hash) => write!(f, "~{hash:04x}")?,
                Item::Rounds { actor, rounds } => {
                    if running != actor {
                        write!(f, "{actor} ")?;
                        running = actor;
                    }
                    write!(f, "@{rounds}")?;
                }
                Item::Go { actor, to, times, choice } => {
                    if running != actor {
                        write!(f, "{actor} ")?;
                        running = actor;
                    }
                    write_name(f, last.of(actor), to)?;
                    last.set(actor, to);
                    if *choice != 0 {
                        write!(f, "={choice}")?;
                    }
                    if *times != 1 {
                        write!(f, "*{times}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn write_name(f: &mut fmt::Formatter<'_>, (place, before): (u64, u32), name: &Name) -> fmt::Result {
    let same = name.place == place;
    if !same || name.point == Point::End {
        write!(f, "{}", name.place)?;
    }
    match name.point {
        Point::End => Ok(()),
        Point::Queued(n) => write!(f, ".{n}q"),
        Point::After { locks, effects: 0 } => write!(f, ".{locks}"),
        Point::After { locks, effects } if same && locks == before => write!(f, "+{effects}"),
        Point::After { locks: 0, effects } if !same => write!(f, "+{effects}"),
        Point::After { locks, effects } => write!(f, ".{locks}+{effects}"),
    }
}

impl Schedule {
    /// Reads a schedule.
    pub fn parse(text: &str) -> Result<Schedule, ScheduleError> {
        let mut items = Vec::new();
        let (mut last, mut running) = (Last::default(), None::<&str>);
        for (at, word) in words(text) {
            let mut p = Parser { word, at: 0, offset: at };
            match word.as_bytes()[0] {
                b'~' => items.push(Item::Check(check(&p)?)),
                b'@' => {
                    let Some(actor) = running else {
                        return Err(p.error(0, "an actor's name must come first, as in `V0 @3`"));
                    };
                    p.at = 1;
                    let rounds = p.number("how many rounds")?;
                    if p.at < word.len() || items.iter().any(|i| !matches!(i, Item::Rounds { .. })) {
                        return Err(p.error(0, "rounds are said at the beginning, as in `V0 @3 PG @1 V0 1.2`"));
                    }
                    items.push(Item::Rounds { actor: actor.into(), rounds });
                }
                b'#' | b'_' | b'A'..=b'Z' | b'a'..=b'z' => running = Some(actor(&p)?),
                b'0'..=b'9' | b'.' | b'+' => {
                    let Some(actor) = running else {
                        return Err(p.error(0, "an actor's name must come first, as in `V0 1.2`"));
                    };
                    let to = p.name(last.of(actor))?;
                    let choice = if p.eat(b'=') { p.number("the number of a choice")? } else { 0 };
                    let times = if p.eat(b'*') { p.number("how many times")? } else { 1 };
                    if times == 0 || p.at < word.len() {
                        return Err(p.error(p.at.min(word.len() - 1), "expected the end of the item, `+`, `=` or `*`"));
                    }
                    last.set(actor, &to);
                    items.push(Item::Go { actor: actor.into(), to, times, choice });
                }
                _ => {
                    return Err(p.error(
                        0,
                        "expected an actor's name, a statement's number, `@` and rounds, or `~` and a hash",
                    ));
                }
            }
        }
        Ok(Schedule { items })
    }

    /// How often each actor of a world runs its program, in their order; empty where each runs it once. The error is the
    /// name of an actor that the world does not have.
    pub fn rounds(&self, world: &World) -> Result<Vec<u32>, String> {
        let mut all = Vec::new();
        for item in &self.items {
            if let Item::Rounds { actor, rounds } = item {
                all.resize(world.actors.len(), 1);
                all[find(world, actor)?.0 as usize] = *rounds;
            }
        }
        Ok(all)
    }
}

/// The actor of that name, or of that number behind `#`. The error is the name.
pub(super) fn find(world: &World, name: &str) -> Result<ActorId, String> {
    let number = name.strip_prefix('#').and_then(|n| n.parse::<usize>().ok());
    let found = number.filter(|&n| n < world.actors.len());
    let found = found.or_else(|| world.actors.iter().position(|a| a.name == name));
    found.map(|n| ActorId(n as u8)).ok_or(name.to_string())
}

/// The words of a text and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_blank = |c: char| c.is_whitespace() || c == ',';
    let start = move |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split(is_blank).filter(|w| !w.is_empty()).map(move |w| (start(w), w))
}

fn check(p: &Parser<'_>) -> Result<u16, ScheduleError> {
    let hash = &p.word[1..];
    let fits = hash.len() == 4 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    match u16::from_str_radix(hash, 16) {
        Ok(hash) if fits => Ok(hash),
        _ => Err(p.error(0, "a check value is `~` and four hexadecimal digits, as in `~8a1f`")),
    }
}

fn actor<'a>(p: &Parser<'a>) -> Result<&'a str, ScheduleError> {
    let name = p.word;
    let ok = match name.strip_prefix('#') {
        Some(number) => number.parse::<u8>().is_ok(),
        None => is_identifier(name),
    };
    if ok { Ok(name) } else { Err(p.error(0, "an actor is a name, or `#` and its number")) }
}

/// Whether an actor of that name can stand in a schedule as it is.
pub(super) fn is_identifier(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit() || c == '-')
}

struct Parser<'a> {
    word: &'a str,
    at: usize,
    offset: usize,
}

impl Parser<'_> {
    fn error(&self, at: usize, message: &str) -> ScheduleError {
        ScheduleError { at: self.offset + at, message: format!("`{}`: {message}", short(self.word, 60)) }
    }

    fn eat(&mut self, b: u8) -> bool {
        let found = self.word.as_bytes().get(self.at) == Some(&b);
        self.at += found as usize;
        found
    }

    fn number<N: std::str::FromStr>(&mut self, what: &str) -> Result<N, ScheduleError> {
        let rest = &self.word[self.at..];
        let len = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = rest[..len].parse().map_err(|_| self.error(self.at, &format!("expected {what}, a number")))?;
        self.at += len;
        Ok(number)
    }

    fn name(&mut self, (last_place, last_locks): (u64, u32)) -> Result<Name, ScheduleError> {
        let digit = self.word.as_bytes()[0].is_ascii_digit();
        let place = if digit { self.number("a statement")? } else { last_place };
        let mut locks = if digit { 0 } else { last_locks };
        let dot = self.eat(b'.');
        if dot {
            locks = self.number("a lock event")?;
            if self.eat(b'q') {
                return Ok(Name { place, point: Point::Queued(locks) });
            }
        }
        let point = match self.eat(b'+') {
            true => Point::After { locks, effects: self.number("an effect")? },
            false if dot => Point::After { locks, effects: 0 },
            false => Point::End,
        };
        Ok(Name { place, point })
    }
}
