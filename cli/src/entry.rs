//! `p2mscope entry`: one p2m entry, from words to its 64 bits and back; and all of a format's at once, as a table.

mod table;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use p2mscope_core::addr::{MFN_BITS, Mfn, Order};
use p2mscope_core::entry::{Access, Era, Family, Format, Leaf, LeafCtx, P2mType, describe, summary};

use crate::Usage;
use crate::number::number;

/// Encode and decode p2m entries.
#[derive(Subcommand)]
pub enum Command {
    /// Print the entry that a mapping is stored as.
    Encode(Encode),
    /// Print the fields of an entry, what it allows, and what it is.
    Decode(Decode),
    /// Print what every type allows under every access type, and the bits that it is stored with.
    Table(table::Table),
}

/// What decides an entry's bits besides the mapping.
#[derive(Args)]
pub struct Circumstances {
    /// The frame lies in the MMIO ranges that guests may only read.
    #[arg(long)]
    mmio_ro: bool,
    /// The processor logs modified pages itself (PML): log-dirty pages of 4 KB stay writable (ept).
    #[arg(long)]
    pml: bool,
    /// The processor keeps accessed and dirty bits in EPT (ept).
    #[arg(long)]
    ad: bool,
    /// The domain must have no executable superpages (ept).
    #[arg(long)]
    no_exec_sp: bool,
    /// The ioreq server takes writes (ept, npt).
    #[arg(long)]
    ioreq_writes: bool,
    /// The processor has the paging-write bit, for access r_pw (ept).
    #[arg(long)]
    pw: bool,
}

#[derive(Args)]
#[command(after_help = "Examples:
  p2mscope entry encode --type ram_ro --access rx --mfn 0x1234
  p2mscope entry encode --type ram_rw --mfn 0x200 --order 9
  p2mscope entry encode --type ram_paged
  p2mscope entry encode --format ept --type ram_logdirty --mfn 0x1234 --pml --ad
  p2mscope entry encode --format npt --type grant_map_ro --mfn 0x1234
  p2mscope entry encode --type mmio_direct --mfn 0xfee00 --emt uc --mmio-ro")]
pub struct Encode {
    /// How the entry is laid out.
    #[arg(long, default_value = "ept-2011", value_parser = formats())]
    format: Format,
    /// What the frame is.
    #[arg(long = "type", value_name = "TYPE", value_parser = types())]
    ty: P2mType,
    /// What a listener leaves of the type's permissions; without it, rwx. EPT only.
    #[arg(long, value_parser = accesses())]
    access: Option<Access>,
    /// The machine frame, decimal or 0x; `none` for types without one.
    #[arg(long, default_value = "none", value_parser = frame)]
    mfn: Mfn,
    /// The size of the leaf: 0 (4 KB), 9 (2 MB) or 18 (1 GB).
    #[arg(long, default_value = "0", value_parser = order)]
    order: Order,
    /// The memory type; without it, wb. EPT only.
    #[arg(long)]
    emt: Option<MemoryType>,
    /// Let the guest's PAT refine the memory type. EPT only.
    #[arg(long)]
    guest_pat: bool,
    #[command(flatten)]
    under: Circumstances,
}

#[derive(Args)]
#[command(after_help = "Examples:
  p2mscope entry decode 0x1430000001234075
  p2mscope entry decode 0x1c000000002000f7 --level 1
  p2mscope entry decode 0x8080000001234065 --format npt")]
pub struct Decode {
    /// How the entry is laid out.
    #[arg(long, default_value = "ept-2011", value_parser = formats())]
    format: Format,
    /// The entry's 64 bits, decimal or 0x.
    #[arg(value_parser = number)]
    entry: u64,
    /// The level of the table that it stands in: 0 (4 KB leaves) to 3 (the root). Without it, 1 if the superpage bit
    /// is set, else 0.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=3))]
    level: Option<u8>,
}

/// Intel's memory types that a leaf may have.
#[derive(Clone, Copy, ValueEnum)]
enum MemoryType {
    /// Uncached.
    Uc = 0,
    /// Write-combining.
    Wc = 1,
    /// Write-through.
    Wt = 4,
    /// Write-protected.
    Wp = 5,
    /// Write-back.
    Wb = 6,
}

/// Runs a command; gives the text of its answer.
pub fn run(command: Command) -> Result<String, Usage> {
    match command {
        Command::Encode(args) => Ok(format!("{:#018x}\n", encode(&args)?)),
        Command::Decode(args) => Ok(decode(&args)),
        Command::Table(args) => table::run(&args),
    }
}

impl Circumstances {
    /// The same for the encoder. A format that knows nothing of one of them is an error, not silence.
    fn ctx(&self, format: Format) -> Result<LeafCtx, Usage> {
        let &Circumstances { mmio_ro, pml, ad, no_exec_sp, ioreq_writes, pw } = self;
        let (ept, npt) = (&["ept"][..], &["ept", "npt"][..]);
        let asked = [
            ("--pml", pml, ept),
            ("--ad", ad, ept),
            ("--no-exec-sp", no_exec_sp, ept),
            ("--ioreq-writes", ioreq_writes, npt),
            ("--pw", pw, ept),
        ];
        match asked.iter().find(|(_, on, knows)| *on && !knows.contains(&format.name())) {
            Some((name, _, knows)) => {
                Err(Usage(format!("{name} changes nothing in {}; it does in {}", format.name(), knows.join(" and "))))
            }
            None => Ok(LeafCtx { mmio_ro, pml, ad, no_exec_sp, ioreq_writes, pw }),
        }
    }
}

