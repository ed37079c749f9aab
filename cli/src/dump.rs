//! `p2mscope dump`: the machine's memory at a step of a run, and what its tables say, for tools that know no Xen.
//!
//! A directory for each domain: `memory.bin` is the memory from address 0, 4096 bytes a frame, little endian;
//! `index.json` names the root of the domain's table and every leaf in it. `docs/dump.md` says it with an example.

use crate::run::{play, policy};
use crate::{Done, lesson};
use clap::Args;
use p2mscope_core::addr::{FRAME_WORDS, Mfn};
use p2mscope_core::judge::watched;
use p2mscope_core::machine::{Policy, Words, World};
use p2mscope_core::sched::Run;
use p2mscope_core::sim::Memory;
use p2mscope_core::watch::survey::Survey;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};

/// What `dump` takes.
#[derive(Args)]
pub struct Command {
    /// The lesson file.
    file: PathBuf,
    /// After how many steps of the schedule; 0 is the first state.
    #[arg(long)]
    at: usize,
    /// The directory to write to. It is made if it is not there.
    #[arg(short, long = "out", value_name = "DIR")]
    out: PathBuf,
    /// The schedule, as `run` takes it. Without one only step 0 is there.
    #[arg(long, default_value = "")]
    schedule: String,
    /// The version of the programs.
    #[arg(long, default_value = "before")]
    version: String,
    /// The lock policy: unlocked, global, 1g or 2m. The lesson's own if left out.
    #[arg(long, value_parser = policy)]
    policy: Option<Policy>,
}

/// Writes it. Status 0: written. 2: the file or schedule cannot be read, there is no such step, or DIR cannot be
/// written.
pub fn run(command: &Command) -> Done {
    match dump(command) {
        Ok(out) => Done { out, ..Done::default() },
        Err(why) => Done::unreadable(why),
    }
}

fn dump(command: &Command) -> Result<String, String> {
    let path = &command.file;
    let lesson = lesson::read(path)?;
    let staged = lesson.stage(&command.version, command.policy, None).map_err(|e| lesson::listed(path, &e))?;
    let mut run = Run::new(staged.sim(watched()));
    let mut stopped = String::new();
    if !command.schedule.is_empty()
        && let Err(why) = play(&mut run, &lesson, &staged, &command.schedule)?
    {
        stopped = format!(": {why}");
    }
    if command.at > run.len() {
        let n = run.len();
        return Err(format!("there is no step {}: the schedule has {n} step(s){stopped}", command.at));
    }
    run.seek(command.at);
    let world = run.world().clone();
    let memory = memory(run.words(), &world);
    let mut out = String::new();
    for (slot, domain) in world.domains.iter().enumerate() {
        let dir = command.out.join(format!("domain-{}", domain.id));
        let index = index(run.words(), &world, slot as u8);
        write(&dir, &memory, &index).map_err(|e| format!("{}: {e}", dir.display()))?;
        let leaves = index["leaves"].as_array().map_or(0, Vec::len);
        out += &format!("{}: {} frames, {leaves} leaves\n", dir.display(), world.map.frames());
    }
    Ok(out)
}

fn write(dir: &Path, memory: &[u8], index: &Value) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join("memory.bin"), memory)?;
    std::fs::write(dir.join("index.json"), format!("{index:#}\n"))
}

/// All frames, one after the other.
fn memory(m: &mut Memory, world: &World) -> Vec<u8> {
    let frames = (0..world.map.frames() as u64).map(Mfn);
    let words = frames.flat_map(|mfn| (0..FRAME_WORDS).filter_map(move |i| world.map.page(mfn, i)));
    words.flat_map(|w| m.get(w).to_le_bytes()).collect()
}

/// What a domain's tables say: leaves by their first gfn, those without a frame or a permission too.
fn index(m: &mut Memory, world: &World, slot: u8) -> Value {
    let survey = Survey::take(m, world);
    let leaves = survey.leaves.iter().filter(|at| at.slot == slot).map(|at| {
        let leaf = &at.leaf;
        json!({
            "gfn": at.g.gfn.0,
            "order": leaf.order.bits(),
            "mfn": leaf.mfn.is_valid().then_some(leaf.mfn.0),
            "type": leaf.ty.name(),
            "access": leaf.access.name(),
            "perm": world.format.perms(at.entry).to_string(),
        })
    });
    json!({
        "format": world.format.name(),
        "root_mfn": world.domain(slot).root.0,
        "frames": world.map.frames(),
        "leaves": leaves.collect::<Vec<_>>(),
    })
}
