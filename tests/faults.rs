//! Everything that happens to a daemon in production, a file per fault: how it is caused, and what
//! must still be true afterwards. The sizes are those of every day; `.ci/nightly` runs the large ones.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

/// How many rounds a test does: `daily` of them, or `nightly` if `AFFINITYD_NIGHTLY` is set.
pub fn rounds(daily: usize, nightly: usize) -> usize {
    if std::env::var_os("AFFINITYD_NIGHTLY").is_some() { nightly } else { daily }
}