fn encode(args: &Encode) -> Result<u64, Usage> {
    let &Encode { format, ty, mfn, order, .. } = args;
    let ctx = args.under.ctx(format)?;
    if format.type_code(ty).is_none() {
        let has: Vec<_> = P2mType::all().iter().filter(|&&t| format.type_code(t).is_some()).map(|t| t.name()).collect();
        return Err(Usage(format!("{} has no type {ty}; its types are {}", format.name(), has.join(", "))));
    }
    if let Some(access) = args.access.filter(|a| !format.has_access(*a)) {
        let has: Vec<_> = Access::all().iter().filter(|&&a| format.has_access(a)).map(|a| a.name()).collect();
        return Err(Usage(format!("{} has no access type {access}; it has {}", format.name(), has.join(", "))));
    }
    if format.family() == Family::Npt {
        unstored(args)?;
    }
    let over = mfn.0 & (order.frames() - 1);
    if mfn.is_valid() && over != 0 {
        return Err(Usage(format!(
            "--mfn {mfn} is no multiple of the {} frames of --order {}; the ones beside it are {:#x} and {:#x}",
            order.frames(),
            order.bits(),
            mfn.0 - over,
            mfn.0 - over + order.frames(),
        )));
    }
    if format.era() == Era::Now && ty == P2mType::MmioDirect && ctx.mmio_ro && order != Order::K4 {
        return Err(Usage("a read-only device is mapped by pages of 4 KB: leave out --order or --mmio-ro".into()));
    }
    let (access, emt) = (args.access.unwrap_or(Access::Rwx), args.emt.unwrap_or(MemoryType::Wb));
    let leaf = Leaf { emt: emt as u8, ipat: !args.guest_pat, ..Leaf::new(ty, access, mfn, order) };
    let entry = format.leaf(&leaf, &ctx);
    if format.is_empty(entry) && format.has_frame(ty) && !mfn.is_valid() {
        return Err(Usage(format!("{ty} is stored only with a frame: add --mfn, such as --mfn 0x1234")));
    }
    Ok(entry)
}

/// Refuses what nested page tables have no bits for.
fn unstored(args: &Encode) -> Result<(), Usage> {
    let name = args.format.name();
    if let Some(access) = args.access.filter(|a| *a != Access::Rwx) {
        return Err(Usage(format!(
            "{name} stores no access type: every entry is read back as rwx. Leave out --access {access}, or take ept"
        )));
    }
    if args.emt.is_some() || args.guest_pat {
        let what = if args.guest_pat { "--guest-pat" } else { "--emt" };
        return Err(Usage(format!(
            "{name} stores no memory type: the type decides it, uncached for mmio_direct. Leave out {what}, or take ept"
        )));
    }
    Ok(())
}

/// The fields, one a line with the highest first as in the manuals, then the permissions and the whole in a sentence.
fn decode(args: &Decode) -> String {
    let &Decode { format, entry, level } = args;
    let level = level.unwrap_or(u8::from(format.superpage(entry)));
    let mut text = format!("{entry:#018x}  {}, level {level}\n", format.name());
    for v in describe(format, level, entry).iter().rev() {
        let bits = match (v.field.low, v.field.high) {
            (low, high) if low == high => low.to_string(),
            (low, high) => format!("{high}:{low}"),
        };
        let line = format!("{bits:>7}  {:<10} {:<12} {}", v.field.name, format!("{:#x}", v.value), v.meaning);
        text += line.trim_end();
        text += "\n";
    }
    text + &format!("permissions {}\n{}\n", format.perms(entry), summary(format, level, entry))
}

fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::all().iter().map(|f| f.name())).try_map(|s| named(Format::from_name(&s), &s))
}

fn types() -> impl TypedValueParser<Value = P2mType> {
    PossibleValuesParser::new(P2mType::all().iter().map(|t| t.name())).try_map(|s| named(P2mType::from_name(&s), &s))
}

fn accesses() -> impl TypedValueParser<Value = Access> {
    PossibleValuesParser::new(Access::all().iter().map(|a| a.name())).try_map(|s| named(Access::from_name(&s), &s))
}

/// The names offered and the names read come from the same lists, so this finds what it is asked for.
fn named<T>(found: Option<T>, name: &str) -> Result<T, String> {
    found.ok_or_else(|| format!("{name} is unknown"))
}

fn frame(text: &str) -> Result<Mfn, String> {
    if text == "none" {
        return Ok(Mfn::INVALID);
    }
    let mfn = Mfn(number(text).map_err(|e| format!("{e}, or none"))?);
    if mfn.is_valid() { Ok(mfn) } else { Err(format!("a frame number is less than {:#x}", (1u64 << MFN_BITS) - 1)) }
}

fn order(text: &str) -> Result<Order, String> {
    let wrong = || "an order is 0 (4 KB), 9 (2 MB) or 18 (1 GB)".to_string();
    Order::new(number(text).map_err(|_| wrong())?).ok_or_else(wrong)
}
