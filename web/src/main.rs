//! The page's entry, run once, on the main thread.

fn main() {
    p2mscope_web::start();
}
