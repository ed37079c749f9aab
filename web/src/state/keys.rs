//! Which key means which command: as the table says, unless the user has given a command another key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::{Command, Row, TABLE};

/// The user's own keys, as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keys {
    /// The one key of a command, by the command's id; an empty one is none.
    own: BTreeMap<String, String>,
    /// Whether keys that type a character are off, so that speech or a slip of the hand does nothing.
    pub characters_off: bool,
}

impl Keys {
    /// The keys of a command, whether or not they are heard.
    pub fn of<'a>(&'a self, row: &'a Row) -> Vec<&'a str> {
        match self.own.get(row.id) {
            Some(key) if key.is_empty() => Vec::new(),
            Some(key) => vec![key],
            None => row.keys.to_vec(),
        }
    }

    /// Whether the user has changed anything.
    pub fn are_changed(&self) -> bool {
        !self.own.is_empty()
    }

    /// Whether this key is listened to at all.
    pub fn hears(&self, key: &str) -> bool {
        !(self.characters_off && is_character(key))
    }

    /// The command of a key: what it types, its place on the keyboard (`Digit1`), and whether shift is down.
    pub fn command(&self, typed: &str, code: &str, shift: bool) -> Option<Command> {
        // With shift a digit key gives some other character; which one is the keyboard's affair, hence the place.
        let digit = code.strip_prefix("Digit").or(code.strip_prefix("Numpad")).unwrap_or(typed);
        if let Some(actor @ 1..=9) = digit.parse::<u8>().ok().filter(|_| digit.len() == 1) {
            let command = if shift { Command::UntilBlocked(actor - 1) } else { Command::Actor(actor - 1) };
            return (!self.characters_off).then_some(command);
        }
        let key = normal(typed);
        let row = TABLE.iter().find(|row| self.of(row).contains(&key.as_str()))?;
        self.hears(&key).then_some(row.command)
    }

    /// The same in the presenter's view, which hears the keys of clickers too.
    pub fn presented(&self, typed: &str, code: &str, shift: bool) -> Option<Command> {
        match typed {
            "PageDown" | "." => Some(Command::Step),
            "PageUp" => Some(Command::Back),
            _ => self.command(typed, code, shift),
        }
    }

    /// Gives a command this key and no other; an empty one leaves it without a key. Or says why that cannot be.
    pub fn bind(&mut self, command: Command, typed: &str) -> Result<(), String> {
        let Some(row) = command.row() else { return Err("An actor's key is its number.".to_owned()) };
        let key = normal(typed);
        if command == Command::Escape {
            return Err("Escape has to stay where it is, so that there is always a way out.".to_owned());
        }
        let taken = TABLE.iter().find(|other| other.command != command && self.of(other).contains(&key.as_str()));
        if let Some(other) = taken.filter(|_| !key.is_empty()) {
            return Err(format!("{} is the key of {:?}.", Self::shown(&key), other.name));
        }
        let digit = key.len() == 1 && key.chars().all(|c| c.is_ascii_digit());
        if digit || ["Tab", "Enter", "Shift", "Control", "Alt", "Meta", "Dead", "Process"].contains(&key.as_str()) {
            return Err(format!("{} cannot be given to a command.", Self::shown(&key)));
        }
        if row.keys == [key.as_str()] {
            self.own.remove(row.id);
        } else {
            self.own.insert(row.id.to_owned(), key);
        }
        Ok(())
    }

    /// All keys as they were at first.
    pub fn reset(&mut self) {
        self.own.clear();
    }

    /// A key as it is printed on keyboards.
    pub fn shown(key: &str) -> String {
        match key {
            " " => "space".to_owned(),
            "ArrowRight" => "\u{2192}".to_owned(),
            "ArrowLeft" => "\u{2190}".to_owned(),
            "ArrowUp" => "\u{2191}".to_owned(),
            "ArrowDown" => "\u{2193}".to_owned(),
            "Escape" => "Esc".to_owned(),
            other => other.to_owned(),
        }
    }
}

