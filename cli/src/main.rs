//! `p2mscope`: the core's tools on the command line.
//!
//! This file only hands over: each family of commands is a file of its own with its arguments and a `run`. A
//! command prints its answer on standard output and ends with status 0. What the user wrote wrong goes to
//! standard error and ends with status 2.
#![forbid(unsafe_code)]

mod check;
mod code;
mod diagnose;
mod dump;
mod entry;
mod explore;
mod fuzz;
mod grade;
mod lesson;
mod live;
mod memory;
mod number;
mod record;
mod run;
mod saved;
mod scale;
mod soak;

use std::io::{self, Write};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

/// Look into a range-locked p2m: entries, lessons, schedules.
#[derive(Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  p2mscope check static/lessons
  p2mscope grade static/lessons/S15.toml answers/
  p2mscope explore static/lessons/S15.toml --find deadlock
  p2mscope run static/lessons/S14.toml --schedule 'TS1@second TS2! TS1!'
  p2mscope soak --seconds 60
  p2mscope fuzz --inputs 1e6
  p2mscope entry encode --type ram_rw --mfn 0x1234
  p2mscope entry decode 0x1c00000001234077"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prove or refute what lessons expect.
    #[command(after_help = "Examples:
  p2mscope check static/lessons
  p2mscope check --record static/lessons/S14.toml static/lessons/S15.toml
  p2mscope check --json static/lessons
  p2mscope check --exact --threads 1 S14.toml

Ends with status 0 if every expectation holds, 1 if some do not, 2 if a file cannot be read.")]
    Check(check::Command),
    /// Judge learners' answers to a lesson.
    #[command(after_help = "Examples:
  p2mscope grade static/lessons/S15.toml anna.toml ben.txt
  p2mscope grade --json static/lessons/S15.toml answers/

An answer is the edited lesson file, or the text of the program that may be edited; where several may be, a file with
one text for each: V1 = \"\"\" .. \"\"\". docs/lessons.md says how it is judged.
Ends with status 0 if all are accepted, 1 if some are not, 2 if a file cannot be read or the lesson is no exercise.")]
    Grade(grade::Command),
    /// Say what learners' result codes say.
    #[command(after_help = "Example:
  p2mscope code 04142-GG30G-00208-0EC10-0G008-00HVE-4

The page shows a code in the list of lessons. Its check value tells slips of the pen; it is no proof of who did the work.
Ends with status 0 if all codes could be read, 1 if one is damaged.")]
    Code(code::Command),
    /// Search every interleaving, or find the shortest one that breaks a rule.
    #[command(after_help = "Examples:
  p2mscope explore static/lessons/S15.toml
  p2mscope explore static/lessons/S15.toml --find deadlock --policy 2m
  p2mscope explore static/lessons/S15.toml --version repaired --exact --json
  p2mscope explore static/lessons/S14.toml --report lockdep

Below the answer stands what is wrong where a breach was found, and which deadlocks could close: locks that were asked for
in opposite orders in any two interleavings that the search has met, each with the shortest run that was found to it.
Ends with status 0 if it is safe, 1 if something breaks, 2 if the file cannot be read, 3 if a bound was reached.")]
    Explore(explore::Command),
    /// Play a schedule, one sentence a step.
    #[command(after_help = "Examples:
  p2mscope run static/lessons/S03.toml --schedule 'V0@use PG! B! V0'
  p2mscope run static/lessons/S15.toml --version repaired --policy 2m --schedule 'TS1! TS2!'
  p2mscope run static/lessons/S14.toml --schedule 'TS1! TS2!' --schedule 'TS1@second TS2! TS1!' --report lockdep
  p2mscope run static/lessons/S15.toml --policy 2m --and global --schedule 'TS1@second TS2! TS1!'
  p2mscope run static/lessons/S14.toml --schedule @recorded.txt

A word is an actor and how far it goes: `A` one step, `A*3` three, `A@label` until that label is next, `A!` until
A waits or ends. What `p2mscope explore` prints is understood as well. Several schedules are several runs of one session:
orders of locks that were seen in different ones are told together. With `--and` the same turns are taken under a second
policy too, as far as they go there.
Ends with status 0 if every step could be taken, 1 if one could not or a recorded run left other words, 2 if the file or
schedule cannot be read.")]
    Run(run::Command),
    /// Run a lesson's loops on real threads.
    #[command(after_help = "Examples:
  p2mscope live static/lessons/S14.toml --version repaired --seconds 3 --times
  p2mscope live static/lessons/first.toml --version repaired --policy 2m,global
  p2mscope live static/lessons/S14.toml --abort
  p2mscope live static/lessons/first.toml --version repaired --record /tmp/first.txt

