//! The one HTTP client.

mod exchange;

pub use exchange::{Auth, Body, Reply, Request};
