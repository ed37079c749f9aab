//! What the page's keys mean.

/// A key that the page knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Space: play, or stop playing.
    Play,
    /// Arrow to the right or down: a step.
    Step,
    /// Arrow to the left or up: a step back.
    Back,
    /// Home: to the first state.
    First,
    /// End: to the last one.
    Last,
    /// 1 to 9: a step of that actor, counted from 0.
    Actor(u8),
    /// The same with shift: that actor goes on until it waits or ends.
    UntilBlocked(u8),
    /// `[`: from a waiting actor to the one that it waits for.
    ToOwner,
    /// `]`: from an actor to the one that waits for it.
    ToBlocked,
    /// e: the explorer, and in it: begin.
    Explore,
    /// l: live, and in it: begin.
    Live,
    /// t: light or dark.
    Edit,
    /// w: what the watchers say, or the frames.
    Watchers,
    /// r: the report for engineers.
    Report,
    /// s: what can be handed out.
    Share,
    /// `?`: the list of keys.
    Help,
    /// Escape: close what lies over the page, and back to stepping.
    Escape,
}

/// Every key with what it does, for the list that `?` shows.
pub const LIST: [(&str, &str); 14] = [
    ("space", "play, pause"),
    ("\u{2190} \u{2192}", "step back, step"),
    ("Home End", "first state, last state"),
    ("1 .. 9", "step that actor"),
    ("shift 1 .. 9", "run that actor until it waits or ends"),
    ("[ ]", "from a waiting actor to the one it waits for, and back"),
    ("e", "explore every order of steps"),
    ("l", "run live, on real threads"),
    ("w", "rules, counters and possible deadlocks, or the frames"),
    ("r", "the report of what is wrong"),
    ("t", "edit the lesson's text"),
    ("s", "share: a link, a file, a trace"),
    ("?", "this list"),
    ("Esc", "close; leave edit, explore or live"),
];

impl Key {
    /// The key by what it types, by its place on the keyboard (`Digit1`), and whether shift is down.
    pub fn of(typed: &str, code: &str, shift: bool) -> Option<Self> {
        let digit = code.strip_prefix("Digit").or(code.strip_prefix("Numpad")).unwrap_or(typed);
        if let Some(actor @ 1..=9) = digit.parse::<u8>().ok().filter(|_| digit.len() == 1) {
            return Some(if shift { Self::UntilBlocked(actor - 1) } else { Self::Actor(actor - 1) });
        }
        Some(match typed {
            " " => Self::Play,
            "ArrowRight" | "ArrowDown" => Self::Step,
            "ArrowLeft" | "ArrowUp" => Self::Back,
            "Home" => Self::First,
            "End" => Self::Last,
            "[" => Self::ToOwner,
            "]" => Self::ToBlocked,
            "e" | "E" => Self::Explore,
            "l" | "L" => Self::Live,
            "t" | "T" => Self::Edit,
            "w" | "W" => Self::Watchers,
            "r" | "R" => Self::Report,
            "s" | "S" => Self::Share,
            "?" => Self::Help,
            "Escape" => Self::Escape,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, code: &str, shift: bool, key: Option<Key>) {
        assert_eq!(Key::of(typed, code, shift), key, "{typed} {code} {shift}");
    }

    #[test]
    fn digits_are_actors_whatever_shift_types() {
        check("1", "Digit1", false, Some(Key::Actor(0)));
        check("!", "Digit1", true, Some(Key::UntilBlocked(0)));
        check("\"", "Digit2", true, Some(Key::UntilBlocked(1)));
        check("9", "Numpad9", false, Some(Key::Actor(8)));
        check("3", "", false, Some(Key::Actor(2)));
        check("0", "Digit0", false, None);
    }

    #[test]
    fn the_others_go_by_what_they_type() {
        check(" ", "Space", false, Some(Key::Play));
        check("[", "BracketLeft", false, Some(Key::ToOwner));
        // A German keyboard has it elsewhere.
        check("?", "Minus", true, Some(Key::Help));
        check("x", "KeyX", false, None);
        check("Tab", "Tab", false, None);
    }
}
