//! Programs made up of all operations, as a user would type them: a world that has something of everything, and four
//! actors whose statements come from the table of verbs. An operation that is added there is in them at once.
//!
//! Only what would be the program's own mistake is kept apart, by frame number. What guests write is not taken from
//! them, so that a write that is gone was lost. What is paged out is only ever written with [`PAGED`], which is also what
//! the pager brings back. What is shared is never written by a guest before. The rest may be given, taken and moved. No
//! entry is made `ram_logdirty` or memory that can be written by hand: whoever does that answers for what is noted.

use super::dice::Dice;
use super::world::{Setting, TARGET, world};
use crate::entry::{Access, P2mType};
use crate::script::Kind;
use crate::script::verbs::{Gives, Shape, Slot, VERBS, Verb, VerbInfo, Word};

/// What is written to pages that may be paged out, and what the pager brings back.
const PAGED: &str = "5";

/// Frame numbers of memory that guests write as they like, and that nobody takes from them.
const WRITTEN: &[&str] = &["1:0x10", "1:0x11", "2:0x10", "1:0x207"];
/// Those that are paged out and brought back.
const OUT: &[&str] = &["1:0x18", "1:0x19", "1:0x1a", "1:0x1b"];
/// Those that are shared.
const SHARED: &[&str] = &["1:0x28", "1:0x29", "1:0x2a", "1:0x2b", "2:0x28", "2:0x2a", "2:0x2b"];
/// Those that may be given, taken and moved; with memory at first, or promised some.
const TAKEN: &[&str] =
    &["1:0x12", "1:0x13", "1:0x14", "1:0x400", "1:0x403", "1:0x20", "1:0x21", "2:0x12", "2:0x13", "1:0x24"];
/// Those where nothing is at first.
const HOLES: &[&str] = &["1:0x2f", "1:0x31", "1:0x600", "2:0x30", "2:0x31", "2:0x200"];
/// Those of the views.
const VIEWED: &[&str] = &["n1:0x80", "n1:0x81", "n2:0x80"];

/// A lesson in pieces, so that some can be left out.
#[derive(Clone, Debug)]
pub struct Plan {
    /// All but the actors.
    pub world: String,
    /// The actors; the last begins when no other can go on.
    pub actors: Vec<Played>,
}

/// An actor and the pieces of its program, each of which may be left out.
#[derive(Clone, Debug)]
pub struct Played {
    name: &'static str,
    kind: &'static str,
    domain: u64,
    /// The pieces.
    pub pieces: Vec<String>,
}

impl Plan {
    /// The lesson's text.
    pub fn text(&self) -> String {
        self.alone(&(0..self.actors.len()).collect::<Vec<_>>())
    }

    /// The same with some of the actors.
    pub fn alone(&self, these: &[usize]) -> String {
        let mut out = self.world.clone();
        for a in these.iter().filter_map(|&i| self.actors.get(i)) {
            let program = if a.pieces.is_empty() { "n = load tot_pages(1)".into() } else { a.pieces.join("\n") };
            out += &format!(
                "\n[[actor]]\nname = \"{}\"\nkind = \"{}\"\ndomain = {}\nprogram = \"\"\"\n{program}\n\"\"\"\n",
                a.name, a.kind, a.domain
            );
        }
        out
    }
}

/// A plan: the world and four actors, and the one that clears up.
pub fn plan(d: &mut Dice, setting: Setting, pieces: usize) -> Plan {
    let mut actors = vec![
        Played { name: "V0", kind: "vcpu", domain: 1, pieces: vec![] },
        Played { name: "V1", kind: "vcpu", domain: 1 + d.below(2) as u64, pieces: vec![] },
        Played { name: "TS", kind: "toolstack", domain: 2, pieces: vec![] },
        Played { name: "PG", kind: "pager", domain: 2, pieces: vec![] },
    ];
    let (hides, pages, ends) = (d.chance(30), d.chance(setting.pages), d.chance(25));
    for a in &mut actors {
        for _ in 0..1 + d.below(pieces) {
            let piece =
                Maker { d, setting, hides, pages, vcpu: (a.kind == "vcpu").then_some((a.name, a.domain)) }.piece();
            a.pieces.extend(piece);
        }
    }
    actors.push(Played { name: "END", kind: "toolstack", domain: 2, pieces: clearing_up(setting, ends) });
    Plan { world: world(setting), actors }
}

