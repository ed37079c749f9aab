//! What is wrong, in plain sentences for the class.

use super::{Diagnosis, OrderView, Possible};

impl Diagnosis {
    /// What is wrong, a sentence or two to each thing; empty if nothing is.
    pub fn plain(&self) -> Vec<String> {
        let mut all: Vec<String> = self.forms.iter().map(|f| f.sentence.clone()).collect();
        if !self.forms.is_empty() {
            all.extend(self.meanwhile());
            all.push(self.way_out());
        }
        all.extend(self.rounds());
        for a in self.who(|c| c.starves) {
            let (p, c) = (self.party(a), &self.party(a).counted);
            let lock = c.lock.as_ref().map_or("a lock", |lock| &lock.text);
            let overtaken = match c.overtaken {
                0 => String::new(),
                1 => "; another got it once meanwhile".into(),
                n => format!("; others got it {n} times meanwhile"),
            };
            all.push(format!(
                "{} starves: it has waited for {lock} during {} steps of others, and {} is its patience{overtaken}.",
                p.name, c.waited, self.thresholds.waited
            ));
        }
        for b in self.breaches() {
            let when = if b.step == 0 { "before the first step".into() } else { format!("in step {}", b.step) };
            all.push(format!("{} {when}: {}.", broken(b.rule), b.why.trim_end_matches('.')));
        }
        all.extend(self.possible.iter().filter(|p| !p.stands).map(|p| self.could(p)));
        all
    }

    /// Who still moves while others are stuck.
    fn meanwhile(&self) -> Option<String> {
        let moving = &self.moving;
        let goes = if moving.len() == 1 { "goes" } else { "go" };
        (!moving.is_empty()).then(|| format!("Meanwhile {} {goes} on.", self.names(moving)))
    }

    /// Whom to abort.
    pub(super) fn way_out(&self) -> String {
        let rest = self.parties.iter().any(|p| {
            let waits = p.wants.is_some() || p.sleeps.is_some();
            waits && !self.abort.contains(&p.actor)
        });
        let (who, has) = (self.names(&self.abort), if self.abort.len() == 1 { "it has" } else { "they have" });
        match rest {
            true => format!("If {who} gave up what {has}, all others could go on."),
            false => format!("Nothing that others give up helps {who}."),
        }
    }

    /// Who goes round and round.
    fn rounds(&self) -> Vec<String> {
        let times = |a: u8| format!("{} {} times since step {}", self.name(a), self.count(a), self.since(a));
        let mut all = Vec::new();
        let livelock = self.who(|c| c.livelock);
        if !livelock.is_empty() {
            let each: Vec<String> = livelock.iter().map(|&a| times(a)).collect();
            all.push(format!(
                "{} go round and round because of one another, {}: whatever they do is undone again, and {} rounds are \
                 called a livelock.",
                self.names(&livelock),
                each.join(", "),
                self.thresholds.rounds
            ));
        }
        for a in self.who(|c| c.spins) {
            let because = match &self.party(a).counted.because[..] {
                [] => String::new(),
                others => format!(" because of {}", self.names(others)),
            };
            all.push(format!(
                "{} spins{because}: it has gone round {} times since step {} and got nowhere.",
                self.name(a),
                self.count(a),
                self.since(a)
            ));
        }
        if let (false, Some(then)) = (all.is_empty(), self.again) {
            all.push(format!("All is as it was after step {then}, so it can go on like this for ever."));
        }
        all
    }

    pub(super) fn count(&self, a: u8) -> u64 {
        self.party(a).counted.rounds
    }

    pub(super) fn since(&self, a: u8) -> usize {
        self.party(a).counted.rounds_since
    }

    /// A deadlock that could be.
    fn could(&self, p: &Possible) -> String {
        let each: Vec<String> = p.orders.iter().map(|o| self.order(o)).collect();
        format!("It has not happened here, but it could: {}. If they meet, none of them can go on.", each.join("; "))
    }

    /// `TS1 asked for range 0 of domain 2 while it held range 0 of domain 1 (run, step 7)`.
    pub fn order(&self, o: &OrderView) -> String {
        let side = if o.shared { "the shared side of " } else { "" };
        let (who, wants, held) = (self.name(o.actor), &o.wants.text, &o.held.text);
        format!("{who} asked for {side}{wants} while it held {held} ({}, step {})", o.run_name, o.step)
    }
}

/// A breach where it begins a sentence: invariants are broken, the others have happened.
fn broken(rule: &str) -> String {
    match rule.strip_prefix('I').is_some_and(|n| n.parse::<u8>().is_ok()) {
        true => format!("{rule} was broken"),
        false => format!("{rule} was seen"),
    }
}
