//! The world of a lesson: what there is before anybody acts.

use super::map::{self, MapItem};
use super::reader::{Named, Reader, Table};
use crate::addr::{DomGfn, DomId};
use crate::entry::Format;
use crate::machine::{Deferral, Form, LESSON_ACTORS, MAX_DOMAINS, MAX_FRAMES, Policy, RING_ROOM, ViewKind};
use crate::script::{self, Init, Names, OWNERS, Span, did_you_mean};
use std::collections::HashMap;

/// Frames that a domain's table takes at least: its root.
const ROOTS: u64 = 1;

/// Domains of a lesson, and lists, rings and grants of its own: more than anybody can follow.
const DOMAINS: usize = 8;
const MAX_OWN: usize = 16;
/// The number of the first view; those of domains are below, as Xen's own are.
const FIRST_VIEW: u16 = 0x6000;

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
    /// Whether processors log what guests modify.
    pub pml: bool,
    /// The names of frames of devices that guests may only read.
    pub mmio_ro: Vec<(String, Span)>,
    /// After how many steps of others an actor that waits for a lock starves, if it ever does.
    pub patience: Option<u64>,
    /// After how many units of work an operation that can be preempted answers `ERESTART`, if not after Xen's.
    pub preempt: Option<u64>,
    /// The slots of each ring of the lesson's own.
    pub rings: Vec<u64>,
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
    /// Slots of its paging ring, if it has one.
    pub ring: Option<u64>,
    /// Frames of zeroes in its populate-on-demand cache.
    pub cache: u64,
    /// Its memory target.
    pub pod_target: u64,
    /// Whether its writes are noted from the beginning.
    pub logdirty: bool,
    /// Whether it must have a listener where an access right forbids something.
    pub access_required: bool,
    /// What is mapped, in the file's order.
    pub map: Vec<MapItem>,
}

/// `[[view]]`: a further table of a domain, with frame numbers of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ViewSpec {
    /// The number by which its frame numbers are told from those of domains.
    pub id: DomId,
    /// Its name.
    pub name: String,
    /// The domain whose memory it shows.
    pub of: DomId,
    /// What it is for.
    pub kind: ViewKind,
    /// Free table pages.
    pub tables: u64,
    /// What is mapped: frames that are named elsewhere.
    pub map: Vec<MapItem>,
}

/// `[[grant]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantSpec {
    /// Its name.
    pub name: String,
    /// What is granted.
    pub from: DomGfn,
    /// To whom.
    pub to: DomId,
    /// For reading only.
    pub readonly: bool,
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
    /// The list of the lesson's own that it is on, by its place.
    pub list: Option<usize>,
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

    /// Whether the name is that of such a thing.
    pub fn is(&self, name: &str, what: &str) -> bool {
        self.all.get(name).is_some_and(|n| n.0 == what)
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
        "pml",
        "mmio_ro",
        "preempt",
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
        pml: false,
        mmio_ro: Vec::new(),
        patience: None,
        preempt: None,
        rings: Vec::new(),
    };
    let Some(t) = r.inner(top, "world", "[world]", &keys) else { return spec };
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
    spec.patience = r.number(t, "patience", 1..4097).map(|n| n.0);
    spec.pml = r.flag(t, "pml").unwrap_or(false);
    if spec.pml && spec.encoding != Format::Ept {
        r.wrong(t.at("pml"), "processors log writes in `encoding = \"ept\"` alone");
    }
    spec.mmio_ro = r.texts(t, "mmio_ro").into_iter().map(|(name, span)| (name.as_str().to_string(), span)).collect();
    spec.preempt = r.number(t, "preempt", 1..1001).map(|n| n.0);
    spec.rings = own_names(r, t, names, taken);
    names.format = spec.encoding;
    spec
}

/// Words, locks, lists and rings of the lesson's own; gives the rings' slots.
fn own_names(r: &mut Reader<'_>, t: Table<'_>, names: &mut Names, taken: &mut Taken) -> Vec<u64> {
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
    for (name, span) in r.texts(t, "lists") {
        if r.is_name(name.as_str(), span) && taken.take(r, name.as_str(), "a list", span) {
            names.lists.push(name.as_str().to_string());
        }
    }
    let mut rings = Vec::new();
    for ((name, value), span) in r.named(t, "rings") {
        match value {
            Named::Number(slots) if (1..=RING_ROOM as i64).contains(&slots) => {
                if taken.take(r, &name, "a ring", span) {
                    names.rings.push(name);
                    rings.push(slots as u64);
                }
            }
            _ => r.wrong(span, format!("ring `{name}` has 1 to {RING_ROOM} slots")),
        }
    }
    for (what, n, last) in [("lists", names.lists.len(), "lists"), ("rings", names.rings.len(), "rings")] {
        if n > MAX_OWN {
            r.wrong(t.at(last), format!("a world has at most {MAX_OWN} {what} of its own"));
        }
    }
    rings
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
            ring: r.number(*t, "ring", 1..RING_ROOM + 1).map(|n| n.0),
            cache: r.number(*t, "cache", 0..MAX_FRAMES as u64).map_or(0, |n| n.0),
            pod_target: r.number(*t, "pod_target", 0..MAX_FRAMES as u64 + 1).map_or(0, |n| n.0),
            logdirty: r.flag(*t, "logdirty").unwrap_or(false),
            access_required: r.flag(*t, "access_required").unwrap_or(false),
            map: Vec::new(),
        };
        out.push((spec, *t));
    }
    if out.len() > DOMAINS {
        r.wrong(out[DOMAINS].1.span, format!("a world has at most {DOMAINS} domains"));
    }
    for (spec, t) in &mut out {
        if let Some((text, _)) = r.text(*t, "map") {
            spec.map = map::parse(r, &text, names, taken, false);
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
        Some(n) if names.has_domain(n) || (quoted && n > 0x4000) => Some(DomId(n as u16)),
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
        if !t.has("name") {
            r.wrong(t.span, "[[frame]] needs `name`");
        }
        let Some((name, span)) = r.name(t, "name") else { continue };
        let owner = domain(r, t, "owner", names);
        let content = r.signed(t, "content").map_or(0, |n| n.0);
        let list = list(r, t, owner, names);
        names.frame_lists.extend(list);
        if taken.take(r, &name, "a frame", span) {
            names.frames.push(name.clone());
            out.push(FrameSpec { name, owner, content, list });
        }
    }
    out
}