/// What it leaves is no reference, no request and no frame without an address; now and then no domain either.
fn clearing_up(setting: Setting, ends: bool) -> Vec<String> {
    let mut all = vec![
        "repeat 40 { g = take ring(1) nowait; if g == none { break }; c = prep g = 5; if c == ENOMEM { crash 1 }; c = resume g }".to_string(),
        "for g in 1:0x18..1:0x1b { c = prep g = 5; c = resume g }".into(),
    ];
    if !setting.captive {
        all.push("for g in 1:0x1..1:0x31 { c = grant_unmap g; c = foreign_unmap g }".into());
        all.push("for g in 2:0x10..2:0x31 { c = grant_unmap g; c = foreign_unmap g }".into());
        all.push("for g in 2:0x200..2:0x200 { c = grant_unmap g; c = foreign_unmap g }".into());
        all.push("for g in 1:0x600..1:0x600 { c = grant_unmap g; c = foreign_unmap g }".into());
    }
    for d in [1, 2] {
        all.push(format!(
            "i = 0x50; f = first page_list({d})\nloop {{\nif f == none {{ break }}\nh = next page_list({d}) after f; m = load m2p(f)\n\
             there = false; if m != none {{ e = lookup m; there = e.mfn == f or e.type == ram_broken }}\n\
             if not there {{ c = add_page {d}:i = f; i = i + 1 }}\nf = h\n}}"
        ));
    }
    if ends {
        all.extend([1, 2].map(|d| format!("repeat 40 {{ c = teardown {d}; if c != ERESTART {{ break }} }}")));
    }
    all
}

/// Makes statements for one actor.
struct Maker<'d> {
    d: &'d mut Dice,
    setting: Setting,
    /// Whether memory may be hidden behind a type that has no frame. It stays its domain's, and the audit says so.
    hides: bool,
    /// Whether most of all this is about pages that go out and are used meanwhile.
    pages: bool,
    /// Its name and domain, if it is a vCPU.
    vcpu: Option<(&'static str, u64)>,
}

/// The operations that this release has.
pub fn operations() -> impl Iterator<Item = &'static VerbInfo> {
    VERBS.iter().filter(|v| v.offered && v.verb.is_operation())
}

