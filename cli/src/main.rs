//! `p2mscope`: the core's tools on the command line.
//!
//! This file only hands over: each family of commands is a file of its own with its arguments and a `run`. A
//! command prints its answer on standard output and ends with status 0. What the user wrote wrong goes to
//! standard error and ends with status 2.
#![forbid(unsafe_code)]

mod entry;
mod number;

use std::io::{self, Write};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

/// Look into a range-locked p2m: entries, lessons, schedules.
#[derive(Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  p2mscope entry encode --type ram_rw --mfn 0x1234
  p2mscope entry decode 0x1c00000001234077"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Encode and decode p2m entries.
    #[command(
        subcommand,
        after_help = "Examples:
  p2mscope entry encode --type ram_ro --access rx --mfn 0x1234
  p2mscope entry decode 0x1430000001234075"
    )]
    Entry(entry::Command),
}

/// Arguments that clap could read and that make no sense together: one sentence, what is wrong and what would be right.
struct Usage(String);

fn main() {
    let outcome = match Cli::parse().command {
        Command::Entry(command) => entry::run(command),
    };
    match outcome {
        // A reader that has seen enough, such as `head`, closes the pipe: no reason to complain.
        Ok(text) => drop(io::stdout().write_all(text.as_bytes())),
        Err(Usage(message)) => Cli::command().error(ErrorKind::ValueValidation, message).exit(),
    }
}