/// The list that a frame is on; a free one is on none.
fn list(r: &mut Reader<'_>, t: Table<'_>, owner: Option<DomId>, names: &Names) -> Option<usize> {
    let (name, span) = r.text(t, "list")?;
    let found = names.lists.iter().position(|l| l == name.as_str());
    match (found, owner) {
        (None, _) => r.wrong(span, script::unknown("list", name.as_str(), names.lists.iter().map(String::as_str))),
        (_, None) => r.wrong(span, "a frame on a list belongs to somebody: [[frame]] `owner`"),
        _ => return found,
    }
    None
}

/// All `[[view]]`, whose maps show frames that are named elsewhere.
pub fn views(r: &mut Reader<'_>, top: Table<'_>, names: &mut Names, taken: &mut Taken) -> Vec<ViewSpec> {
    let mut out = Vec::new();
    let tables = r.list(top, "view", "[[view]]", &["name", "domain", "kind", "tables", "map"]);
    for (t, number) in tables.iter().zip(FIRST_VIEW..) {
        for key in ["name", "domain", "kind"].into_iter().filter(|k| !t.has(k)) {
            r.wrong(t.span, format!("[[view]] needs `{key}`"));
        }
        let kind = one_of(r, *t, "kind", &[("nested", ViewKind::Nested), ("alt", ViewKind::Alt)]);
        let of = domain(r, *t, "domain", names);
        let Some((name, span)) = r.name(*t, "name") else { continue };
        let (Some(kind), Some(of)) = (kind, of) else { continue };
        if of.0 >= 0x4000 {
            r.wrong(t.at("domain"), format!("[[view]] `domain`: {} has no table", owner_name(of)));
            continue;
        }
        if !taken.take(r, &name, "a view", span) {
            continue;
        }
        names.views.push((number, name.clone()));
        let tables = r.number(*t, "tables", 0..MAX_FRAMES as u64).map_or(4, |n| n.0);
        let map = r.text(*t, "map").map(|(text, _)| map::parse(r, &text, names, taken, true)).unwrap_or_default();
        out.push(ViewSpec { id: DomId(number), name, of, kind, tables, map });
    }
    if names.domains.len() + out.len() > MAX_DOMAINS {
        r.wrong(top.at("view"), format!("a world has at most {MAX_DOMAINS} domains and views"));
    }
    out
}

fn owner_name(d: DomId) -> &'static str {
    OWNERS.iter().find(|(_, o)| *o == d).map_or("it", |(n, _)| *n)
}

/// All `[[grant]]`.
pub fn grants(r: &mut Reader<'_>, top: Table<'_>, names: &mut Names, taken: &mut Taken) -> Vec<GrantSpec> {
    let mut out = Vec::new();
    for t in r.list(top, "grant", "[[grant]]", &["name", "from", "to", "readonly"]) {
        for key in ["name", "from", "to"].into_iter().filter(|k| !t.has(k)) {
            r.wrong(t.span, format!("[[grant]] needs `{key}`"));
        }
        let from = r.text(t, "from").and_then(|(text, _)| map::granted(r, &text, names));
        let to = domain(r, t, "to", names);
        let readonly = r.flag(t, "readonly").unwrap_or(false);
        let Some((name, span)) = r.name(t, "name") else { continue };
        let (Some(from), Some(to)) = (from, to) else { continue };
        if taken.take(r, &name, "a grant", span) {
            names.grants.push(name.clone());
            out.push(GrantSpec { name, from, to, readonly });
        }
    }
    if out.len() > MAX_OWN {
        r.wrong(top.at("grant"), format!("a world has at most {MAX_OWN} grants"));
    }
    out
}

/// The bound on frames, tables among them.
pub fn frames_bound(
    r: &mut Reader<'_>,
    top: Table<'_>,
    world: &WorldSpec,
    (domains, views): (&[DomainSpec], &[ViewSpec]),
    frames: &[FrameSpec],
) {
    let mut n = world.free_frames + frames.len() as u64 + views.iter().map(|v| ROOTS + v.tables).sum::<u64>();
    for d in domains {
        n += ROOTS + d.tables + d.cache;
        let mapped = d.map.iter().filter(|i| i.ty.has_frame() && !i.borrows());
        n = mapped.fold(n, |n, i| n.saturating_add(i.frames()));
    }
    if n > MAX_FRAMES as u64 {
        r.wrong(top.at("domain"), format!("the world has {n} frames with its tables: at most {MAX_FRAMES}"));
    }
}

/// The bound on actors, with its message.
pub fn too_many_actors(r: &mut Reader<'_>, span: Span) {
    r.wrong(span, format!("a lesson has at most {LESSON_ACTORS} actors"));
}