impl Maker<'_> {
    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.d.below(of.len())]
    }

    fn of_any(&mut self, of: &[&[&'static str]]) -> String {
        let all: Vec<&'static str> = of.concat();
        self.one(&all).into()
    }

    /// A few statements that stand for themselves; none where the actor may not do what was drawn.
    fn piece(&mut self) -> Option<String> {
        let all: Vec<_> = operations().collect();
        if self.pages && self.d.chance(60) {
            return Some(match self.d.below(4) {
                0 => self.pager(),
                1 => self.pages_out(),
                _ => self.uses(),
            });
        }
        // What goes together in life comes together more often than by chance.
        match self.d.below(24) {
            0 => return Some(self.pager()),
            1 | 2 => return Some(self.pages_out()),
            3..6 => return Some(self.uses()),
            6 => return self.nests(),
            7 => return Some(self.serves()),
            8 if self.d.chance(10) => return Some("store dying(2) = 1; c = empty_cache 2".into()),
            _ => {}
        }
        let v = all[self.d.below(all.len())];
        self.verb(v)
    }

    /// What a pager does: whatever is asked for it brings back.
    fn pager(&mut self) -> String {
        format!("g = take ring(1) nowait; if g != none {{ c = prep g = {PAGED}; c = resume g }}")
    }

    /// Somebody who pages out.
    fn pages_out(&mut self) -> String {
        let g = self.one(&["1:0x18", "1:0x1a", "1:0x1b", "1:0x1b"]);
        format!("c = nominate {g}; if c == ok {{ c = evict {g} }}")
    }

    /// The hypervisor works on a guest's page between a get and a put.
    fn uses(&mut self) -> String {
        let g = if self.pages {
            self.one(&["1:0x18", "1:0x1a", "1:0x1b", "1:0x1b"]).into()
        } else {
            self.of_any(&[WRITTEN, OUT, OUT, TAKEN])
        };
        let mut inner = "n = load content(e.mfn); n = load content(e.mfn)".to_string();
        if let Some(v) = self.content(&g) {
            inner += &format!("; store content(e.mfn) = {v}");
        }
        format!("e = get_gfn {g}; if e.mfn != none {{ {inner} }}; put_gfn {g}")
    }

    /// A guest's own guest runs.
    fn nests(&mut self) -> Option<String> {
        let (name, _) = self.vcpu?;
        let (base, n) = (self.one(&["7", "8"]), self.of_any(&[VIEWED]));
        let g = self.of_any(&[WRITTEN, SHARED, TAKEN]);
        Some(format!("c = nested_get {name} = {base}; c = nested_fill {n} to {g}"))
    }

    /// A device model that takes a page's writes for a while.
    fn serves(&mut self) -> String {
        let (d, g) = (self.d.below(2) + 1, self.of_any(&[WRITTEN, TAKEN]));
        let as_server = match self.setting.format.type_code(P2mType::IoreqServer) {
            Some(_) => format!("c = set_mem_type {g} as ioreq_server; "),
            None => String::new(),
        };
        format!("c = ioreq_claim {d}; {as_server}c = ioreq_release {d}")
    }

    fn verb(&mut self, v: &'static VerbInfo) -> Option<String> {
        match v.verb {
            Verb::GetGfn | Verb::GetGfnQuery | Verb::GetGfnUnshare => {
                let g = self.of_any(&[WRITTEN, OUT, SHARED, TAKEN, HOLES]);
                let n = self.content(&g);
                let inner = match n {
                    Some(n) if self.d.chance(60) => format!("if e.mfn != none {{ store content(e.mfn) = {n} }}; "),
                    _ => String::new(),
                };
                Some(format!("e = {} {g}; {inner}put_gfn {g}", v.name))
            }
            Verb::GetTwoGfns => {
                let all = [WRITTEN, OUT, SHARED, TAKEN, HOLES];
                let (g, h) = (self.of_any(&all), self.of_any(&all));
                Some(format!("get_two_gfns {g} with {h}; put_two_gfns {g} with {h}"))
            }
            Verb::PutGfn | Verb::PutTwoGfns => None,
            // Once in a while, and never both: who holds something goes on with what is left.
            Verb::Teardown => self.d.chance(20).then(|| "c = teardown 2".into()),
            Verb::MachineCheck => {
                self.d.chance(30).then(|| format!("c = machine_check {}", self.one(&["T2", "T3", "U2", "D"])))
            }
            // Who gives a frame an address must be sure of it: it is new, or was had with a reference from where it was.
            Verb::AddPage => {
                let (g, order) = (self.of_any(&[TAKEN, HOLES]), if self.d.chance(10) { " order 9" } else { "" });
                let dom = &g[..1];
                Some(format!(
                    "f = alloc frame({dom}); if f != none {{ c = add_page {g} = f{order}; if c != ok {{ b = free f }} }}"
                ))
            }
            Verb::RemovePage => {
                let (g, h) =
                    (self.one(&["1:0x12", "1:0x13", "1:0x14", "1:0x20"]), self.one(&["1:0x12", "1:0x2f", "1:0x600"]));
                Some(format!(
                    "f = get_page_from_gfn {g}; if f != none {{ c = remove_page {g} = f; if c == ok {{ c = add_page {h} = f }}; put_page f }}"
                ))
            }
            Verb::GetPageFromGfn => {
                let g = self.of_any(&[WRITTEN, OUT, SHARED, TAKEN, HOLES]);
                let unshare = if self.d.chance(40) { " unshare" } else { "" };
                Some(format!("f = get_page_from_gfn {g}{unshare}; if f != none {{ put_page f }}"))
            }
            Verb::Read | Verb::Write | Verb::Fault => {
                let own = format!("{}:", self.vcpu?.1);
                let text = self.statement(v)?;
                text.contains(&own).then_some(text)
            }
            Verb::GrantMap | Verb::ForeignMap if self.setting.captive => {
                let map = self.statement(v)?;
                let g = map.split_whitespace().nth(3)?.to_string();
                let un = if v.verb == Verb::GrantMap { "grant_unmap" } else { "foreign_unmap" };
                Some(format!("{map}; if c == ok {{ c = {un} {g} }}"))
            }
            Verb::GrantUnmap | Verb::ForeignUnmap if self.setting.captive => None,
            // That all memory is of a type by hand may only mean that writes are noted, and not where every entry is
            // rewritten at once: there the range of a display is not looked at.
            Verb::ChangeTypeGlobal => {
                let to = if self.setting.format.recalculates() { "ram_logdirty" } else { "ram_rw" };
                Some(format!("c = change_type_global {} from ram_rw to {to}", self.d.below(2) + 1))
            }
            // What is kept mapped is given up by who mapped it, and a ring is made of pages that nobody else uses.
            Verb::MapVvmcx | Verb::UnmapVvmcx => {
                let g = self.own(WRITTEN)?;
                Some(format!("c = map_vvmcx {g}; c = unmap_vvmcx"))
            }
            Verb::MapVcpuInfo | Verb::UnmapVcpuInfo => {
                let (g, (name, _)) = (self.own(WRITTEN)?, self.vcpu?);
                Some(format!("c = map_vcpu_info {g}; c = unmap_vcpu_info {name}"))
            }
            Verb::MemEventEnable | Verb::MemEventDisable => {
                Some("c = mem_event_enable 2:0x14 with 2:0x15; c = mem_event_disable 2".into())
            }
            Verb::Audit => {
                let d = self.d.below(2) + 1;
                if self.hides {
                    return Some(format!("n = audit {d}"));
                }
                Some(format!("n = audit {d}; assert n == 0 \"the audit of domain {d} found something\""))
            }
            _ => self.statement(v),
        }
    }

    /// What a guest or the hypervisor may write there; none where it would be somebody's mistake.
    fn content(&mut self, g: &str) -> Option<String> {
        if OUT.contains(&g) {
            return Some(PAGED.into());
        }
        (!SHARED.contains(&g) && WRITTEN.contains(&g)).then(|| (1 + self.d.below(9)).to_string())
    }

    /// A number of the vCPU's own domain; none for others.
    fn own(&mut self, of: &[&'static str]) -> Option<String> {
        let dom = format!("{}:", self.vcpu?.1);
        let g = self.one(of);
        g.starts_with(&dom).then(|| g.to_string())
    }

    fn statement(&mut self, v: &'static VerbInfo) -> Option<String> {
        let mut object = String::new();
        let mut text = match v.gives {
            Gives::Nothing => v.name.to_string(),
            Gives::Value(Kind::Code) => format!("c = {}", v.name),
            Gives::Value(Kind::Num) => format!("n = {}", v.name),
            Gives::Value(Kind::Access) => format!("a = {}", v.name),
            Gives::Value(Kind::Bool) => format!("b = {}", v.name),
            _ => format!("x = {}", v.name),
        };
        for slot in v.slots {
            let often = match slot.shape {
                _ if v.verb == Verb::Prep && slot.word == Word::Equals => 90,
                _ if slot.word == Word::Order => 15,
                _ => 35,
            };
            if !slot.offered || !slot.needed && !self.d.chance(often) {
                continue;
            }
            let arg = self.arg(v.verb, slot, &object)?;
            match slot.word {
                Word::Object => object = arg.clone(),
                word => text += &format!(" {}", word.name()),
            }
            text += &format!(" {arg}");
        }
        let text = text.trim_end().to_string();
        let fails = if self.d.chance(4) { self.one(&["fail table; ", "fail frame; "]) } else { "" };
        Some(format!("{fails}{text}"))
    }

    fn arg(&mut self, verb: Verb, slot: &Slot, object: &str) -> Option<String> {
        Some(match slot.shape {
            Shape::Flag => String::new(),
            Shape::Value(Kind::Gfn) => self.gfn(verb, slot.word, object),
            Shape::Value(Kind::Num) => self.number(verb, slot.word, object),
            Shape::Value(Kind::Dom) => (1 + self.d.below(2)).to_string(),
            Shape::Value(Kind::Frame) => self.frame(verb),
            Shape::Value(Kind::Type) => {
                let by_hand = verb != Verb::SetMemType && slot.word == Word::To;
                let may = if by_hand { &["ram_ro"][..] } else { &["ram_rw", "ram_ro", "ioreq_server"] };
                let has = |n: &&str| P2mType::from_name(n).is_some_and(|t| self.setting.format.type_code(t).is_some());
                let all: Vec<_> = may.iter().copied().chain(self.hides.then_some("mmio_dm")).filter(has).collect();
                self.one(&all).into()
            }
            Shape::Value(Kind::Access) => {
                let all: Vec<Access> =
                    (0..16).filter_map(Access::from_code).filter(|&a| self.setting.format.has_access(a)).collect();
                let a = all.get(self.d.below(all.len().max(1))).copied().unwrap_or(Access::Rwx);
                format!("access_{}", a.name().trim_start_matches("access_"))
            }
            Shape::Actor => self.vcpu?.0.into(),
            Shape::Grant if verb == Verb::GrantTransfer => self.one(&["P", "Q"]).into(),
            Shape::Grant => self.one(&["G", "R", "H", "E"]).into(),
            Shape::Target => (1 + self.d.below(2)).to_string(),
            _ => return None,
        })
    }

    fn gfn(&mut self, verb: Verb, word: Word, object: &str) -> String {
        match (verb, word) {
            // What only looks, or changes neither memory nor where it is.
            (
                Verb::Read
                | Verb::Fault
                | Verb::Nominate
                | Verb::Populate
                | Verb::Resume
                | Verb::ChangeType
                | Verb::MarkDirty
                | Verb::SetAccess
                | Verb::GetAccess
                | Verb::LogdirtyFault
                | Verb::AccessCheck
                | Verb::SetMemType
                | Verb::ShareNominate
                | Verb::ZeroCheck
                | Verb::DemandPopulate,
                Word::Object,
            ) => self.of_any(&[WRITTEN, OUT, SHARED, TAKEN, HOLES]),
            (Verb::Write, _) => self.of_any(&[WRITTEN, OUT]),
            (Verb::CopyFrom | Verb::ShadowFault | Verb::GuestWalk, _) => {
                self.of_any(&[WRITTEN, OUT, SHARED, TAKEN, HOLES])
            }
            (Verb::CopyTo, Word::Through) => format!("{}:0x11", &object[..1]),
            (
                Verb::CopyTo
                | Verb::RepMovs
                | Verb::Emulate
                | Verb::TaskSwitch
                | Verb::DbgRwMem
                | Verb::HypercallPage
                | Verb::TmemPut
                | Verb::TmemGet,
                _,
            ) => self.of_any(&[WRITTEN]),
            (Verb::NestedFault, _) => self.of_any(&[VIEWED]),
            (Verb::Evict | Verb::Prep | Verb::Drop, _) => self.of_any(&[OUT]),
            (Verb::Share | Verb::ShareAdd | Verb::Unshare, Word::Object) => self.of_any(&[SHARED]),
            (Verb::Share, Word::With) => self.of_any(&[SHARED]),
            (Verb::ShareAdd, Word::With) => self.one(&["1:0x2b", "2:0x2b", "1:0x31", "2:0x30"]).into(),
            (_, Word::Through) => {
                let (dom, number) = object.split_once(':').unwrap_or(("1", "0x10"));
                let n = u64::from_str_radix(number.trim_start_matches("0x"), 16).unwrap_or(0x10);
                let most = if verb == Verb::Share { 2 } else { 12 };
                format!("{dom}:{:#x}", n + self.d.below(most) as u64)
            }
            (Verb::ChangeTypeRange | Verb::TrackVram, _) => self.of_any(&[WRITTEN, OUT, SHARED, TAKEN, HOLES]),
            (Verb::NestedFill, Word::Object) => self.of_any(&[VIEWED]),
            (Verb::NestedFill, _) => self.of_any(&[WRITTEN, SHARED, TAKEN]),
            (Verb::ForeignMap, Word::Equals) => self.of_any(&[WRITTEN, OUT, SHARED, TAKEN]),
            (Verb::GrantMap | Verb::GrantUnmap, _) => {
                self.one(&["2:0x12", "2:0x13", "2:0x30", "2:0x31", "2:0x200", "1:0x31"]).into()
            }
            // What is copied there is written.
            (Verb::GrantCopy, _) => self.of_any(&[WRITTEN]),
            (Verb::SetIdentity | Verb::ClearIdentity, _) => self.one(&["1:0x2f", "1:0x31", "2:0x31"]).into(),
            (Verb::ClearMmio | Verb::SetMmio, _) => {
                self.one(&["1:0x3c", "1:0x31", "1:0x600", "1:0x12", "1:0x20"]).into()
            }
            (Verb::MovePage, Word::To) => self.of_any(&[HOLES]),
            (Verb::GrantTransfer, _) => self.of_any(&[TAKEN]),
            (Verb::MapSpecial, _) => self.one(&["1:0x31", "1:0x600", "1:0x12"]).into(),
            _ => self.of_any(&[TAKEN, HOLES]),
        }
    }

    fn number(&mut self, verb: Verb, word: Word, object: &str) -> String {
        match (verb, word) {
            (_, Word::Order) => self.one(&["0", "9", "9"]).into(),
            (Verb::Prep, _) => PAGED.into(),
            (Verb::Write, _) => self.content(object).unwrap_or(PAGED.into()),
            (Verb::PodTarget, _) => {
                let more = [0, 1, 2, 4][self.d.below(4)];
                (TARGET + more + if self.setting.large { 511 } else { 0 }).to_string()
            }
            (Verb::NestedGet, _) => self.one(&["7", "8"]).into(),
            _ => (1 + self.d.below(3)).to_string(),
        }
    }

    /// A device's memory, or whatever frame that is not looked at for more than that it is another.
    fn frame(&mut self, verb: Verb) -> String {
        match verb {
            Verb::SetMmio | Verb::ClearMmio | Verb::MapMmio => "D".into(),
            Verb::TmemPut | Verb::TmemGet => "F".into(),
            Verb::MapSpecial => "X".into(),
            _ => self.one(&["T2", "T3", "T4", "U2"]).into(),
        }
    }
}
