//! `cargo xtask bench`: measures the rows that are asked for, prints the table, and writes the record.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use p2mscope_bench::ROWS;
use p2mscope_bench::record::Record;
use p2mscope_bench::rows::{Effort, GROUPS};
use p2mscope_bench::table::{self, Verdict};

fn main() -> ExitCode {
    match run(&cli().get_matches()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn cli() -> Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("bench")
        .bin_name("cargo xtask bench")
        .about("Measure how fast it is, beside its peers")
        .arg(
            Arg::new("only")
                .long("only")
                .value_name("ROWS")
                .value_delimiter(',')
                .value_parser(value_parser!(u32).range(1..=i64::from(ROWS)))
                .help("Measure these rows only, such as 1,2,8"),
        )
        .arg(flag("quick", "A few samples, to see that it works; the figures mean little"))
        .arg(
            flag("record", "Write docs/performance.json and docs/performance.md, too: for all rows in one run")
                .conflicts_with_all(["only", "quick"]),
        )
        .arg(
            flag("render", "Make docs/performance.md from docs/performance.json again, without measuring")
                .conflicts_with_all(["only", "quick", "record"]),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Where the record goes [default: target/bench.json]"),
        )
}

fn run(args: &ArgMatches) -> Result<ExitCode, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("bench is a folder of the checkout");
    let docs = root.join("docs");
    if args.get_flag("render") {
        write(&docs.join("performance.md"), &Record::read(&docs.join("performance.json"))?.to_markdown())?;
        return Ok(ExitCode::SUCCESS);
    }
    let only: Option<BTreeSet<u32>> = args.get_many("only").map(|rows| rows.copied().collect());
    let asked = |row: &u32| only.as_ref().is_none_or(|only| only.contains(row));
    let effort = if args.get_flag("quick") { Effort::QUICK } else { Effort::FULL };
    let (mut lines, mut browser) = (Vec::new(), false);
    for group in GROUPS.iter().filter(|group| group.rows.iter().any(asked)) {
        eprintln!("row {} ..", group.rows.iter().map(u32::to_string).collect::<Vec<_>>().join(", "));
        lines.extend((group.run)(&effort).into_iter().filter(|line| asked(&line.row())));
        browser |= group.browser;
    }
    print!("{}", table::for_terminal(&lines));
    let short = lines.iter().any(|line| line.verdict() == Verdict::Short);
    let record = Record::new(lines, browser);
    let json = args.get_one("json").cloned().unwrap_or_else(|| root.join("target/bench.json"));
    write(&json, &record.to_json())?;
    if args.get_flag("record") {
        write(&docs.join("performance.json"), &record.to_json())?;
        write(&docs.join("performance.md"), &record.to_markdown())?;
    }
    // Figures of a quick run mean little, so they are no failure.
    Ok(if short && !effort.quick { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}
