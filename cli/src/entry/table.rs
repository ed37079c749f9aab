//! `p2mscope entry table`: a format's truth table. A row is a type; the columns are its code, what is left of its
//! permissions under each access type, and the names of the other bits that are set.

use clap::Args;
use p2mscope_core::addr::{Mfn, Order};
use p2mscope_core::entry::{Access, Family, Format, Kind, Leaf, LeafCtx, P2mType};

use super::{Circumstances, formats, order};
use crate::Usage;

#[derive(Args)]
#[command(after_help = "Examples:
  p2mscope entry table
  p2mscope entry table --format npt
  p2mscope entry table --format ept --order 9 --no-exec-sp --ad")]
pub struct Table {
    /// How entries are laid out.
    #[arg(long, default_value = "ept-2011", value_parser = formats())]
    format: Format,
    /// The size of the leaves: 0 (4 KB), 9 (2 MB) or 18 (1 GB).
    #[arg(long, default_value = "0", value_parser = order)]
    order: Order,
    #[command(flatten)]
    under: Circumstances,
}

/// A frame that leaves of every size can begin at.
const FRAME: Mfn = Mfn(1 << 18);

/// The table as text.
pub fn run(args: &Table) -> Result<String, Usage> {
    let &Table { format, order, .. } = args;
    let ctx = args.under.ctx(format)?;
    let accesses: Vec<_> = match format.family() {
        Family::Ept => Access::all().iter().copied().filter(|a| format.has_access(*a)).collect(),
        Family::Npt => vec![Access::Rwx],
    };
    let names = accesses.iter().map(|a| match format.family() {
        Family::Ept => a.name(),
        Family::Npt => "allows",
    });
    let mut text = line("type", "code", names, "bits");
    for (code, ty) in (0..).map_while(|code| format.type_of_code(code).map(|ty| (code, ty))) {
        let allows = accesses.iter().map(|a| format.permissions(ty, *a, order, &ctx).to_string());
        text += &line(ty.name(), &code.to_string(), allows, &bits(format, ty, order, &ctx));
    }
    Ok(text)
}

fn line(ty: &str, code: &str, cells: impl Iterator<Item = impl AsRef<str>>, bits: &str) -> String {
    let cells: String = cells.map(|c| format!("  {:<6}", c.as_ref())).collect();
    format!("{ty:<20}{code:>4}{cells}  {bits}").trim_end().to_string() + "\n"
}

/// The bits of one that are set under access `rwx`, lowest first: in NPT all of them, in EPT those that are no permission.
fn bits(format: Format, ty: P2mType, order: Order, ctx: &LeafCtx) -> String {
    let entry = format.leaf(&Leaf::new(ty, Access::Rwx, FRAME, order), ctx);
    let fields = format.fields(order.level()).iter();
    let shown = |kind| match kind {
        Kind::Flag | Kind::Deny => true,
        Kind::Allow => format.family() == Family::Npt,
        _ => false,
    };
    let set = fields.filter(|f| shown(f.kind) && f.get(entry) != 0).map(|f| f.name);
    set.collect::<Vec<_>>().join(" ")
}
