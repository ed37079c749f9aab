//! `p2mscope code`: what learners' result codes say.

use crate::Done;
use clap::Args;
use p2mscope_core::lesson::Results;
use serde_json::json;
use std::fmt::Write;

/// What `code` takes.
#[derive(Args)]
pub struct Command {
    /// Codes, as the page shows them: `05K2M-..`.
    #[arg(required = true)]
    codes: Vec<String>,
    /// Answer in JSON, one code a line.
    #[arg(long)]
    json: bool,
}

/// Reads all codes. Status 0: all could be read. 1: one is damaged.
pub fn run(command: &Command) -> Done {
    let mut done = Done::default();
    for code in &command.codes {
        match Results::read(code) {
            Ok(results) if command.json => {
                let _ = writeln!(done.out, "{}", json!({ "code": code, "valid": true, "results": results }));
            }
            Ok(results) => {
                let _ = writeln!(done.out, "{code}");
                for sentence in results.sentences() {
                    let _ = writeln!(done.out, "  {sentence}");
                }
            }
            Err(why) => {
                done.status = 1;
                match command.json {
                    true => {
                        let why = why.to_string();
                        let _ = writeln!(done.out, "{}", json!({ "code": code, "valid": false, "why": why }));
                    }
                    false => {
                        let _ = writeln!(done.err, "{code}: {why}");
                    }
                }
            }
        }
    }
    done
}
