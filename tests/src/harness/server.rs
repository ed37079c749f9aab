//! A static server over a folder, on a free port of the loopback, with or without the headers that isolate the page.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use tiny_http::{Header, Response};

/// Serves until it is dropped.
pub struct Server {
    http: Arc<tiny_http::Server>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the files of `folder`, `index.html` for a path that ends in `/`; `isolated` with the two headers that let memory be shared,
    /// otherwise as a plain static host does.
    ///
    /// # Panics
    /// When no port of the loopback is free.
    pub fn start(folder: &Path, isolated: bool) -> Self {
        let http = Arc::new(tiny_http::Server::http("127.0.0.1:0").expect("a free port"));
        let (folder, listener) = (folder.to_path_buf(), http.clone());
        let thread = std::thread::spawn(move || {
            for request in listener.incoming_requests() {
                let found = path_of(request.url()).and_then(|path| open(&folder.join(path)));
                // A browser that has gone away before its answer is none of the test's business.
                let _ = match found {
                    Ok((file, mime)) => {
                        let mut answer = Response::from_file(file).with_header(mime);
                        if isolated {
                            answer.add_header(header("Cross-Origin-Opener-Policy", "same-origin"));
                            answer.add_header(header("Cross-Origin-Embedder-Policy", "require-corp"));
                        }
                        request.respond(answer)
                    }
                    Err(_) => request.respond(Response::empty(404)),
                };
            }
        });
        Self { http, thread: Some(thread) }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.http.server_addr())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.http.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("plain ASCII")
}

/// The file that `url` names below the folder; an error if it would lead out of it.
fn path_of(url: &str) -> io::Result<PathBuf> {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let index = if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    let path = Path::new(&index);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| path.to_path_buf()).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

fn open(path: &Path) -> io::Result<(File, Header)> {
    let mime = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    Ok((File::open(path)?, header("Content-Type", mime)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_stays_inside_the_folder() {
        assert_eq!(path_of("/").unwrap(), Path::new("index.html"));
        assert_eq!(path_of("/a/b.js?v=1").unwrap(), Path::new("a/b.js"));
        assert_eq!(path_of("/a/?embed").unwrap(), Path::new("a/index.html"));
        assert!(path_of("/../secret").is_err());
    }
}
