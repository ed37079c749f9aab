//! `docs/coverage.md` says what there is: every file of the series and every operation has its row, and what a row names,
//! a test or an answer, exists. Reads only files of this repository.

use p2mscope_core::ops::Code;
use p2mscope_core::script::verbs::{VERBS, Verb};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that the series changes.
const SERIES: &[&str] = &[
    "xen/arch/x86/mm/mm-locks.h",
    "xen/arch/x86/mm/p2m-pod.c",
    "xen/include/asm-x86/p2m.h",
    "xen/arch/x86/mm/p2m-pt.c",
    "xen/arch/x86/mm/p2m.c",
    "xen/arch/x86/mm/hap/private.h",
    "xen/arch/x86/mm/p2m-ept.c",
    "xen/arch/x86/mm/p2m-lock.h",
    "xen/arch/x86/mm/hap/hap.c",
    "xen/arch/x86/mm/hap/nested_hap.c",
    "xen/include/asm-ia64/mm.h",
    "xen/arch/x86/cpu/mcheck/vmce.c",
    "xen/arch/x86/debug.c",
    "xen/arch/x86/domain.c",
    "xen/arch/x86/domctl.c",
    "xen/arch/x86/hvm/emulate.c",
    "xen/arch/x86/hvm/hvm.c",
    "xen/arch/x86/hvm/mtrr.c",
    "xen/arch/x86/hvm/nestedhvm.c",
    "xen/arch/x86/hvm/stdvga.c",
    "xen/arch/x86/hvm/svm/nestedsvm.c",
    "xen/arch/x86/hvm/svm/svm.c",
    "xen/arch/x86/hvm/viridian.c",
    "xen/arch/x86/hvm/vmx/vmx.c",
    "xen/arch/x86/hvm/vmx/vvmx.c",
    "xen/arch/x86/mm.c",
    "xen/arch/x86/mm/guest_walk.c",
    "xen/arch/x86/mm/hap/guest_walk.c",
    "xen/arch/x86/mm/mem_event.c",
    "xen/arch/x86/mm/mem_sharing.c",
    "xen/arch/x86/mm/shadow/common.c",
    "xen/arch/x86/mm/shadow/multi.c",
    "xen/arch/x86/physdev.c",
    "xen/arch/x86/traps.c",
    "xen/common/grant_table.c",
    "xen/common/memory.c",
    "xen/common/tmem_xen.c",
    "xen/include/asm-x86/hvm/hvm.h",
    "xen/include/asm-x86/hvm/vmx/vvmx.h",
];

/// A row's cells, and the line it stands on.
type Row = (usize, Vec<String>);

/// The rows of all tables between two headings, without their heads.
fn rows(text: &str, heading: &str) -> Vec<Row> {
    let section = text.split("\n## ").find(|s| s.starts_with(heading)).unwrap_or_default();
    let before = text.find(section).map_or(0, |at| text[..at].lines().count());
    let cells = |line: &str| line.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect::<Vec<_>>();
    let lines = section.lines().enumerate().filter(|(_, l)| l.starts_with('|'));
    lines
        .map(|(i, l)| (before + i, cells(l)))
        .filter(|(_, c)| !c[0].starts_with("---") && c[0] != "file" && c[0] != "operation")
        .collect()
}

