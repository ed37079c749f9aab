//! Whether things may move.

/// Whether the user has not asked for stillness.
pub fn moves() -> bool {
    let still = gloo::utils::window().match_media("(prefers-reduced-motion: reduce)").ok().flatten();
    !still.is_some_and(|query| query.matches())
}
