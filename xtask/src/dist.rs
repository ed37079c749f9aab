//! `cargo xtask dist`: the page as a folder that any static server can serve, under any address.
//!
//! Trunk builds the page, with relative addresses. What it built is then made fit to be published: the script that starts
//! the page moves from the index into a file, so that the index can forbid scripts in its text; a service worker is laid
//! beside it, with the list of files that it keeps; and the folder says what it is. The release is named by a hash of all
//! that is in it. What is added lies in `static/offline`: the script before the page's own, the worker, and the policy
//! (scripts from the page's own folder alone, workers made by them, nothing from elsewhere; styles may stand in the text,
//! since drawings set them).

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::env::Env;
use crate::{root, setup};

/// Where trunk leaves the page; `Trunk.toml` says so too.
const BUILT: &str = "target/served-page";

/// By its first word the folder is known again.
const ABOUT: &str = "about.txt";
const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// Builds the page and publishes it into `folder`, from the root of the checkout.
pub fn run(folder: &Path) -> Result<ExitCode> {
    let to = root().join(folder);
    // Before the build, which takes minutes.
    is_ours_or_new(&to)?;
    let env = setup::page()?;
    make(&env, &to)?;
    print!("{}", fs::read_to_string(to.join(ABOUT))?);
    println!("\nIt lies in {}.", to.display());
    Ok(ExitCode::SUCCESS)
}

/// The same with an environment that was set up already; silent.
pub fn make(env: &Env, to: &Path) -> Result<()> {
    let mut trunk = env.command("trunk");
    // Whatever else the user's environment says of trunk, this is what is published.
    trunk.args(["build", "--release"]).env("TRUNK_BUILD_DIST", BUILT).env_remove("TRUNK_BUILD_PUBLIC_URL");
    let status = trunk.current_dir(root()).status().context("cannot start trunk")?;
    if !status.success() {
        bail!("trunk has failed: {status}");
    }
    publish(&root().join(BUILT), to)
}

type Files = BTreeMap<String, Vec<u8>>;

/// Makes what trunk left in `built` fit to be published, as the folder `to`.
fn publish(built: &Path, to: &Path) -> Result<()> {
    is_ours_or_new(to)?;
    let mut files = Files::new();
    read(built, "", &mut files)?;
    let index = files.remove("index.html").with_context(|| format!("no index.html in {}", built.display()))?;
    let index = String::from_utf8(index).context("index.html is no text")?;
    for (path, bytes) in &mut files {
        if path.ends_with(".wasm") {
            *bytes = without_names(bytes).with_context(|| format!("{path} is no module"))?;
        }
    }
    let part = |name: &str| {
        let path = root().join("static/offline").join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (index, start) = without_inline_script(&index, &part("start.js")?, &part("policy.txt")?)?;
    let name = format!("page-{:016x}.js", hash(&start));
    let index = index.replace("{{start}}", &name);
    files.insert(name, start.into_bytes());

    let kept: Vec<String> = files.keys().map(|path| format!("{:?}", format!("./{path}"))).collect();
    files.insert("index.html".to_owned(), index.into_bytes());
    let release = format!("{:016x}", hash(&files));
    let worker = part("worker.js")?.replace("{{release}}", &release);
    files.insert("worker.js".to_owned(), worker.replace("{{files}}", &format!("[{}]", kept.join(", "))).into_bytes());

    let about = about(&files, &release);
    files.insert(ABOUT.to_owned(), about.into_bytes());
    for licence in LICENCES {
        files.insert(licence.to_owned(), fs::read(root().join(licence)).context(licence)?);
    }
    write(&files, to)
}

/// All files below `folder`, by their paths with `/`.
fn read(folder: &Path, prefix: &str, files: &mut Files) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("no page in {}", folder.display()))? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // Trunk's own, such as `.stage`.
        if name.starts_with('.') {
            continue;
        }
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// The index whose one inline script has become the file `{{start}}`, with the policy that forbids any other; and that
/// file's text, which begins with `before`.
fn without_inline_script(index: &str, before: &str, policy: &str) -> Result<(String, String)> {
    const OPEN: &str = "<script type=\"module\">";
    const CLOSE: &str = "</script>";
    const META: &str = "<meta charset=\"utf-8\" />";
    let lost = || format!("index.html has no {OPEN}..{CLOSE}: does trunk write another one now?");
    let (head, rest) = index.split_once(OPEN).with_context(lost)?;
    let (script, tail) = rest.split_once(CLOSE).with_context(lost)?;
    let start = format!("{before}{}\n", script.trim_end());
    let page = format!("{head}<script type=\"module\" src=\"./{{{{start}}}}\">{CLOSE}{tail}");
    if let Some(other) =
        page.split("<script").skip(1).find(|tag| !tag.split('>').next().is_some_and(|it| it.contains("src=")))
    {
        let shown: String = other.chars().take(60).collect();
        bail!("a script stands in index.html itself, where the page's policy forbids it: <script{shown}..");
    }
    if !page.contains(META) {
        bail!("index.html has no {META}, behind which the policy goes");
    }
    let policy = policy.split_whitespace().collect::<Vec<_>>().join(" ");
    let policy = format!("{META}\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\" />");
    Ok((page.replacen(META, &policy, 1), start))
}