Ends with status 0 if nobody stood still and all rules hold of what was left, 1 if not, or if a recording leads to other
words, 2 if the file cannot be read or states no live loop.")]
    Live(live::Command),
    /// Write the machine's memory at a step, for tools that read page tables.
    #[command(after_help = "Example:
  p2mscope dump static/lessons/S03.toml --at 12 -o /tmp/s03 --schedule 'V0@use PG!'

docs/dump.md says what is written.
Ends with status 0 if it was written, 2 if the file or schedule cannot be read, there is no such step, or DIR cannot be
written.")]
    Dump(dump::Command),
    /// Compute how a lesson's work scales on more virtual processors, under one lock policy after the other.
    #[command(after_help = "Examples:
  p2mscope scale static/lessons/first.toml
  p2mscope scale static/lessons/first.toml --spread range --policy global,2m,4k --form percpu
  p2mscope scale static/lessons/first.toml --policy 2m --form spinlock,atomic,percpu --vcpus 1,8,64,256
  p2mscope scale --measure

The programs run effect by effect in virtual time; what an effect takes follows from the words that it touches.
docs/scale.md says what is counted and what is left out.
Ends with status 0 if it was computed, 1 if somewhere everybody waits, 2 if it cannot be computed.")]
    Scale(scale::Command),
    /// Run operations of all kinds on real threads, and look whether anything is out of place.
    #[command(after_help = "Examples:
  p2mscope soak --ops 1e9
  p2mscope soak --seconds 60 --policy 2m
  p2mscope soak --ops 1e9 --seconds 3600 --seed 7

The policies take turns, a second each. After each turn all actors are drained and every invariant is asked; then a piece is
recorded and stepped again, and so are programs made up by chance.
Ends with status 0 if nothing is wrong, 1 if something is, which is printed with the way to see it again.")]
    Soak(soak::Command),
    /// Try inputs of every kind, valid ones changed by chance.
    #[command(after_help = "Examples:
  p2mscope fuzz --inputs 1e6
  p2mscope fuzz --target lesson --seed 7 --seconds 60
  p2mscope fuzz --target schedule --seed 7 --from 4711 --inputs 1 --show

Kinds of inputs: lesson, program, schedule, bits, leaf, image, name, arguments. The same seed gives the same inputs.
Ends with status 0 if nothing is wrong, 1 if something is, which is printed made small, with the way to see it again.")]
    Fuzz(fuzz::Command),
    /// Encode and decode p2m entries.
    #[command(
        subcommand,
        after_help = "Examples:
  p2mscope entry encode --type ram_ro --access rx --mfn 0x1234
  p2mscope entry decode 0x1430000001234075
  p2mscope entry table --format npt"
    )]
    Entry(entry::Command),
}

/// Arguments that clap could read and that make no sense together: one sentence, what is wrong and what would be right.
struct Usage(String);

/// What a command that reads files has to say, and the status it ends with.
#[derive(Default)]
struct Done {
    out: String,
    err: String,
    status: i32,
}

impl Done {
    /// Something could not be read: status 2.
    fn unreadable(why: String) -> Done {
        Done { err: why + "\n", status: 2, ..Done::default() }
    }

    /// Says something more, and ends with the greater status.
    fn add(&mut self, more: Done) {
        self.out.push_str(&more.out);
        self.err.push_str(&more.err);
        self.status = self.status.max(more.status);
    }

    /// Says it and ends.
    fn end(self) -> ! {
        // A reader that has seen enough, such as `head`, closes the pipe: no reason to complain.
        drop(io::stdout().write_all(self.out.as_bytes()));
        drop(io::stderr().write_all(self.err.as_bytes()));
        std::process::exit(self.status)
    }
}

fn main() {
    let outcome = match Cli::parse().command {
        Command::Entry(command) => entry::run(command),
        Command::Check(command) => check::run(&command).end(),
        Command::Grade(command) => grade::run(&command).end(),
        Command::Code(command) => code::run(&command).end(),
        Command::Explore(command) => explore::run(&command).end(),
        Command::Run(command) => run::run(&command).end(),
        Command::Live(command) => live::run(&command).end(),
        Command::Dump(command) => dump::run(&command).end(),
        Command::Scale(command) => scale::run(&command).end(),
        Command::Soak(command) => soak::run(&command).end(),
        Command::Fuzz(command) => fuzz::run(&command).end(),
    };
    match outcome {
        // A reader that has seen enough, such as `head`, closes the pipe: no reason to complain.
        Ok(text) => drop(io::stdout().write_all(text.as_bytes())),
        Err(Usage(message)) => Cli::command().error(ErrorKind::ValueValidation, message).exit(),
    }
}
