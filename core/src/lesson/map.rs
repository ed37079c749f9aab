//! What a domain's table maps at first: `GFN [.. GFN] = [NAME as] TYPE [with ACCESS] [order N] [content N] [special]`.

use super::reader::Reader;
use super::world::Taken;
use crate::addr::{DomGfn, DomId, Gfn, Order};
use crate::entry::{Access, Format, P2mType};
use crate::machine::MAX_FRAMES;
use crate::script::lex::{Tok, lex};
use crate::script::parse::Parser;
use crate::script::{self, Names, Span, Text, did_you_mean, no_type};

/// One item of a map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MapItem {
    /// The first frame number.
    pub first: Gfn,
    /// The last one.
    pub last: Gfn,
    /// The name of the frame, if it has one; a superpage's first frame.
    pub frame: Option<String>,
    /// The type of the entries.
    pub ty: P2mType,
    /// Their access, if it is not the default.
    pub access: Option<Access>,
    /// Their size.
    pub order: Order,
    /// The first word of each page.
    pub content: i64,
    /// Whether its frames are Xen's own pages.
    pub special: bool,
    /// Where it stands.
    pub span: Span,
    /// Whether it shows a frame that is named elsewhere.
    shows: bool,
}

impl MapItem {
    /// How many frame numbers it covers.
    pub fn frames(&self) -> u64 {
        self.last.0 - self.first.0 + 1
    }

    /// Whether it shows a frame that is named elsewhere: another domain's, or one that is shared.
    pub fn borrows(&self) -> bool {
        self.shows
    }
}

type Parse<T> = Result<T, ()>;

/// The items of a map.
pub fn parse(r: &mut Reader<'_>, text: &Text, names: &mut Names, taken: &mut Taken, view: bool) -> Vec<MapItem> {
    let lexed = lex(text);
    let mut p = Parser::new(&lexed.tokens, lexed.problems);
    let mut items: Vec<MapItem> = Vec::new();
    loop {
        p.newlines();
        if p.peek() == Tok::Eof {
            break;
        }
        match item(&mut p, names.format, view) {
            Ok(mut item) => {
                if let Some(other) = items.iter().find(|o| o.first <= item.last && item.first <= o.last) {
                    let line = r.file.line(other.span);
                    r.wrong(
                        item.span,
                        format!("frame number {} is mapped already, at line {line}", item.first.max(other.first)),
                    );
                }
                name(r, &mut item, names, taken);
                items.push(item);
            }
            Err(()) => {
                while !matches!(p.peek(), Tok::End | Tok::Eof) {
                    p.next();
                }
            }
        }
    }
    p.finish(&mut r.problems);
    items
}

/// A frame's name, which is new; that of a shared frame may come again.
fn name(r: &mut Reader<'_>, item: &mut MapItem, names: &mut Names, taken: &mut Taken) {
    let Some(name) = item.frame.as_ref().filter(|_| !item.shows) else { return };
    let what = if item.ty == P2mType::RamShared { SHARED } else { "a frame" };
    if item.ty == P2mType::RamShared && taken.is(name, SHARED) {
        item.shows = true;
    } else if r.is_name(name, item.span) && taken.take(r, name, what, item.span) {
        names.frames.push(name.clone());
    }
}

/// What a shared frame is called when its name is taken.
const SHARED: &str = "a shared frame";

/// Whether each item that shows another's frame names one that is there.
pub fn borrowed<'i>(r: &mut Reader<'_>, items: impl Iterator<Item = &'i MapItem>, names: &Names) {
    for item in items.filter(|i| i.shows) {
        is_frame(r, item.frame.as_deref().unwrap_or_default(), item.span, names);
    }
}

/// Whether there is a frame of that name.
pub fn is_frame(r: &mut Reader<'_>, name: &str, span: Span, names: &Names) {
    if !names.frames.iter().any(|f| f == name) {
        r.wrong(span, script::unknown("frame", name, names.frames.iter().map(String::as_str)));
    }
}

/// What is granted: a frame number with its domain, `1:0x10`.
pub fn granted(r: &mut Reader<'_>, text: &Text, names: &Names) -> Option<DomGfn> {
    let lexed = lex(text);
    let mut p = Parser::new(&lexed.tokens, lexed.problems);
    let at = p.span();
    let read = |p: &mut Parser<'_>| -> Parse<(u64, Gfn)> {
        let dom = match p.peek() {
            Tok::Number(n) => {
                p.next();
                n
            }
            _ => p.name("a domain").map(|n| names.space(&n.name).map_or(u64::MAX, u64::from))?,
        };
        p.expect(":", "between the domain and the frame number")?;
        Ok((dom, gfn(p)?))
    };
    let got = read(&mut p);
    p.finish(&mut r.problems);
    let (dom, gfn) = got.ok()?;
    if !names.has_domain(dom) {
        r.wrong(at, "[[grant]] `from` is a frame number of a domain, as in  1:0x10");
        return None;
    }
    Some(DomGfn { dom: DomId(dom as u16), gfn })
}

