//! Everything that happens to a daemon in production, a file per fault: how it is caused, and what
//! must still be true afterwards. The sizes are those of every day; `.ci/nightly` runs the large ones.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod f01_kills;
mod f02_points;
mod f03_power;
mod f04_errors;
mod f05_disk_full;
mod f06_outage;
mod f07_refusals;
mod f08_lost_answer;
mod f09_clock;
mod f10_heavy;
mod f10_malformed;
mod f11_oversize;
mod f12_slow;
mod f13_redirects;
mod f14_text;
mod f15_headers;
mod f16_active_content;
mod f17_storm;
mod f18_flapping;
mod f19_auth;
mod f20_rate_limits;
mod f21_pages;
mod f22_upgrades;
mod f23_damage;
mod f24_signals;
mod f25_two;
mod f26_resources;
mod f27_environment;
mod f31_fuzz;

/// How many rounds a test does: `daily` of them, or `nightly` if `AFFINITYD_NIGHTLY` is set.
pub fn rounds(daily: usize, nightly: usize) -> usize {
    if std::env::var_os("AFFINITYD_NIGHTLY").is_some() { nightly } else { daily }
}