/// A module without its custom sections: names of functions, and by what it was made. Nothing runs by them.
fn without_names(module: &[u8]) -> Option<Vec<u8>> {
    const HEAD: usize = 8;
    let mut out = module.get(..HEAD).filter(|head| head.starts_with(b"\0asm"))?.to_vec();
    let mut at = HEAD;
    while let Some(&kind) = module.get(at) {
        // The section's length, seven bits to a byte, the lowest first.
        let (mut length, mut shift, mut next) = (0, 0, at + 1);
        loop {
            let byte = *module.get(next)?;
            length |= usize::from(byte & 0x7f).checked_shl(shift)?;
            (shift, next) = (shift + 7, next + 1);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let section = module.get(at..next.checked_add(length)?)?;
        if kind != 0 {
            out.extend_from_slice(section);
        }
        at = next + length;
    }
    Some(out)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What the folder says of itself.
fn about(files: &Files, release: &str) -> String {
    let bytes: usize = files.values().map(Vec::len).sum();
    let packed: Option<usize> = files.values().map(|file| gzip(file)).sum();
    let packed = packed.map_or(String::new(), |packed| format!(", {packed} bytes packed with gzip -9"));
    format!(
        "p2mscope {}, release {release}\n\n\
         The page, for any static server: copy this folder to it, under any address. HTTPS or localhost is needed for threads\n\
         and for the copy that works without the network.\n\
         Size: {} files, {bytes} bytes{packed}.\n\
         Licence: MIT or Apache 2.0, as you like; their texts lie beside.\n",
        env!("CARGO_PKG_VERSION"),
        files.len(),
    )
}

/// How many bytes `gzip -9` makes of it; none where there is no gzip.
fn gzip(file: &[u8]) -> Option<usize> {
    let mut gzip = Command::new("gzip");
    let mut child = gzip.args(["-9", "-c"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut input = child.stdin.take()?;
    let file = file.to_vec();
    let feed = std::thread::spawn(move || input.write_all(&file));
    let output = child.wait_with_output().ok()?;
    feed.join().ok()?.ok()?;
    output.status.success().then_some(output.stdout.len())
}

/// Fails if there is something else in the folder: it would be lost.
fn is_ours_or_new(folder: &Path) -> Result<()> {
    let Ok(inside) = fs::read_dir(folder) else { return Ok(()) };
    let names: Vec<_> = inside.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let says_so = fs::read_to_string(folder.join(ABOUT)).is_ok_and(|text| text.starts_with("p2mscope "));
    // Trunk alone, told to build into this folder, leaves the module and no word.
    let ours = says_so || names.iter().any(|name| name.starts_with("p2mscope-web-"));
    if !ours && !names.is_empty() {
        bail!(
            "{} is not empty, and what lies there was not made by this command: choose another folder",
            folder.display()
        );
    }
    Ok(())
}

/// Puts the files into a new folder beside, which then takes the place of `to`.
fn write(files: &Files, to: &Path) -> Result<()> {
    let name = to.file_name().context("the folder needs a name")?.to_string_lossy();
    let beside: PathBuf = to.with_file_name(format!(".{name}-{}", std::process::id()));
    for (path, bytes) in files {
        let path = beside.join(path);
        fs::create_dir_all(path.parent().expect("it lies in the folder"))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    fs::rename(&beside, to).with_context(|| format!("cannot write {}", to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "<head>\n    <meta charset=\"utf-8\" />\n<script src=\"./start-1.js\"></script>\n\
                         <script type=\"module\">\nimport init from './p.js';\nawait init();\n</script></head>";

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("p2mscope-dist-{name}-{}", std::process::id()));
            fs::create_dir_all(folder.join("built/snippets")).unwrap();
            Self(folder)
        }

        fn built(&self, index: &str) -> PathBuf {
            let built = self.0.join("built");
            fs::write(built.join("index.html"), index).unwrap();
            fs::write(built.join("p.js"), "export default () => {}").unwrap();
            fs::write(built.join("snippets/helper.js"), "").unwrap();
            built
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_published_folder_has_no_inline_script_and_names_its_files() {
        let folder = Folder::new("whole");
        let (built, to) = (folder.built(INDEX), folder.0.join("out"));
        publish(&built, &to).unwrap();
        let text = |name: &str| fs::read_to_string(to.join(name)).unwrap();
        let index = text("index.html");
        let name = index.split("src=\"./page-").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let name = format!("page-{name}");
        assert!(text(&name).ends_with("import init from './p.js';\nawait init();\n"), "{}", text(&name));
        assert!(index.contains("Content-Security-Policy") && !index.contains("import init"), "{index}");
        let worker = text("worker.js");
        let files = worker.lines().find(|line| line.starts_with("const FILES")).unwrap();
        assert_eq!(files, format!("const FILES = [\"./p.js\", \"./{name}\", \"./snippets/helper.js\"];"));
        assert!(text(ABOUT).contains("Licence: MIT or Apache 2.0") && to.join("LICENSE-APACHE").is_file());

        // Again, with another file: another release. It takes the place of the first.
        let release = |text: String| text.lines().next().unwrap().to_owned();
        let first = release(text(ABOUT));
        fs::write(built.join("p.js"), "export default () => 1").unwrap();
        publish(&built, &to).unwrap();
        assert_ne!(release(text(ABOUT)), first);
    }

    #[test]
    fn a_module_loses_its_names_alone() {
        let head = b"\0asm\x01\0\0\0";
        let whole = [&head[..], &[1, 2, 7, 7], &[0, 0x81, 0x00, 9], &[10, 1, 5]].concat();
        assert_eq!(without_names(&whole).unwrap(), [&head[..], &[1, 2, 7, 7], &[10, 1, 5]].concat());
        assert_eq!(without_names(&whole[..whole.len() - 1]), None);
        assert_eq!(without_names(b"<html>"), None);
    }

    #[test]
    fn what_would_not_work_or_would_be_lost_is_refused() {
        let folder = Folder::new("refused");
        let to = folder.0.join("out");
        let says = |index: &str| format!("{:#}", publish(&folder.built(index), &to).unwrap_err());
        assert!(says("<head></head>").contains("does trunk write another one now?"));
        assert!(says(&format!("{INDEX}<script>let a;</script>")).contains("<script>let a;"));
        fs::create_dir_all(&to).unwrap();
        fs::write(to.join("thesis.txt"), "of years").unwrap();
        assert!(says(INDEX).contains("is not empty"));
        assert_eq!(fs::read_to_string(to.join("thesis.txt")).unwrap(), "of years");
    }
}
