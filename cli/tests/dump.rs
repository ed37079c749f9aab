//! `dump`: a walker that knows only what the processors' manuals say reads `memory.bin` from the root and finds exactly
//! the leaves that `index.json` lists.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const LESSON: &str = r#"
id = "dump"
title = "T"
goal = "T"
hints = ["a", "b"]
world = { encoding = "FORMAT", free_frames = 1 }
domain = [
  { id = 1, tables = 1, map = "0x10 = M as ram_rw content 0x1122334455667788; 0x11 = ram_ro; 0x12 = ram_paged; 0x200 = ram_rw order 9; 0x40010 = ram_paging_out; 0x400 = populate_on_demand order 9" },
  { id = 2, map = "0xfffffffff = N as ram_logdirty" },
]
expect = [{ version = "before", policy = "2m", breach = "none" }]
[[actor]]
name = "A"
kind = "toolstack"
program = "k = set_entry 1:0x20 = M as ram_ro; store content(M) = 7; k = set_entry 1:0x207 = none as invalid"
"#;

fn p2mscope(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_p2mscope")).args(args).output().expect("the binary runs")
}

fn lesson(dir: &Path, format: &str) -> String {
    let file = dir.join("dump.toml");
    std::fs::write(&file, LESSON.replace("FORMAT", format)).expect("it can be written");
    file.to_string_lossy().into_owned()
}

/// Memory as it was dumped.
struct Memory(Vec<u8>);

impl Memory {
    fn word(&self, mfn: u64, i: u64) -> u64 {
        let at = (mfn * 4096 + 8 * i) as usize;
        u64::from_le_bytes(self.0[at..at + 8].try_into().expect("eight bytes"))
    }

    /// Leaves that a processor reaches: first gfn, order, frame, permissions. `entry` tells of a word and its level
    /// what it permits, and whether it ends the walk.
    fn walk(&self, root: u64, entry: fn(u64, u32) -> Option<(u8, bool)>) -> Vec<(u64, u32, u64, u8)> {
        let mut found = Vec::new();
        self.table(root, 3, 0, 7, entry, &mut found);
        found
    }

    fn table(
        &self,
        mfn: u64,
        level: u32,
        gfn: u64,
        above: u8,
        entry: fn(u64, u32) -> Option<(u8, bool)>,
        out: &mut Vec<(u64, u32, u64, u8)>,
    ) {
        for i in 0..512 {
            let word = self.word(mfn, i);
            let Some((perm, leaf)) = entry(word, level) else { continue };
            let (at, frame) = (gfn + (i << (9 * level)), word >> 12 & 0xff_ffff_ffff);
            match leaf {
                true => out.push((at, 9 * level, frame, perm & above)),
                false => self.table(frame, level - 1, at, perm & above, entry, out),
            }
        }
    }
}

/// SDM volume 3, 30.3.2 (EPT): bits 2:0 allow read, write, execute; none of them: not present. Bit 7 ends the walk at
/// the levels of 1 GB and 2 MB; the lowest level always does.
fn ept(word: u64, level: u32) -> Option<(u8, bool)> {
    (word & 7 != 0).then_some(((word & 7) as u8, level == 0 || word >> 7 & 1 == 1))
}

/// APM volume 2, 5.3 and 15.25.5 (nested tables are long-mode tables, walked as a user): bit 0 present, bit 1 writable, bit 2
/// user, bit 7 page size, bit 63 no execute.
fn npt(word: u64, level: u32) -> Option<(u8, bool)> {
    let perm = 1 | (word >> 1 & 1) << 1 | (!word >> 63 & 1) << 2;
    (word & 5 == 5).then_some((perm as u8, level == 0 || word >> 7 & 1 == 1))
}

fn read(dir: &Path) -> (Memory, Value) {
    let memory = std::fs::read(dir.join("memory.bin")).expect("memory");
    let index = std::fs::read_to_string(dir.join("index.json")).expect("an index");
    (Memory(memory), serde_json::from_str(&index).expect("it is JSON"))
}

