//! The whole file, table by table.

use super::reader::{Reader, Table};
use super::world::{self, Taken};
use super::{ActorSpec, Form, Lesson, Version, expect, map, teaching};
use crate::addr::DomId;
use crate::machine::{Kind, LESSON_ACTORS};
use crate::script::ast::Block;
use crate::script::parse::{self, MAX_PROBLEMS};
use crate::script::{Error, File, Names, Problem, Text};
use toml::de::DeTable;

const KEYS: [&str; 16] = [
    "id",
    "title",
    "source",
    "goal",
    "story",
    "hints",
    "world",
    "domain",
    "view",
    "frame",
    "grant",
    "actor",
    "expect",
    "repair",
    "live",
    "procedures",
];

/// The lesson, or all that is wrong with it.
pub fn lesson(text: &str) -> Result<Lesson, Vec<Error>> {
    let file = File::new(text);
    let (table, wrong) = DeTable::parse_recoverable(text);
    if !wrong.is_empty() {
        // What a broken file means cannot be told: only its own errors are.
        let at = |e: &toml::de::Error| e.span().unwrap_or(0..0).into();
        return Err(cut(file.errors(wrong.iter().map(|e| Problem::new(at(e), e.message())).collect())));
    }
    let mut r = Reader { file: &file, problems: Vec::new() };
    let keys: Vec<_> = KEYS.into_iter().chain(teaching::KEYS).collect();
    let top = r.table("lesson", (0..0).into(), table.get_ref(), &keys);
    let (lesson, stands) = read(&mut r, top);
    let mut problems = r.problems;
    // Programs are checked only if their own text and the world's names stand: else much would follow from little.
    if stands {
        for version in lesson.versions().to_vec() {
            problems.extend(lesson.compiled(&version, Form::Once).err().unwrap_or_default());
        }
        // What a loop shares with a program has been told.
        if problems.is_empty() {
            let wrong = lesson.live.iter().filter_map(|version| lesson.compiled(version, Form::Loop).err());
            problems.extend(wrong.flatten());
        }
    }
    if problems.is_empty() { Ok(lesson) } else { Err(cut(file.errors(problems))) }
}

/// As many errors as anybody reads.
fn cut(mut errors: Vec<Error>) -> Vec<Error> {
    if errors.len() > MAX_PROBLEMS {
        errors.truncate(MAX_PROBLEMS);
        if let Some(last) = errors.last().cloned() {
            let message = format!("more than {MAX_PROBLEMS} errors: the rest is not shown");
            errors.push(Error { message, ..last });
        }
    }
    errors
}

/// The lesson, and whether world, actors and texts are as they should be.
fn read(r: &mut Reader<'_>, top: Table<'_>) -> (Lesson, bool) {
    let line = |r: &mut Reader<'_>, key: &str, needed: bool| {
        let text = if needed { r.needed(top, key) } else { r.text(top, key) };
        text.map(|(t, _)| t.as_str().to_string()).unwrap_or_default()
    };
    let (id, title) = (line(r, "id", true), line(r, "title", true));
    let (goal, story) = (line(r, "goal", true), line(r, "story", false));
    let source = line(r, "source", false);
    let hints: Vec<_> = r.texts(top, "hints").into_iter().map(|(t, _)| t.as_str().to_string()).collect();
    if top.has("hints") && hints.len() < 2 {
        r.wrong(top.at("hints"), "there are two hints or more, from gentle to plain");
    }
    let teaching = teaching::teaching(r, top);
    let before = r.problems.len();
    let (mut names, mut taken) = (Names::default(), Taken::default());
    let world = world::world(r, top, &mut names, &mut taken);
    let domains = world::domains(r, top, &mut names, &mut taken);
    let views = world::views(r, top, &mut names, &mut taken);
    let frames = world::frames(r, top, &mut names, &mut taken);
    let items = domains.iter().flat_map(|d| &d.map).chain(views.iter().flat_map(|v| &v.map));
    map::borrowed(r, items, &names);
    for (name, span) in &world.mmio_ro {
        map::is_frame(r, name, *span, &names);
    }
    let grants = world::grants(r, top, &mut names, &mut taken);
    world::frames_bound(r, top, &world, (&domains, &views), &frames);
    let actors = actors(r, top, &mut names, &mut taken);
    let texts = r.versions(top, "procedures");
    let procedures = trees(r, texts, parse::procedures);
    let versions = versions(&actors, &procedures);
    let stands = r.problems.len() == before;
    let live = live(r, top, &versions, &actors);
    let lesson = Lesson {
        id,
        title,
        source,
        goal,
        story,
        hints,
        teaching,
        world,
        domains,
        views,
        frames,
        grants,
        actors,
        expects: Vec::new(),
        repair: None,
        live,
        names,
        procedures,
        versions,
        file: r.file.clone(),
        moved: Vec::new(),
    };
    let labels = |actor: usize, label: &str| lesson.known(actor).labels.iter().any(|l| l == label);
    let expects = expect::expects(r, top, &lesson.names, &lesson.world, &lesson.versions, &labels);
    let repair = expect::repair(r, top, &lesson.names);
    (Lesson { expects, repair, ..lesson }, stands)
}

