//! The world of a lesson: what there is before anybody acts.

use super::map::{self, MapItem};
use super::reader::{Named, Reader, Table};
use crate::addr::DomId;
use crate::entry::Format;
use crate::machine::{Deferral, Form, MAX_ACTORS, MAX_DOMAINS, MAX_FRAMES, Policy};
use crate::script::{Init, Names, OWNERS, Span, did_you_mean, not_offered};
use std::collections::HashMap;

/// Frames that a domain's table takes at least: its root.
const ROOTS: u64 = 1;

/// `[world]`: what holds for all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorldSpec {
    /// Which locks look-ups take, unless an expectation says otherwise.
    pub policy: Policy,
    /// How the shared side of a global lock is counted.
    pub form: Form,
    /// Whether a get pins the frame.
    pub pin: bool,
    /// Whether an entry that is mapped elsewhere stays held for as long.
    pub captive: bool,
    /// How entries are laid out.
    pub encoding: Format,
    /// When flushes happen.
    pub flush: Deferral,
    /// Frames that are free at first.
    pub free_frames: u64,
}

/// `[[domain]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DomainSpec {
    /// Its number.
    pub id: DomId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Whether it is the control domain, whose locks come after all others.
    pub control: bool,
    /// Free table pages.
    pub tables: u64,
    /// Whether it is dying from the beginning.
    pub dying: bool,
    /// Whether writes are noted from the beginning.
    pub logdirty: bool,
    /// Whether it must have a listener where an access right forbids something.
    pub access_required: bool,
    /// What is mapped, in the file's order.
    pub map: Vec<MapItem>,
}

/// `[[frame]]`: a frame that nothing maps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FrameSpec {
    /// Its name.
    pub name: String,
    /// Its owner; a frame without one is free.
    pub owner: Option<DomId>,
    /// The first word of its page.
    pub content: i64,
}

/// What this release cannot do although the schema has it: the table, the key, and what it would be.
const LATER: [(&str, &str); 9] = [
    ("[world]", "lists"),
    ("[world]", "rings"),
    ("[world]", "patience"),
    ("[[frame]]", "list"),
    ("[[domain]]", "ring"),
    ("[[domain]]", "cache"),
    ("[[domain]]", "pod_target"),
    ("lesson", "view"),
    ("lesson", "grant"),
];

/// Says so if a key that this release does not offer is there.
pub fn offered(r: &mut Reader<'_>, t: Table<'_>) {
    for (table, key) in LATER {
        if table == t.name && t.has(key) {
            r.wrong(t.at(key), not_offered(&format!("{} `{key}`", t.name)));
        }
    }
}