fn bits(perm: &str) -> u8 {
    perm.chars().zip([1, 2, 4]).map(|(c, bit)| if c == '-' { 0 } else { bit }).sum()
}

#[test]
fn a_walker_that_reads_memory_alone_finds_exactly_the_leaves() {
    for format in ["ept-2011", "ept", "npt-2011", "npt-2012", "npt"] {
        let dir = tempfile::tempdir().expect("a directory");
        let (file, out) = (lesson(dir.path(), format), dir.path().join("out"));
        // What a processor finds in domain 1: 0x10, 0x11 and the superpage; nothing that is paged or promised.
        check(&file, &out, "0", format, 3);
        let past = p2mscope(&["dump", &file, "--at", "99999", "-o", &out.to_string_lossy(), "--schedule", "A!"]);
        let said = String::from_utf8_lossy(&past.stderr).into_owned();
        assert_eq!(past.status.code(), Some(2), "{said}");
        let steps = said.split("has ").nth(1).and_then(|s| s.split(' ').next()).expect("it says how many there are");
        // 0x20 has come, the superpage is split and one of its pages gone.
        check(&file, &out, steps, format, 3 + 511);
    }
}

/// Dumps that step and compares; `present` leaves of domain 1 have a permission.
fn check(file: &str, out: &Path, at: &str, format: &str, present: usize) {
    let done = p2mscope(&["dump", file, "--at", at, "-o", &out.to_string_lossy(), "--schedule", "A!"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    for domain in ["domain-1", "domain-2"] {
        let (memory, index) = read(&out.join(domain));
        assert_eq!(index["format"], format);
        assert_eq!(memory.0.len() as u64, index["frames"].as_u64().expect("frames") * 4096);
        let listed: Vec<(u64, u32, u64, u8)> = index["leaves"]
            .as_array()
            .expect("leaves")
            .iter()
            .map(|l| (l, bits(l["perm"].as_str().expect("perm"))))
            .filter(|(_, perm)| *perm != 0)
            .map(|(l, perm)| {
                (
                    l["gfn"].as_u64().expect("gfn"),
                    l["order"].as_u64().expect("order") as u32,
                    l["mfn"].as_u64().expect("mfn"),
                    perm,
                )
            })
            .collect();
        let found =
            memory.walk(index["root_mfn"].as_u64().expect("a root"), if format.starts_with("ept") { ept } else { npt });
        assert_eq!(found, listed, "{format} {domain} at {at}");
        if domain == "domain-1" {
            let m = found.iter().find(|l| l.0 == 0x10).expect("M is mapped").2;
            let first = memory.word(m, 0);
            assert_eq!(first, if at == "0" { 0x1122_3344_5566_7788 } else { 7 });
            assert_eq!(found.len(), present, "{format} at {at}");
        }
    }
}

#[test]
fn what_has_no_frame_is_listed_without_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let (file, out) = (lesson(dir.path(), "ept-2011"), dir.path().join("out"));
    assert_eq!(p2mscope(&["dump", &file, "--at", "0", "-o", &out.to_string_lossy()]).status.code(), Some(0));
    let (_, index) = read(&out.join("domain-1"));
    let paged = index["leaves"].as_array().expect("leaves").iter().find(|l| l["gfn"] == 0x12).expect("it is listed");
    assert_eq!((&paged["type"], &paged["mfn"], &paged["perm"]), (&"ram_paged".into(), &Value::Null, &"---".into()));
}

#[test]
fn what_cannot_be_dumped_is_said() {
    let dir = tempfile::tempdir().expect("a directory");
    let (file, out) = (lesson(dir.path(), "ept-2011"), dir.path().join("out"));
    let out = out.to_string_lossy();
    let cases: [(&[&str], &str); 3] = [
        (&["dump", &file, "--at", "1", "-o", &out], "there is no step 1: the schedule has 0 step(s)"),
        (&["dump", &file, "--at", "0", "-o", &file], "dump.toml/domain-1: "),
        (&["dump", &file, "--at", "0", "-o", &out, "--schedule", "Q!"], "no actor named `Q`"),
    ];
    for (args, says) in cases {
        let done = p2mscope(args);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{said}");
    }
}
