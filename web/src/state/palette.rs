//! Everything that can be asked of the page by name: the commands, and what this lesson and page have to choose from.

use p2mscope_core::machine::Policy;

use super::command::TABLE;
use super::{Action, Command, State};
use crate::lessons;
use crate::moment::{id, mapped};

/// A line of the palette.
#[derive(Clone)]
pub struct Offer {
    /// What it does.
    pub name: String,
    /// Its key, as it is shown.
    pub key: Option<String>,
    /// What happens when it is chosen.
    pub action: Action,
    /// Why it cannot be chosen now.
    pub why_not: Option<String>,
}

impl State {
    /// What there is to choose for these letters, the best first; for none, everything.
    pub fn offers(&self, letters: &str) -> Vec<Offer> {
        let mut found: Vec<_> =
            self.everything().into_iter().filter_map(|offer| Some((fit(letters, &offer.name)?, offer))).collect();
        // A stable order: what fits alike stays as it stands in the table.
        found.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
        found.into_iter().map(|(_, offer)| offer).collect()
    }

    fn everything(&self) -> Vec<Offer> {
        let keys = &self.kept.keys;
        let of = |command: Command, name: String, key: Option<String>| Offer {
            name,
            key: key.filter(|key| keys.hears(key)),
            action: Action::Do(command),
            why_not: self.why_not(command),
        };
        let plain = |name: String, action: Action| Offer { name, key: None, action, why_not: None };
        let own = [Command::Palette, Command::Escape];
        let commands = TABLE.iter().filter(|row| !own.contains(&row.command));
        let mut all: Vec<_> =
            commands.map(|row| of(row.command, row.name.to_owned(), self.key_of(row.command))).collect();
        for actor in self.moment.iter().flat_map(|moment| &moment.actors) {
            let key = (actor.actor < 9).then(|| (actor.actor + 1).to_string()).filter(|_| !keys.characters_off);
            let shifted = key.as_ref().map(|key| format!("shift {key}"));
            all.push(of(Command::Actor(actor.actor), format!("Step {}", actor.name), key));
            let name = format!("Run {} until it waits or ends", actor.name);
            all.push(of(Command::UntilBlocked(actor.actor), name, shifted));
        }
        if let Some(moment) = &self.moment {
            // What a pointer picks in the drawings.
            let actors = moment.actors.iter().map(|actor| (actor, self.picked.actor(id(actor.actor))));
            all.extend(actors.map(|(actor, picked)| plain(format!("Mark {}", actor.name), Action::Pick(picked))));
            for (slot, domain) in moment.scene.domains.iter().enumerate() {
                let pages = mapped(&moment.frames).into_iter().filter(|page| page.dom.0 == domain.id);
                let slot = u8::try_from(slot).unwrap_or(u8::MAX);
                all.extend(
                    pages
                        .map(|page| plain(format!("Walk of {page}"), Action::Pick(self.picked.page(slot, page.gfn.0)))),
                );
            }
            let forks = moment.timeline.forks.iter().filter(|fork| !fork.current);
            all.extend(forks.map(|fork| plain(format!("Branch: {}", fork.name), Action::Fork(fork.index))));
        }
        let versions = self.stage.lesson.iter().flat_map(|lesson| &lesson.versions);
        let versions = versions.filter(|version| **version != self.stage.version);
        all.extend(versions.map(|version| plain(format!("Program: {version}"), Action::Version(version.clone()))));
        let policies = Policy::ALL.into_iter().filter(|policy| *policy != self.stage.policy);
        all.extend(policies.map(|policy| plain(format!("Locks: {}", policy_in_words(policy)), Action::Policy(policy))));
        let lessons = lessons::ALL.iter().enumerate();
        all.extend(lessons.map(|(i, lesson)| plain(format!("Lesson: {}", lesson.name), Action::Lesson(i))));
        all
    }
}

/// What a policy is called where people choose it.
pub fn policy_in_words(policy: Policy) -> &'static str {
    match policy {
        Policy::Unlocked => "none (2011)",
        Policy::Global => "one for all",
        Policy::G1 => "1 GB ranges",
        Policy::M2 => "2 MB ranges",
        Policy::K4 => "every page",
        Policy::Rw => "2 MB, readers",
    }
}

/// How well letters fit a name; none if not at all. Each word must be in the name: at the beginning of one of its words,
/// else inside, else letter by letter.
fn fit(letters: &str, name: &str) -> Option<u32> {
    let name = name.to_lowercase();
    letters.to_lowercase().split_whitespace().map(|word| fit_of_word(word, &name)).sum()
}

fn fit_of_word(word: &str, name: &str) -> Option<u32> {
    let begins = |rest: &str| rest.starts_with(word);
    let words = name.split(|c: char| !c.is_alphanumeric());
    let mut letters = name.chars();
    match () {
        () if begins(name) => Some(4),
        () if words.into_iter().any(begins) => Some(3),
        () if name.contains(word) => Some(2),
        () if word.chars().all(|c| letters.any(|it| it == c)) => Some(1),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn letters_fit_by_the_beginnings_of_words_first() {
        assert_eq!(fit("", "Step"), Some(0));
        assert!(fit("st", "Step") > fit("st", "First state"));
        assert!(fit("st", "First state") > fit("st", "Pastime"));
        assert!(fit("rst", "First state") > fit("fte", "First state"));
        assert_eq!(fit("xq", "First state"), None);
        assert!(fit("lesson s14", "Lesson: S14 Each waits").is_some());
        assert_eq!(fit("lesson s15", "Lesson: S14 Each waits"), None);
        assert_eq!(fit("\u{130}", "Step"), None);
    }
}