/// Gives each name to one thing.
#[derive(Default)]
pub struct Taken {
    all: HashMap<String, (&'static str, u32)>,
}

impl Taken {
    /// Takes a name, unless it is taken.
    pub fn take(&mut self, r: &mut Reader<'_>, name: &str, what: &'static str, span: Span) -> bool {
        let line = r.file.line(span);
        if let Some((other, at)) = self.all.get(name) {
            r.wrong(span, format!("`{name}` is taken: it is {other}, at line {at}"));
            return false;
        }
        self.all.insert(name.to_string(), (what, line));
        true
    }
}

/// One of several names, or what was probably meant.
pub fn one_of<T>(r: &mut Reader<'_>, t: Table<'_>, key: &str, all: &[(&str, T)]) -> Option<T>
where
    T: Copy,
{
    let (text, span) = r.text(t, key)?;
    let name = text.as_str();
    let found = all.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    if found.is_none() {
        let names: Vec<_> = all.iter().map(|(n, _)| *n).collect();
        let near = did_you_mean(name, names.iter().copied()).map(|n| format!("did you mean `{n}`?"));
        let near = near.unwrap_or_else(|| format!("there are {}", names.join(", ")));
        r.wrong(span, format!("{} `{key}`: no `{name}`; {near}", t.name));
    }
    found
}

/// A policy by its name.
pub fn policy(r: &mut Reader<'_>, name: &str, span: Span) -> Option<Policy> {
    let found = Policy::from_name(name);
    if found.is_none() {
        let names: Vec<_> = Policy::ALL.iter().map(|p| p.name()).collect();
        r.wrong(span, format!("`{name}` is no policy; there are {}", names.join(", ")));
    }
    found
}

/// `[world]`, also if it is not there.
pub fn world(r: &mut Reader<'_>, top: Table<'_>, names: &mut Names, taken: &mut Taken) -> WorldSpec {
    let keys = [
        "policy",
        "pin",
        "captive",
        "nonexclusive",
        "encoding",
        "flush",
        "free_frames",
        "patience",
        "words",
        "locks",
        "lists",
        "rings",
    ];
    let mut spec = WorldSpec {
        policy: Policy::default(),
        form: Form::default(),
        pin: true,
        captive: false,
        encoding: Format::Ept2011,
        flush: Deferral::Sync,
        free_frames: 0,
    };
    let Some(t) = r.inner(top, "world", "[world]", &keys) else { return spec };
    offered(r, t);
    if let Some((name, span)) = r.text(t, "policy") {
        spec.policy = policy(r, name.as_str(), span).unwrap_or_default();
    }
    spec.pin = r.flag(t, "pin").unwrap_or(true);
    spec.captive = r.flag(t, "captive").unwrap_or(false);
    spec.form = one_of(r, t, "nonexclusive", &Form::ALL).unwrap_or_default();
    if let Some((name, span)) = r.text(t, "encoding") {
        let name = name.as_str();
        match Format::from_name(name) {
            Some(f) => spec.encoding = f,
            None => {
                let all: Vec<_> = Format::all().iter().map(|f| f.name()).collect();
                r.wrong(span, format!("`{name}` is no encoding; there are {}", all.join(", ")));
            }
        }
    }
    spec.flush = one_of(r, t, "flush", &Deferral::ALL).unwrap_or_default();
    spec.free_frames = r.number(t, "free_frames", 0..MAX_FRAMES as u64 + 1).map_or(0, |n| n.0);
    own_names(r, t, names, taken);
    names.format = spec.encoding;
    spec
}

/// Words and locks of the lesson's own.
fn own_names(r: &mut Reader<'_>, t: Table<'_>, names: &mut Names, taken: &mut Taken) {
    for ((name, value), span) in r.named(t, "words") {
        let init = match value {
            Named::Number(n) => Init::Number(n),
            Named::Text("none") => Init::None,
            Named::Text(other) => {
                r.wrong(span, format!("word `{name}` is a number or \"none\" at first, not \"{other}\""));
                continue;
            }
        };
        if taken.take(r, &name, "a shared word", span) {
            names.words.push((name, init));
        }
    }
    for ((name, value), span) in r.named(t, "locks") {
        match value {
            Named::Number(level @ 0..=255) => {
                if taken.take(r, &name, "a lock", span) {
                    names.locks.push((name, level as u8));
                }
            }
            _ => r.wrong(span, format!("lock `{name}` has a level from 0 to 255")),
        }
    }
}

/// All `[[domain]]`: first their numbers and names, so that the rest may name any of them.
pub fn domains(r: &mut Reader<'_>, top: Table<'_>, names: &mut Names, taken: &mut Taken) -> Vec<DomainSpec> {
    let keys = [
        "id",
        "name",
        "control",
        "tables",
        "ring",
        "cache",
        "pod_target",
        "logdirty",
        "dying",
        "access_required",
        "map",
    ];
    let tables = r.list(top, "domain", "[[domain]]", &keys);
    let mut out = Vec::new();
    for t in &tables {
        offered(r, *t);
        if !t.has("id") {
            r.wrong(t.span, "[[domain]] needs `id`");
        }
        let Some((id, span)) = r.number(*t, "id", 0..0x4000) else { continue };
        if out.iter().any(|(d, _): &(DomainSpec, Table<'_>)| d.id.0 as u64 == id) {
            r.wrong(span, format!("domain {id} is there already"));
            continue;
        }
        let name = r.name(*t, "name").filter(|(n, s)| taken.take(r, n, "a domain", *s)).map(|(n, _)| n);
        names.domains.push((id as u16, name.clone()));
        let spec = DomainSpec {
            id: DomId(id as u16),
            name,
            control: r.flag(*t, "control").unwrap_or(false),
            tables: r.number(*t, "tables", 0..MAX_FRAMES as u64).map_or(4, |n| n.0),
            dying: r.flag(*t, "dying").unwrap_or(false),
            logdirty: r.flag(*t, "logdirty").unwrap_or(false),
            access_required: r.flag(*t, "access_required").unwrap_or(false),
            map: Vec::new(),
        };
        out.push((spec, *t));
    }
    if out.len() > MAX_DOMAINS {
        r.wrong(out[MAX_DOMAINS].1.span, format!("a world has at most {MAX_DOMAINS} domains"));
    }
    for (spec, t) in &mut out {
        if let Some((text, _)) = r.text(*t, "map") {
            spec.map = map::parse(r, &text, names, taken);
        }
    }
    out.into_iter().map(|(spec, _)| spec).collect()
}

/// A domain by its number or name, if it is declared.
pub fn domain(r: &mut Reader<'_>, t: Table<'_>, key: &str, names: &Names) -> Option<DomId> {
    if !t.has(key) {
        return None;
    }
    let span = t.at(key);
    let text = r.file.slice(span).to_string();
    let quoted = text.starts_with(['"', '\'']);
    let number = if quoted {
        let (name, _) = r.text(t, key)?;
        let owner = OWNERS.iter().find(|(n, _)| *n == name.as_str()).map(|(_, d)| d.0);
        owner.or_else(|| names.space(name.as_str())).map(u64::from)
    } else {
        r.number(t, key, 0..0x4000).map(|n| n.0)
    };
    match number {
        Some(n) if names.has_space(n) || (quoted && n > 0x4000) => Some(DomId(n as u16)),
        None if !quoted => None,
        _ => {
            let all: Vec<_> = names.domains.iter().map(|(d, _)| d.to_string()).collect();
            r.wrong(span, format!("{} `{key}`: no domain {text}; the world declares {}", t.name, all.join(", ")));
            None
        }
    }
}

/// All `[[frame]]`.
pub fn frames(r: &mut Reader<'_>, top: Table<'_>, names: &mut Names, taken: &mut Taken) -> Vec<FrameSpec> {
    let mut out = Vec::new();
    for t in r.list(top, "frame", "[[frame]]", &["name", "owner", "content", "list"]) {
        offered(r, t);
        if !t.has("name") {
            r.wrong(t.span, "[[frame]] needs `name`");
        }
        let Some((name, span)) = r.name(t, "name") else { continue };
        let owner = domain(r, t, "owner", names);
        let content = r.signed(t, "content").map_or(0, |n| n.0);
        if taken.take(r, &name, "a frame", span) {
            names.frames.push(name.clone());
            out.push(FrameSpec { name, owner, content });
        }
    }
    out
}

/// The bound on frames, tables among them.
pub fn frames_bound(
    r: &mut Reader<'_>,
    top: Table<'_>,
    world: &WorldSpec,
    domains: &[DomainSpec],
    frames: &[FrameSpec],
) {
    let mut n = world.free_frames + frames.len() as u64;
    for d in domains {
        n += ROOTS + d.tables;
        let mapped = d.map.iter().filter(|i| i.ty.has_frame());
        n = mapped.fold(n, |n, i| n.saturating_add(i.frames()));
    }
    if n > MAX_FRAMES as u64 {
        r.wrong(top.at("domain"), format!("the world has {n} frames with its tables: at most {MAX_FRAMES}"));
    }
}

/// The bound on actors, with its message.
pub fn too_many_actors(r: &mut Reader<'_>, span: Span) {
    r.wrong(span, format!("a lesson has at most {MAX_ACTORS} actors"));
}
