//! Why a mail was not accepted, and what that means: try again, give up, or wait for a person.
//!
//! The judgement is a table over the step of the dialogue and the server's code. When to try again
//! is the courier's.

use std::fmt;

use lettre::transport::smtp;

use super::one_line;

/// What the courier does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// Try again, without limit.
    Retry,
    /// Never for this recipient: a dead letter.
    Refused,
    /// The server does not let us send at all (password, sender address). A person must act; the
    /// queue waits.
    Login,
    /// Our own mistake with this mail: a dead letter.
    Bug,
}

/// Whom a failure tells about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The mail server: every mail would fare the same.
    Server,
    /// The recipient.
    Recipient,
    /// This mail.
    Mail,
}

/// The step of the dialogue at which it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reaching the server, its greeting, its extensions.
    Connect,
    /// Turning the connection into TLS.
    StartTls,
    /// Proving who we are.
    Login,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA` and the mail itself.
    Content,
}

/// A mail that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct SendFailure {
    /// What to do next.
    pub class: FailureClass,
    /// Whom it is about.
    pub scope: Scope,
    /// The server's words, or the system's: one line, without secrets.
    pub said: String,
    /// The server's code, if it spoke.
    pub code: Option<u16>,
}

impl SendFailure {
    /// Longest account of a failure, in characters.
    const SAID_LIMIT: usize = 300;

    /// The server cannot be used now.
    pub fn server(said: impl fmt::Display) -> Self {
        Self::of(FailureClass::Retry, Scope::Server, said, None)
    }

    /// The server does not accept us.
    pub fn login(said: impl fmt::Display) -> Self {
        Self::of(FailureClass::Login, Scope::Server, said, None)
    }

    /// This mail cannot be sent as it is.
    pub fn bug(said: impl fmt::Display) -> Self {
        Self::of(FailureClass::Bug, Scope::Mail, said, None)
    }

    /// What a server's answer at a step means.
    pub fn answered(stage: Stage, code: u16, words: &str) -> Self {
        let (class, scope) = judge(stage, code);
        Self::of(class, scope, format_args!("{code} {words}"), Some(code))
    }

    fn of(class: FailureClass, scope: Scope, said: impl fmt::Display, code: Option<u16>) -> Self {
        Self { class, scope, said: one_line(&said.to_string(), Self::SAID_LIMIT), code }
    }

    /// What an error of the SMTP client means.
    pub(super) fn from_smtp(stage: Stage, error: &smtp::Error) -> Self {
        // lettre's own words come first in its Display; what the server said is the source.
        let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        match error.status() {
            Some(code) => Self::answered(stage, u16::from(code), &words),
            // An offer that does not fit our config will not change by itself.
            None if error.is_client() && stage == Stage::Login => {
                Self::login("the server offers no way to log in that we know")
            }
            None if error.is_client() && stage == Stage::StartTls => {
                Self::server("the server does not offer STARTTLS")
            }
            None if error.is_client() => Self::bug(words),
            None if words.is_empty() => Self::server(error),
            None => Self::server(words),
        }
    }

    /// The same without a secret that a server might have echoed.
    pub(super) fn without(mut self, secrets: &[String]) -> Self {
        for secret in secrets.iter().filter(|s| !s.is_empty()) {
            self.said = self.said.replace(secret.as_str(), "…");
        }
        self
    }
}

/// The table: step and code to class and scope.
fn judge(stage: Stage, code: u16) -> (FailureClass, Scope) {
    use FailureClass::{Login, Refused, Retry};
    match (stage, code) {
        // The server hangs up; it says nothing about the mail.
        (_, 421) => (Retry, Scope::Server),
        // RFC 4954: log in first, too weak, wrong, needs encryption.
        (_, 530 | 534 | 535 | 538) => (Login, Scope::Server),
        (Stage::Login, 500..) => (Login, Scope::Server),
        (Stage::Connect | Stage::StartTls | Stage::Login, _) => (Retry, Scope::Server),
        // Too large is about the mail; every other refusal here is about our address, and would
        // meet each mail of the queue.
        (Stage::Sender, 552) => (Refused, Scope::Mail),
        (Stage::Sender, 500..) => (Login, Scope::Server),
        (Stage::Recipient, 500..) => (Refused, Scope::Recipient),
        (Stage::Recipient, _) => (Retry, Scope::Recipient),
        (Stage::Content, 500..) => (Refused, Scope::Mail),
        (Stage::Sender | Stage::Content, _) => (Retry, Scope::Mail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_its_consequence() {
        use FailureClass::{Login, Refused, Retry};
        for (why, stage, code, class, scope) in [
            ("too busy at the greeting", Stage::Connect, 421, Retry, Scope::Server),
            ("no service here", Stage::Connect, 554, Retry, Scope::Server),
            ("TLS not available now", Stage::StartTls, 454, Retry, Scope::Server),
            ("wrong password", Stage::Login, 535, Login, Scope::Server),
            ("mechanism refused", Stage::Login, 504, Login, Scope::Server),
            ("login server is down", Stage::Login, 454, Retry, Scope::Server),
            ("log in first", Stage::Sender, 530, Login, Scope::Server),
            ("our address is refused", Stage::Sender, 553, Login, Scope::Server),
            ("no room now", Stage::Sender, 452, Retry, Scope::Mail),
            ("greylisted", Stage::Recipient, 450, Retry, Scope::Recipient),
            ("no such mailbox", Stage::Recipient, 550, Refused, Scope::Recipient),
            ("hangs up at the recipient", Stage::Recipient, 421, Retry, Scope::Server),
            ("too large", Stage::Content, 552, Refused, Scope::Mail),
            ("try again", Stage::Content, 451, Retry, Scope::Mail),
        ] {
            let failure = SendFailure::answered(stage, code, "words");
            assert_eq!((failure.class, failure.scope), (class, scope), "{why}");
        }
    }

    #[test]
    fn what_was_said_is_one_line_without_secrets() {
        let failure = SendFailure::answered(Stage::Login, 535, "5.7.8 bad\r\n5.7.8 hunter2 x")
            .without(&["hunter2".to_owned(), String::new()]);
        assert_eq!(failure.said, "535 5.7.8 bad 5.7.8 … x");
    }
}
