//! Runs a piece of a test in a process of its own and measures how far its memory grows.

use std::fs;
use std::process::Command;

const ALONE: &str = "AFFINITYD_TEST_ALONE";

/// By how many bytes the resident memory of a process grows at most while it does `work`. `test` is
/// the full name of the calling test: it is run once more, alone, and does the work there; `None`:
/// this is that process, and the work is done.
///
/// # Panics
/// If that process does not live to its end: by a panic, a stack that ran over, or the memory.
pub fn growth(test: &str, work: impl FnOnce()) -> Option<u64> {
    if std::env::var(ALONE).is_ok_and(|name| name == test) {
        let before = forget_peak();
        work();
        println!("\ngrowth {}", peak().saturating_sub(before));
        return None;
    }
    let program = std::env::current_exe().expect("this program has a file");
    let out = Command::new(program)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ALONE, test)
        .output()
        .expect("it can be started once more");
    let said = String::from_utf8_lossy(&out.stdout);
    let grown = said.lines().find_map(|l| l.strip_prefix("growth ")?.parse().ok());
    let grown = grown.filter(|_| out.status.success());
    Some(grown.unwrap_or_else(|| {
        panic!("{test}, alone: {}\n{said}{}", out.status, String::from_utf8_lossy(&out.stderr))
    }))
}

fn status(key: &str) -> u64 {
    let all = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = all.lines().find_map(|l| l.strip_prefix(key)).expect("the kernel tells it");
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes * 1024
}

/// Begins to measure anew: the bytes that are resident now. Without the right to forget the peak,
/// [`peak`] is that of the whole process.
pub fn forget_peak() -> u64 {
    let _ = fs::write("/proc/self/clear_refs", "5");
    status("VmRSS:")
}

/// The most bytes that were resident since [`forget_peak`].
pub fn peak() -> u64 {
    status("VmHWM:")
}
