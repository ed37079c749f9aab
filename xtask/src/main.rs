//! `cargo xtask`: one command for each thing that is done with this repository.
//!
//! Every command first sets up what it needs and lacks (`setup`), runs the programs with an environment of its own
//! making (`env`), never changes the user's, and says in one message what is wrong when something is.

mod apt;
mod bench;
mod dist;
mod env;
mod progress;
mod rustup;
mod serve;
mod setup;
mod stages;
mod tally;
mod test;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

fn main() -> ExitCode {
    let matches = cli().get_matches();
    match run(&matches) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            if matches.subcommand_name() == Some("env") {
                // A shell forgets how a substitution ended: so `eval` itself fails, and what follows `&&` is not run.
                println!("false");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    match matches.subcommand() {
        Some(("serve", args)) => serve::run(&serve::Options {
            port: *args.get_one("port").expect("has a default"),
            release: args.get_flag("release"),
            open: args.get_flag("open"),
        }),
        Some(("test", args)) => test::run(&test::Options {
            only: args.get_one::<String>("only").map(|part| part.parse().expect("checked by clap")),
            scale: *args.get_one("scale").expect("has a default"),
        }),
        Some(("bench", args)) => bench::run(&bench::Options {
            only: args.get_one::<String>("only").cloned(),
            quick: args.get_flag("quick"),
            record: args.get_flag("record"),
            render: args.get_flag("render"),
        }),
        Some(("dist", args)) => dist::run(args.get_one::<PathBuf>("folder").expect("has a default")),
        Some(("env", _)) => {
            print!("{}", setup::tools()?.exports());
            Ok(ExitCode::SUCCESS)
        }
        _ => unreachable!("clap asks for a subcommand"),
    }
}

fn cli() -> Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("xtask")
        .bin_name("cargo xtask")
        .about("Set up, serve, test and measure p2mscope")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("serve")
                .about("Build the page, serve it, and build it again when a file changes")
                .arg(
                    Arg::new("port")
                        .long("port")
                        .value_name("PORT")
                        .value_parser(value_parser!(u16).range(1..))
                        .default_value("8080")
                        .help("The port of the address 127.0.0.1"),
                )
                .arg(flag("release", "Build with full optimisation, as it is published"))
                .arg(flag("open", "Open the page in the browser when it is built")),
        )
        .subcommand(
            Command::new("test")
                .about("Check and test everything; the last line is the total")
                .arg(
                    Arg::new("only")
                        .long("only")
                        .value_name("PART")
                        .value_parser(["native", "wasm", "e2e"])
                        .help("Run the stages of one part only"),
                )
                .arg(
                    Arg::new("scale")
                        .long("scale")
                        .value_name("N")
                        .value_parser(value_parser!(u32).range(1..))
                        .default_value("1")
                        .help("Multiply the number of cases of every random test"),
                ),
        )
        .subcommand(
            Command::new("bench")
                .about("Measure how fast it is, beside its peers, and say which targets are met")
                .arg(
                    Arg::new("only")
                        .long("only")
                        .value_name("ROWS")
                        .help("Measure these rows of docs/performance.md only, such as 1,2,8"),
                )
                .arg(flag("quick", "A few samples, to see that it works; the figures mean little"))
                .arg(
                    flag("record", "Write docs/performance.json and docs/performance.md, too: for all rows in one run")
                        .conflicts_with_all(["only", "quick"]),
                )
                .arg(
                    flag("render", "Make docs/performance.md from docs/performance.json again, without measuring")
                        .conflicts_with_all(["only", "quick", "record"]),
                ),
        )
        .subcommand(
            Command::new("dist").about("Make the page as a folder that any static server can serve").arg(
                Arg::new("folder")
                    .value_name("FOLDER")
                    .value_parser(value_parser!(PathBuf))
                    .default_value("dist")
                    .help("Where to, from the root of the checkout; what was made there before is replaced"),
            ),
        )
        .subcommand(
            Command::new("env")
                .about("Print the exports with which plain trunk and wasm-pack work")
                .after_help("Use: eval \"$(cargo xtask env)\" && trunk serve"),
        )
}

/// The root of the checkout.
fn root() -> PathBuf {
    // Asked at run time first: a checkout may be moved after xtask was built.
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    xtask.parent().expect("xtask is a folder of the checkout").to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::cli;

    #[track_caller]
    fn refuses(line: &str, says: &str) {
        let error = cli().try_get_matches_from(line.split(' ')).expect_err(line).to_string();
        assert!(error.contains(says), "{line}: {error}");
    }

    #[test]
    fn the_command_line_is_well_formed() {
        cli().debug_assert();
    }

    #[test]
    fn a_wrong_flag_is_named() {
        refuses("xtask serve --prot 1", "'--prot'");
        refuses("xtask serve --port 0", "0 is not in 1..=65535");
        refuses("xtask serve --port x", "invalid digit");
        refuses("xtask test --only web", "[possible values: native, wasm, e2e]");
        refuses("xtask test --scale 0", "0 is not in 1..");
        refuses("xtask bench --record --only 1", "'--record' cannot be used with '--only <ROWS>'");
        refuses("xtask tset", "'tset'");
    }
}
