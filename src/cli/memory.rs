//! How the C library keeps memory. It asks the environment once, before the program begins.
//!
//! Buffers of half a megabyte come and go with every page that is written. glibc takes the first of
//! them that is given back for a sign to keep all later ones in its heaps, where they lie between
//! small things and leave holes; and each thread may have a heap of its own. Measured: 76 MB where
//! 59 do.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// What the unit sets as well: few heaps, and large buffers outside of them.
const SETTINGS: [(&str, &str); 2] =
    [("MALLOC_ARENA_MAX", "2"), ("MALLOC_MMAP_THRESHOLD_", "131072")];

/// Begins this program anew with these settings, in the same process, unless somebody has settled
/// any of them. Where that cannot be done it goes on as it is, with more memory.
pub fn settle() {
    if SETTINGS.iter().any(|(name, _)| std::env::var_os(name).is_some()) {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    // It returns only if it failed.
    let _ = command.args(arguments).envs(SETTINGS).exec();
}
