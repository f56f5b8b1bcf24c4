//! affinityd watches what customers say to a brand in public, and makes sure somebody answers.
//!
//! The walk of one post: [`daemon`] polls a [`platforms`] connector through [`http`];
//! [`pipeline`] drops what is known, asks [`classify`] and [`cases`], and commits to the [`store`];
//! a sweep asks [`notify`] whether a mail is due; [`mail`] delivers what is in the outbox. The map of
//! all folders is in the README; each imports only from rows below its own.

pub mod model;

pub mod calendar;
pub mod clock;
pub mod fault;
pub mod memory;
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
pub mod train;

pub mod mail;
pub mod pipeline;

pub mod config;

pub mod daemon;

pub mod demo;

pub mod cli;
