//! The one HTTP client: what is sent, where to, how long it may take, how much may come back.
//!
//! It decides nothing about what a reply means and never repeats a request: connectors read
//! replies, and the poller asks again when [`pace`] allows it.

mod client;
mod config;
mod error;
mod exchange;
pub mod guard;
pub mod lanes;
pub mod pace;
mod redirect;
pub mod wait;

pub use client::{Access, Client, NewClientError, install_provider};
pub use config::{Config, Proxy};
pub use error::SendError;
pub use exchange::{Auth, Body, Reply, Request};
