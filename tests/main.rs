//! One test binary; a module per promise.

mod cases;
mod classify;
mod config;
mod http;
mod indicators;
mod interchange;
mod mail;
mod notify;
mod pipeline;
mod platforms;
mod schedule;
mod store;