/// What stands between backticks.
fn ticked(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn sources(at: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(at).expect("a folder of this repository").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// All tests of the core, and of the house, by their names, with what they do. Two of one name count as one.
fn tests(root: &Path) -> BTreeMap<String, String> {
    let mut files = Vec::new();
    for folder in ["core/tests", "core/src", "xtask/tests"] {
        sources(&root.join(folder), &mut files);
    }
    let mut found = BTreeMap::<String, String>::new();
    for file in files {
        let text = fs::read_to_string(file).expect("a source of this repository");
        let mut marked = false;
        let mut inside: Option<(String, String)> = None;
        for line in text.lines() {
            let code = line.trim();
            if let Some((name, end)) = &inside {
                *found.entry(name.clone()).or_default() += line;
                if line == end {
                    inside = None;
                }
            } else if code.starts_with("#[test]") {
                marked = true;
            } else if let Some(rest) = code.strip_prefix("fn ") {
                if marked && let Some((name, _)) = rest.split_once('(') {
                    let indent = &line[..line.len() - line.trim_start().len()];
                    found.entry(name.to_owned()).or_default();
                    inside = Some((name.to_owned(), format!("{indent}}}")));
                }
                marked = false;
            }
        }
    }
    found
}

/// Whether a test speaks of an answer, as programs write it or by its variant.
fn speaks_of(body: &str, code: Code) -> bool {
    body.contains(code.name()) || body.contains(&format!("Code::{code:?}"))
}

/// What is wrong with the document, one line for each fault.
fn faults(text: &str, tests: &BTreeMap<String, String>) -> Vec<String> {
    let mut out = Vec::new();
    let files = rows(text, "Files of the series");
    for file in SERIES {
        let n = files.iter().filter(|(_, c)| ticked(&c[0]) == [*file]).count();
        if n != 1 {
            out.push(format!("{file} has {n} rows"));
        }
    }
    let operations = rows(text, "Operations");
    let mut of: BTreeMap<&str, usize> = BTreeMap::new();
    for (line, cells) in &operations {
        if cells.len() != 4 {
            out.push(format!("line {line}: {} cells", cells.len()));
            continue;
        }
        for name in ticked(&cells[0]) {
            *of.entry(name).or_default() += 1;
        }
        let codes = ticked(&cells[2]);
        out.extend(
            codes.iter().filter(|c| Code::from_name(c).is_none()).map(|c| format!("line {line}: no answer is {c}")),
        );
        // Every test that ends well speaks of `ok`; any other answer must be seen in one of those that are named.
        let bodies: Vec<&String> = ticked(&cells[3]).iter().filter_map(|t| tests.get(*t)).collect();
        let answers = codes.iter().filter_map(|c| Code::from_name(c)).filter(|c| *c != Code::Ok);
        out.extend(
            answers
                .filter(|c| !bodies.iter().any(|b| speaks_of(b, *c)))
                .map(|c| format!("line {line}: no test that is named speaks of {}", c.name())),
        );
        if codes.is_empty() && cells[2] != "–" {
            out.push(format!("line {line}: it does not say what is answered"));
        }
    }
    for verb in VERBS.iter().filter(|v| v.offered && v.verb.is_operation()) {
        if !of.contains_key(verb.name) {
            out.push(format!("the operation {} has no row", verb.name));
        }
    }
    for name in of.keys().filter(|n| Verb::from_name(n).is_some_and(|v| !v.offered())) {
        out.push(format!("{name} is not offered, and has a row"));
    }
    for (line, cells) in files.iter().chain(&operations) {
        let named = cells.last().map(|c| ticked(c)).unwrap_or_default();
        if named.is_empty() {
            out.push(format!("line {line}: no test is named"));
        }
        out.extend(
            named.iter().filter(|t| !tests.contains_key(**t)).map(|t| format!("line {line}: there is no test {t}")),
        );
    }
    out
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("core lies in the repository")
}

fn document() -> String {
    fs::read_to_string(root().join("docs/coverage.md")).expect("docs/coverage.md")
}

#[test]
fn every_file_of_the_series_and_every_operation_has_its_row() {
    let found = faults(&document(), &tests(root()));
    assert!(found.is_empty(), "docs/coverage.md:\n{}", found.join("\n"));
}

#[test]
fn what_is_missing_or_wrong_is_told() {
    let (text, tests) = (document(), tests(root()));
    let told = |from: &str, to: &str, fault: &str| {
        assert!(text.contains(from), "{from}");
        let found = faults(&text.replace(from, to), &tests);
        assert!(found.iter().any(|f| f.contains(fault)), "{fault}: {found:?}");
    };
    told("| `evict` |", "| `evicts` |", "the operation evict has no row");
    told("| `EPERM`, `EINVAL`, `ok` | `s04_a", "| `EPERM`, `E2BIG`, `ok` | `s04_a", "speaks of E2BIG");
    told("`ENOTEMPTY`", "`ENOTEMPT`", "no answer is ENOTEMPT");
    told("`xen/common/memory.c`", "`xen/common/memory.h`", "xen/common/memory.c has 0 rows");
    told("`guest_remove_frees_the_page`", "`guest_remove_frees`", "there is no test guest_remove_frees");
    told("| `audit` |", "| `share_audit_of_old` |", "the operation audit has no row");
    told("`increase_gives_a_superpage_or_nothing` |\n", "|\n", "no test is named");
}
