//! affinityd (in the making).

pub mod model;

pub mod calendar;
pub mod clock;
pub mod schedule;
pub mod secret;
pub mod settings;
pub mod text;
pub mod words;

pub mod cases;
pub mod classify;
pub mod http;
pub mod indicators;
pub mod interchange;
pub mod notify;

pub mod platforms;
pub mod store;

pub mod mail;
pub mod pipeline;

pub mod config;

pub mod daemon;

pub mod cli;