/// A letter means the same with and without shift.
fn normal(typed: &str) -> String {
    if is_character(typed) { typed.to_lowercase() } else { typed.to_owned() }
}

/// Whether a key types a letter, digit or sign; space types nothing that could be seen.
fn is_character(key: &str) -> bool {
    key != " " && key.chars().count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, code: &str, shift: bool, command: Option<Command>) {
        assert_eq!(Keys::default().command(typed, code, shift), command, "{typed} {code} {shift}");
    }

    #[test]
    fn digits_are_actors_whatever_shift_types() {
        check("1", "Digit1", false, Some(Command::Actor(0)));
        check("!", "Digit1", true, Some(Command::UntilBlocked(0)));
        check("\"", "Digit2", true, Some(Command::UntilBlocked(1)));
        check("9", "Numpad9", false, Some(Command::Actor(8)));
        check("3", "", false, Some(Command::Actor(2)));
        check("0", "Digit0", false, None);
    }

    #[test]
    fn the_others_go_by_what_they_type() {
        check(" ", "Space", false, Some(Command::Play));
        check("[", "BracketLeft", false, Some(Command::ToOwner));
        // A German keyboard has it elsewhere.
        check("?", "Minus", true, Some(Command::Help));
        check("E", "KeyE", true, Some(Command::Explore));
        check("\u{df}", "Minus", false, None);
        check("Tab", "Tab", false, None);
    }

    #[test]
    fn no_two_commands_share_a_key_or_a_name() {
        for (i, row) in TABLE.iter().enumerate() {
            for other in &TABLE[..i] {
                assert!(row.id != other.id && row.name != other.name, "{}", row.id);
                assert!(row.keys.iter().all(|key| !other.keys.contains(key)), "{} and {}", row.id, other.id);
            }
        }
    }

    #[test]
    fn a_command_can_be_given_another_key_but_none_that_is_taken() {
        let mut keys = Keys::default();
        keys.bind(Command::Step, "n").unwrap();
        assert_eq!(keys.command("n", "KeyN", false), Some(Command::Step));
        assert_eq!(keys.command("ArrowRight", "ArrowRight", false), None);
        assert_eq!(keys.bind(Command::Back, "N"), Err("n is the key of \"Step\".".to_owned()));
        for no in ["Tab", "Enter", "7", "Escape"] {
            keys.bind(Command::Back, no).unwrap_err();
        }
        keys.bind(Command::Escape, "q").unwrap_err();
        keys.bind(Command::Back, "ArrowRight").unwrap();
        keys.bind(Command::Report, "").unwrap();
        assert_eq!(keys.command("r", "KeyR", false), None);
        let again: Keys = serde_json::from_str(&serde_json::to_string(&keys).unwrap()).unwrap();
        assert_eq!(again, keys);
        keys.reset();
        assert_eq!(keys, Keys::default());
    }

    #[test]
    fn clickers_step_in_the_presenters_view_alone() {
        let keys = Keys::default();
        for (typed, command) in [("PageDown", Command::Step), (".", Command::Step), ("PageUp", Command::Back)] {
            assert_eq!(keys.presented(typed, "", false), Some(command));
            assert_eq!(keys.command(typed, "", false), None);
        }
        assert_eq!(keys.presented("b", "KeyB", false), Some(Command::Answer));
    }

    #[test]
    fn characters_can_be_off() {
        let keys = Keys { characters_off: true, ..Keys::default() };
        for (typed, code) in [("e", "KeyE"), ("?", "Slash"), ("[", "BracketLeft"), ("1", "Digit1")] {
            assert_eq!(keys.command(typed, code, false), None, "{typed}");
        }
        assert_eq!(keys.command("ArrowRight", "ArrowRight", false), Some(Command::Step));
        assert_eq!(keys.command(" ", "Space", false), Some(Command::Play));
        assert_eq!(keys.command("Escape", "Escape", false), Some(Command::Escape));
    }
}