fn actors(r: &mut Reader<'_>, top: Table<'_>, names: &mut Names, taken: &mut Taken) -> Vec<ActorSpec> {
    let mut out = Vec::new();
    for t in r.list(top, "actor", "[[actor]]", &["name", "kind", "domain", "program", "live"]) {
        for key in ["name", "kind", "program"].into_iter().filter(|k| !t.has(k)) {
            r.wrong(t.span, format!("[[actor]] needs `{key}`"));
        }
        if out.len() == LESSON_ACTORS {
            world::too_many_actors(r, t.span);
            break;
        }
        let kind = world::one_of(r, t, "kind", &Kind::ALL.map(|(k, n)| (n, k))).unwrap_or(Kind::Toolstack);
        let domain = match r.file.slice(t.at("domain")) {
            "0" => DomId(0),
            _ => world::domain(r, t, "domain", names).unwrap_or(DomId(0)),
        };
        let texts = r.versions(t, "program");
        let programs = trees(r, texts, parse::program);
        let loops = loops(r, t);
        let Some((name, span)) = r.name(t, "name") else { continue };
        if taken.take(r, &name, "an actor", span) {
            names.actors.push((name.clone(), kind));
            out.push(ActorSpec { name, kind, domain, programs, loops });
        }
    }
    if out.is_empty() && !top.has("actor") {
        r.wrong(top.span, "lesson needs `[[actor]]`: somebody who does something");
    }
    out
}

/// What an actor runs live: one text for all versions, or one for each that is named.
fn loops(r: &mut Reader<'_>, t: Table<'_>) -> Vec<Version<Block>> {
    let for_all = r.is_text(t, "live");
    let texts = r.versions(t, "live");
    let of = |(version, (text, _)): (String, (Text, _))| {
        let tree = parse::program(&text, &mut r.problems);
        Version { name: if for_all { String::new() } else { version }, text, tree }
    };
    texts.into_iter().map(of).collect()
}

/// The versions that can be run live. A loop of a version that cannot would never be seen.
fn live(r: &mut Reader<'_>, top: Table<'_>, versions: &[String], actors: &[ActorSpec]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (text, span) in r.texts(top, "live") {
        let version = text.as_str().to_string();
        if !versions.contains(&version) {
            r.wrong(span, format!("`live`: no version `{version}`; there are {}", versions.join(", ")));
        } else if !all.contains(&version) {
            all.push(version);
        }
    }
    for (actor, version) in actors.iter().flat_map(|a| a.loops.iter().map(move |v| (&a.name, &v.name))) {
        let message = match version.as_str() {
            "" if all.is_empty() => format!("{actor} has a loop, and the lesson's `live` names no version"),
            "" => continue,
            v if all.iter().any(|it| it == v) => continue,
            v => format!("{actor} has a loop for `live.{v}`, and the lesson's `live` does not name `{v}`"),
        };
        r.wrong(top.at("live"), message);
    }
    all
}

/// Texts with their trees; one without `before` has nothing to fall back to, which is said.
fn trees<T>(
    r: &mut Reader<'_>,
    texts: Vec<(String, (Text, crate::script::Span))>,
    parse: fn(&Text, &mut Vec<Problem>) -> T,
) -> Vec<Version<T>> {
    if let Some((_, (_, span))) = texts.first()
        && !texts.iter().any(|(v, _)| v == "before")
    {
        r.wrong(*span, "there is no text for the version `before`, which all others fall back to");
    }
    let tree = |(name, (text, _)): (String, (Text, _))| {
        let tree = parse(&text, &mut r.problems);
        Version { name, text, tree }
    };
    texts.into_iter().map(tree).collect()
}

fn versions(actors: &[ActorSpec], procedures: &[Version<Vec<crate::script::ast::Proc>>]) -> Vec<String> {
    let mut all = vec!["before".to_string()];
    let of_actors = actors.iter().flat_map(|a| a.programs.iter().map(|v| &v.name));
    for name in of_actors.chain(procedures.iter().map(|v| &v.name)) {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
    all
}