fn item(p: &mut Parser<'_>, format: Format, view: bool) -> Parse<MapItem> {
    let start = p.span();
    let first = gfn(p)?;
    let last = if p.eat("..") { gfn(p)? } else { first };
    p.expect("=", "after the frame number")?;
    let word = p.name("a type")?;
    let (frame, ty) = if p.eat_name("as") { (Some(word), p.name("a type")?) } else { (None, word) };
    let Some(kind) = P2mType::from_name(&ty.name) else {
        let all = P2mType::all().iter().map(|t| t.name());
        let near = did_you_mean(&ty.name, all).map(|n| format!("; did you mean `{n}`?"));
        return p.wrong(ty.span, format!("no type `{}`{}", ty.name, near.unwrap_or_default()));
    };
    if format.type_code(kind).is_none() {
        return p.wrong(ty.span, no_type(kind, format));
    }
    if let Some(name) = frame.as_ref().filter(|_| !kind.has_frame()) {
        return p.wrong(name.span, format!("`{}` names no frame: `{kind}` has none", name.name));
    }
    let others = matches!(kind, P2mType::GrantMapRw | P2mType::GrantMapRo | P2mType::MapForeign);
    let shows = kind.has_frame() && (others || view);
    if shows && frame.is_none() {
        return p.wrong(ty.span, format!("`{kind}` shows a frame that is named elsewhere here: NAME as {kind}"));
    }
    let mut item = MapItem {
        first,
        last,
        frame: frame.map(|f| f.name),
        ty: kind,
        access: None,
        order: Order::K4,
        content: 0,
        special: false,
        span: start,
        shows,
    };
    let mut ordered = false;
    loop {
        let word = match p.peek() {
            Tok::End | Tok::Eof => break,
            _ => p.name("with, order, content or the end of the item")?,
        };
        match word.name.as_str() {
            "with" => item.access = Some(access(p, format)?),
            "order" => {
                let at = p.span();
                let n = number(p, "an order")?;
                let Some(order) = Order::new(n) else {
                    return p.wrong(at, format!("order {n} is none; there are 0 (4 KB), 9 (2 MB) and 18 (1 GB)"));
                };
                item.order = order;
                ordered = true;
            }
            "content" => {
                let minus = p.eat("-");
                let n = number(p, "a number")? as i64;
                item.content = if minus { -n } else { n };
            }
            "special" if kind.is_ram() && kind.has_frame() && !kind.is_shared() && !shows => item.special = true,
            "special" => {
                return p.wrong(word.span, format!("`special` is said of a domain's own memory, not of `{kind}`"));
            }
            other => {
                return p.wrong(word.span, format!("found `{other}` where with, order, content or the end should be"));
            }
        }
    }
    item.span = start.to(p.last());
    if last < first {
        return p.wrong(start, format!("the range ends before it begins: {first}..{last}"));
    }
    if matches!(kind, P2mType::RamPaged | P2mType::RamShared) && item.order != Order::K4 {
        return p.wrong(ty.span, format!("pages are paged out and shared one by one: `{kind}` has order 0"));
    }
    if kind.has_frame() && item.order.frames() > MAX_FRAMES as u64 {
        let asked = format!("order 18 of `{kind}` takes {} frames", item.order.frames());
        let most = format!("a world has at most {MAX_FRAMES}; `populate_on_demand` takes none");
        return p.wrong(ty.span, format!("{asked}, and {most}"));
    }
    if ordered && first == last {
        item.last = Gfn(first.0.saturating_add(item.order.frames() - 1));
    }
    let (base, frames) = (item.order.frames(), item.frames());
    if !first.0.is_multiple_of(base) || frames % base != 0 || !item.last.fits() {
        return p.wrong(
            start,
            format!("an entry of order {} covers {base} frame numbers from a multiple of {base:#x}", item.order.bits()),
        );
    }
    if item.frame.is_some() && frames != base {
        return p.wrong(start, "a name stands for one frame: give it one frame number");
    }
    Ok(item)
}

fn gfn(p: &mut Parser<'_>) -> Parse<Gfn> {
    let at = p.span();
    let n = number(p, "a frame number")?;
    if p.peek() == Tok::Sym(":") {
        return p.wrong(at, "a domain maps its own frames: the number stands without the domain");
    }
    if !Gfn(n).fits() {
        return p.wrong(at, format!("frame number {n:#x} has more than {} bits", crate::addr::GFN_BITS));
    }
    Ok(Gfn(n))
}

fn number(p: &mut Parser<'_>, what: &str) -> Parse<u64> {
    let Tok::Number(n) = p.peek() else {
        let found = p.found();
        return p.wrong(p.span(), format!("{what} is missing: found {found}"));
    };
    p.next();
    Ok(n)
}

fn access(p: &mut Parser<'_>, format: Format) -> Parse<Access> {
    let word = p.name("an access right")?;
    match Access::from_name(&word.name).filter(|_| word.name.starts_with("access_")) {
        Some(a) if !format.has_access(a) => {
            p.wrong(word.span, format!("entries of {} have no access right `{}`", format.name(), word.name))
        }
        Some(a) => Ok(a),
        None => p.wrong(word.span, format!("no access right `{}`, as access_rw is one", word.name)),
    }
}
