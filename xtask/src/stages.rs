//! The stages of the test run: which there are, and what each runs.

use std::process::Command;
use std::str::FromStr;

use crate::env::Env;
use crate::root;
use crate::setup::Engines;

/// A part of the test run that can be asked for alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Formatting, lints, documents and tests on the user's own toolchain.
    Native,
    /// Lints and tests of what is compiled to wasm, in a headless browser.
    Wasm,
    /// The built page, driven in a headless browser.
    E2e,
}

impl Part {
    /// All parts, in the order in which they run: what fails fastest first.
    pub const ALL: [Self; 3] = [Self::Native, Self::Wasm, Self::E2e];
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "native" => Ok(Self::Native),
            "wasm" => Ok(Self::Wasm),
            "e2e" => Ok(Self::E2e),
            _ => Err(format!("no part is called {text:?}; there are native, wasm and e2e")),
        }
    }
}

/// One program of the test run.
pub struct Stage {
    /// What the log calls it.
    pub name: &'static str,
    /// What it runs.
    pub command: Command,
}

/// The stages of `part`, with the environment `env` that was set up for it; the page is tried in those other `engines`
/// that there are.
pub fn of(part: Part, env: &Env, engines: &Engines) -> Vec<Stage> {
    match part {
        Part::Native => {
            let mut doc = cargo(&Env::native(), "doc --workspace --no-deps --features p2mscope-tests/e2e,p2mscope-bench/peers");
            doc.command.env("RUSTDOCFLAGS", "-Dwarnings");
            vec![
                cargo(env, "fmt --all --check").named("formatting"),
                cargo(env, "clippy --workspace --all-targets --features p2mscope-tests/e2e,p2mscope-bench/peers -- -Dwarnings")
                    .named("lints"),
                doc.named("documents"),
                cargo(env, "test --workspace --no-fail-fast").named("native tests"),
            ]
        }
        // Release throughout, so that std and the crates are built once for tests and page.
        Part::Wasm => vec![
            cargo(
                env,
                "clippy --release --target wasm32-unknown-unknown --no-deps -p p2mscope-web -p p2mscope-tests --all-targets \
                 -- -Dwarnings",
            )
            .named("lints of the page"),
            stage(env, "wasm-pack", "test --release --headless --chrome tests").named("tests in the browser"),
        ],
        Part::E2e => vec![
            // By cargo: the tests may have built this program anew, and then the one that runs is there no more.
            cargo(&Env::native(), "run --quiet --package xtask -- dist").named("build of the page"),
            end_to_end(engines),
        ],
    }
}

impl Stage {
    fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }
}

fn end_to_end(engines: &Engines) -> Stage {
    let env = Env::native().with(engines.bins.clone());
    let mut stage = cargo(&env, "test --package p2mscope-tests --features e2e --test e2e --no-fail-fast --");
    for (engine, _) in &engines.without {
        stage.command.args(["--skip", &format!("in_{engine}")]);
    }
    stage.named("end-to-end tests")
}

fn cargo(env: &Env, arguments: &str) -> Stage {
    stage(env, "cargo", arguments)
}

fn stage(env: &Env, program: &'static str, arguments: &str) -> Stage {
    let mut command = env.command(program);
    command.current_dir(root()).args(arguments.split_whitespace());
    Stage { name: program, command }
}
