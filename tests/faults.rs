//! Everything that happens to a daemon in production, a file per fault: how it is caused, and what
//! must still be true afterwards. The sizes are those of every day; `.ci/nightly` runs the large ones.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/desk_kit.rs"]
mod desk_kit;
#[path = "faults/f01_kills.rs"]
mod f01_kills;
#[cfg(debug_assertions)]
#[path = "faults/f02_points.rs"]
mod f02_points;
#[cfg(debug_assertions)]
#[path = "faults/f03_power.rs"]
mod f03_power;
#[cfg(debug_assertions)]
#[path = "faults/f04_errors.rs"]
mod f04_errors;
#[path = "faults/f05_disk_full.rs"]
mod f05_disk_full;
#[path = "faults/f06_outage.rs"]
mod f06_outage;
#[path = "faults/f07_refusals.rs"]
mod f07_refusals;
#[path = "faults/f08_lost_answer.rs"]
mod f08_lost_answer;
mod f10_malformed;
mod f11_oversize;
mod f12_slow;
mod f13_redirects;
mod f14_text;
mod f15_headers;
mod f16_active_content;
#[path = "faults/f17_storm.rs"]
mod f17_storm;
mod f19_auth;
mod f20_rate_limits;
mod f21_pages;
#[cfg(debug_assertions)]
#[path = "faults/f22_upgrades.rs"]
mod f22_upgrades;
#[cfg(debug_assertions)]
#[path = "faults/f23_damage.rs"]
mod f23_damage;
mod f31_fuzz;
#[path = "support/flow.rs"]
mod flow;
#[path = "support/smtp_server.rs"]
mod smtp_server;
#[path = "support/store_kit.rs"]
mod store_kit;

/// How many rounds a test does: `daily` of them, or `nightly` if `AFFINITYD_NIGHTLY` is set.
pub fn rounds(daily: usize, nightly: usize) -> usize {
    if std::env::var_os("AFFINITYD_NIGHTLY").is_some() { nightly } else { daily }
}
