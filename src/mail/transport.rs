//! The ways a mail can leave.

use lettre::Address;

use super::{Built, Config, Directory, Memory, Patience, SendFailure, Smtp, Way};

/// Takes mails, one recipient at a time, and never retries.
#[derive(Debug)]
pub enum Transport {
    /// To a mail server.
    Smtp(Box<Smtp>),
    /// Into files.
    Directory(Directory),
    /// Into memory.
    Memory(Memory),
}

impl Transport {
    /// The way the config asks for. Nothing is opened yet.
    pub fn new(config: &Config) -> Self {
        match &config.way {
            Way::Smtp(smtp) => Self::Smtp(Box::new(Smtp::new(smtp.clone(), Patience::default()))),
            Way::Directory(path) => Self::Directory(Directory::new(path)),
        }
    }

    /// Hands over one mail for one recipient. Once it returns, the other side has it.
    ///
    /// # Errors
    /// Why it was not taken, and what to do next.
    pub async fn send(&self, mail: &Built, to: &Address) -> Result<(), SendFailure> {
        match self {
            Self::Smtp(smtp) => smtp.send(mail, to).await,
            Self::Directory(directory) => directory.send(mail, to).await,
            Self::Memory(memory) => memory.send(mail, to),
        }
    }

    /// Whether mails could be sent now, without sending one.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe(&self) -> Result<(), SendFailure> {
        match self {
            Self::Smtp(smtp) => smtp.probe().await,
            Self::Directory(directory) => directory.probe().await,
            Self::Memory(_) => Ok(()),
        }
    }

    /// Lets go of an open connection.
    pub async fn close(&self) {
        if let Self::Smtp(smtp) = self {
            smtp.close().await;
        }
    }
}
