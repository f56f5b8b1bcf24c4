//! One test binary; a module per promise.

#[cfg(not(debug_assertions))]
compile_error!("the fault tests stop the program at points of debug builds: leave out `--release`");

#[path = "support/alone.rs"]
mod alone;
mod architecture;
#[path = "support/binary.rs"]
mod binary;
mod cases;
mod classify;
mod cli;
mod config;
mod corpus;
mod daemon;
mod demo;
#[path = "support/desk_kit.rs"]
mod desk_kit;
#[path = "support/fake_bluesky.rs"]
mod fake_bluesky;
#[path = "support/fake_mastodon.rs"]
mod fake_mastodon;
mod faults;
#[path = "support/flow.rs"]
mod flow;
mod http;
mod indicators;
mod interchange;
mod made;
mod mail;
#[path = "support/mutator.rs"]
mod mutator;
mod notify;
mod pipeline;
mod platforms;
#[path = "support/post_office.rs"]
mod post_office;
mod schedule;
#[path = "support/scripted.rs"]
mod scripted;
#[path = "support/smtp_server.rs"]
mod smtp_server;
#[path = "support/stage.rs"]
mod stage;
mod store;
#[path = "support/store_kit.rs"]
mod store_kit;
#[path = "support/week.rs"]
mod week;
