//! Tables of a TOML file, key by key, with a message for everything that is not as it should be.

use super::text;
use crate::script::{File, Problem, Span, Text, did_you_mean, reserved};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads values and collects what is wrong with them.
pub struct Reader<'f> {
    /// The file.
    pub file: &'f File,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// A table of the file.
#[derive(Clone, Copy)]
pub struct Table<'t> {
    /// As messages call it: `[[actor]]`.
    pub name: &'static str,
    /// Where it begins.
    pub span: Span,
    map: &'t DeTable<'t>,
}

/// A value and where it stands.
pub type At<T> = (T, Span);

type Value<'t> = &'t Spanned<DeValue<'t>>;

fn span_of(r: Range<usize>) -> Span {
    r.into()
}

impl Reader<'_> {
    /// Notes a problem.
    pub fn wrong(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(Problem::new(span, message));
    }

    /// The table, after a look at its keys.
    pub fn table<'t>(&mut self, name: &'static str, span: Span, map: &'t DeTable<'t>, keys: &[&str]) -> Table<'t> {
        for key in map.keys() {
            let k: &str = key.get_ref();
            if !keys.contains(&k) {
                let near = did_you_mean(k, keys.iter().copied()).map(|n| format!("; did you mean `{n}`?"));
                let all = || format!("; it has {}", keys.join(", "));
                self.wrong(span_of(key.span()), format!("{name} has no key `{k}`{}", near.unwrap_or_else(all)));
            }
        }
        Table { name, span, map }
    }

    fn wanted(&mut self, t: Table<'_>, key: &str, v: Value<'_>, what: &str) {
        let found = match v.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a number",
            DeValue::Float(_) => "a broken number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.wrong(span_of(v.span()), format!("{} `{key}` is {what}, here is {found}", t.name));
    }

    /// A text.
    pub fn text(&mut self, t: Table<'_>, key: &str) -> Option<At<Text>> {
        let v = t.get(key)?;
        match v.get_ref() {
            DeValue::String(s) => Some((self.mapped(v, s), span_of(v.span()))),
            _ => {
                self.wanted(t, key, v, "a text");
                None
            }
        }
    }

    fn mapped(&self, v: Value<'_>, decoded: &str) -> Text {
        let span = span_of(v.span());
        text::text(self.file.slice(span), v.span().start, decoded)
    }

    /// A text that has to be there.
    pub fn needed(&mut self, t: Table<'_>, key: &str) -> Option<At<Text>> {
        if t.get(key).is_none() {
            self.wrong(t.span, format!("{} needs `{key}`", t.name));
        }
        self.text(t, key)
    }

    /// A name: letters, digits and `_`, and nothing that the language knows.
    pub fn name(&mut self, t: Table<'_>, key: &str) -> Option<At<String>> {
        let (text, span) = self.text(t, key)?;
        self.is_name(text.as_str(), span).then(|| (text.as_str().to_string(), span))
    }

    /// Whether a text may name something.
    pub fn is_name(&mut self, name: &str, span: Span) -> bool {
        let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let all = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !first || !all {
            self.wrong(span, format!("`{name}` is no name: letters, digits and `_`, not beginning with a digit"));
        } else if reserved(name) {
            self.wrong(span, format!("`{name}` means something in the language and cannot be a name"));
        }
        first && all && !reserved(name)
    }

    /// A number from `range`.
    pub fn number(&mut self, t: Table<'_>, key: &str, range: Range<u64>) -> Option<At<u64>> {
        let v = t.get(key)?;
        let span = span_of(v.span());
        let Some(n) = v.get_ref().as_integer() else {
            self.wanted(t, key, v, "a number");
            return None;
        };
        let number = u64::from_str_radix(n.as_str(), n.radix()).ok().filter(|n| range.contains(n));
        if number.is_none() {
            let found = self.file.slice(span).to_string();
            self.wrong(
                span,
                format!("{} `{key}` is a number from {} to {}, here is {found}", t.name, range.start, range.end - 1),
            );
        }
        Some((number?, span))
    }

    /// Any whole number.
    pub fn signed(&mut self, t: Table<'_>, key: &str) -> Option<At<i64>> {
        let v = t.get(key)?;
        self.whole(t, key, v).map(|n| (n, span_of(v.span())))
    }

    fn whole(&mut self, t: Table<'_>, key: &str, v: Value<'_>) -> Option<i64> {
        let Some(n) = v.get_ref().as_integer() else {
            self.wanted(t, key, v, "a number");
            return None;
        };
        let number = i64::from_str_radix(n.as_str(), n.radix()).ok().filter(|n| *n != i64::MIN);
        if number.is_none() {
            self.wrong(span_of(v.span()), format!("{} `{key}`: a number has at most 63 bits", t.name));
        }
        number
    }

    /// True or false; false if it is not there.
    pub fn flag(&mut self, t: Table<'_>, key: &str) -> Option<bool> {
        let v = t.get(key)?;
        match v.get_ref() {
            DeValue::Boolean(b) => Some(*b),
            _ => {
                self.wanted(t, key, v, "true or false");
                None
            }
        }
    }

    /// One text or a list of texts.
    pub fn texts(&mut self, t: Table<'_>, key: &str) -> Vec<At<Text>> {
        let Some(v) = t.get(key) else { return Vec::new() };
        let all: Vec<Value<'_>> = match v.get_ref() {
            DeValue::Array(a) => a.iter().collect(),
            _ => vec![v],
        };
        let mut out = Vec::new();
        for v in all {
            match v.get_ref() {
                DeValue::String(s) => out.push((self.mapped(v, s), span_of(v.span()))),
                _ => self.wanted(t, key, v, "texts"),
            }
        }
        out
    }

    /// Whether a key has one text, for all versions.
    pub fn is_text(&self, t: Table<'_>, key: &str) -> bool {
        t.get(key).is_some_and(|v| matches!(v.get_ref(), DeValue::String(_)))
    }

    /// A text, or one text for each version.
    pub fn versions(&mut self, t: Table<'_>, key: &str) -> Vec<(String, At<Text>)> {
        let Some(v) = t.get(key) else { return Vec::new() };
        match v.get_ref() {
            DeValue::String(s) => vec![("before".into(), (self.mapped(v, s), span_of(v.span())))],
            DeValue::Table(map) => {
                let mut all: Vec<_> = map.iter().collect();
                all.sort_by_key(|(k, _)| k.span().start);
                let mut out = Vec::new();
                for (version, v) in all {
                    match v.get_ref() {
                        DeValue::String(s) => {
                            out.push((version.get_ref().to_string(), (self.mapped(v, s), span_of(v.span()))));
                        }
                        _ => self.wanted(t, key, v, "a text for each version"),
                    }
                }
                out
            }
            _ => {
                self.wanted(t, key, v, "a text, or one for each version");
                Vec::new()
            }
        }
    }

    /// A table inside the table.
    pub fn inner<'t>(&mut self, t: Table<'t>, key: &str, name: &'static str, keys: &[&str]) -> Option<Table<'t>> {
        let v = t.get(key)?;
        match v.get_ref() {
            DeValue::Table(map) => Some(self.table(name, span_of(v.span()), map, keys)),
            _ => {
                self.wanted(t, key, v, "a table");
                None
            }
        }
    }

    /// A list of tables inside the table.
    pub fn list<'t>(&mut self, t: Table<'t>, key: &str, name: &'static str, keys: &[&str]) -> Vec<Table<'t>> {
        let Some(v) = t.get(key) else { return Vec::new() };
        let DeValue::Array(all) = v.get_ref() else {
            self.wanted(t, key, v, "a list of tables");
            return Vec::new();
        };
        let mut out = Vec::new();
        for v in all.iter() {
            match v.get_ref() {
                DeValue::Table(map) => out.push(self.table(name, span_of(v.span()), map, keys)),
                _ => self.wanted(t, key, v, "a list of tables"),
            }
        }
        out
    }

    /// Names with numbers or texts, in the file's order: `{ name = 3, other = "none" }`.
    pub fn named<'t>(&mut self, t: Table<'t>, key: &str) -> Vec<At<(String, Named<'t>)>> {
        let Some(v) = t.get(key) else { return Vec::new() };
        let DeValue::Table(map) = v.get_ref() else {
            self.wanted(t, key, v, "a table of names");
            return Vec::new();
        };
        let mut all: Vec<_> = map.iter().collect();
        all.sort_by_key(|(k, _)| k.span().start);
        let mut out = Vec::new();
        for (name, v) in all {
            let span = span_of(name.span());
            if !self.is_name(name.get_ref(), span) {
                continue;
            }
            let value = match v.get_ref() {
                DeValue::String(s) => Some(Named::Text(s)),
                _ => self.whole(t, key, v).map(Named::Number),
            };
            out.extend(value.map(|value| ((name.get_ref().to_string(), value), span)));
        }
        out
    }
}

/// What a name of the world stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named<'t> {
    /// A number.
    Number(i64),
    /// A text.
    Text(&'t str),
}

impl<'t> Table<'t> {
    fn get(&self, key: &str) -> Option<Value<'t>> {
        self.map.get(key)
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Where the key's value stands, else the table.
    pub fn at(&self, key: &str) -> Span {
        self.get(key).map_or(self.span, |v| span_of(v.span()))
    }
}
