//! The world in which the programs run: something of everything, and what may be said of it beside the policy.

use crate::entry::{Format, P2mType};

/// A memory target that all frames together do not reach.
pub const TARGET: u64 = 36;

/// What may stand in the world beside the policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// How entries are laid out.
    pub format: Format,
    /// Further keys of `[world]`.
    pub keys: &'static str,
    /// Whether there are entries of 2 MB with memory.
    pub large: bool,
    /// Whether an entry stays held while it is mapped elsewhere: then nothing else is done meanwhile.
    pub captive: bool,
    /// How many of a hundred plans are mostly about pages that go out and are used meanwhile.
    pub pages: usize,
}

impl Setting {
    /// The defaults, but for the layout of entries.
    pub const fn of(format: Format) -> Setting {
        Setting { format, keys: "", large: false, captive: false, pages: 30 }
    }
}

/// All of a lesson but its actors.
pub fn world(s: Setting) -> String {
    let has = |t: P2mType| s.format.type_code(t).is_some();
    let mut map = vec![
        "0x10 = A as ram_rw content 1".to_string(),
        "0x11 = B as ram_rw".into(),
        "0x12 = T2 as ram_rw".into(),
        "0x13 = T3 as ram_rw content 3".into(),
        "0x14 = T4 as ram_ro".into(),
        "0x1b = ram_rw content 5".into(),
        "0x20 .. 0x21 = populate_on_demand".into(),
        "0x24 = mmio_dm".into(),
        "0x400 = populate_on_demand order 9".into(),
        "0x3c = D as mmio_direct".into(),
        "0x3d = X as ram_rw special".into(),
    ];
    if has(P2mType::RamPaged) && s.format != Format::Npt2011 {
        map.push("0x18 .. 0x19 = ram_paged".into());
        map.push("0x1a = ram_paging_out content 5".into());
    } else {
        map.push("0x18 .. 0x1a = ram_rw content 5".into());
    }
    if has(P2mType::RamShared) {
        map.push("0x28 = S as ram_shared content 2; 0x29 = S as ram_shared; 0x2a = C as ram_rw content 2".into());
    }
    map.push(if s.large { "0x200 = L as ram_rw order 9" } else { "0x207 = L as ram_rw" }.into());
    let shared = if has(P2mType::RamShared) { "; 0x28 = S as ram_shared" } else { "" };
    format!(
        "id = \"random\"\ntitle = \"Random\"\ngoal = \"None.\"\nhints = [\"One.\", \"Two.\"]\n\
         world = {{ free_frames = 5, encoding = \"{}\"{} }}\n\
         domain = [\n  {{ id = 1, tables = 6, ring = 3, cache = 2, pod_target = {}, map = \"\"\"\n{}\n\"\"\" }},\n  \
         {{ id = 2, tables = 4, map = \"0x10 = N as ram_rw; 0x12 = U2 as ram_rw; 0x13 = ram_rw content 9; 0x14 .. 0x15 = ram_rw; 0x2a = ram_rw content 2{shared}\" }},\n  \
         {{ id = 9, control = true, map = \"0x10 = ram_rw\" }},\n]\n\
         frame = [{{ name = \"F\", owner = 1, content = 4 }}]\n\
         grant = [\n  {{ name = \"G\", from = \"1:0x10\", to = 2 }},\n  {{ name = \"R\", from = \"1:0x1b\", to = 2, readonly = true }},\n  \
         {{ name = \"H\", from = \"2:0x12\", to = 1 }},\n  {{ name = \"E\", from = \"1:0x12\", to = 2 }},\n  \
         {{ name = \"P\", from = \"2:0x30\", to = 1 }},\n  {{ name = \"Q\", from = \"1:0x600\", to = 2 }},\n]\n\
         view = [{{ name = \"n1\", domain = 1, kind = \"nested\" }}, {{ name = \"n2\", domain = 1, kind = \"nested\" }}]\n\
         expect = [{{ version = \"before\", policy = \"2m\", breach = \"none\" }}]\n",
        s.format.name(),
        s.keys,
        TARGET + if s.large { 511 } else { 0 },
        map.join("\n"),
    )
}
