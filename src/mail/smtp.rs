//! The SMTP way: one dialogue a recipient over one kept connection.
//!
//! Ordinary SMTP submission with TLS unless the config says otherwise. It never retries; what a
//! failure means is in `failure.rs`, when to come back in `pace.rs`.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters,
};
use lettre::transport::smtp::commands::{Auth, Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::{Instant, timeout};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::stream::Secured;
use super::{Built, Security, SendFailure, SmtpConfig, Stage, Wire};
use crate::fault;

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the connection, and for each answer but the last.
    pub answer: Duration,
    /// For a whole mail. The answer to its end may take what is left of it: a mail that is given up
    /// there has most likely arrived, and would arrive twice.
    pub mail: Duration,
    /// For how long an unused connection is kept.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(30),
            mail: Duration::from_secs(120),
            idle: Duration::from_secs(20),
        }
    }
}

/// A connected stream, or why there is none.
type Dialled = Pin<Box<dyn Future<Output = io::Result<Box<dyn AsyncTokioStream>>> + Send>>;

/// How the server is reached.
pub type Dial = Box<dyn Fn() -> Dialled + Send + Sync>;

/// A mail server that mails are handed to.
pub struct Smtp {
    config: SmtpConfig,
    patience: Patience,
    dial: Dial,
    tls: OnceCell<TlsParameters>,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    connection: AsyncSmtpConnection,
    used_at: Instant,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Smtp {
    /// A server reached by TCP. Nothing is sent or looked up yet.
    pub fn new(config: SmtpConfig, patience: Patience) -> Self {
        let (host, port) = (config.host.clone(), config.port);
        let dial: Dial = Box::new(move || {
            let host = host.clone();
            Box::pin(async move {
                Ok(Box::new(Wire::connect(&host, port).await?) as Box<dyn AsyncTokioStream>)
            })
        });
        Self::over(config, patience, dial)
    }

    /// A server reached in another way than TCP.
    pub fn over(config: SmtpConfig, patience: Patience, dial: Dial) -> Self {
        Self { config, patience, dial, tls: OnceCell::new(), kept: Mutex::new(None) }
    }

    /// Sends one mail to one recipient. Once it returns, the server has taken the mail.
    ///
    /// # Errors
    /// Why it was not taken. After a time-out it may have been taken all the same.
    pub async fn send(&self, mail: &Built, to: &Address) -> Result<(), SendFailure> {
        let all = timeout(self.patience.mail, self.deliver(mail, to));
        // lettre writes each command to the log at debug level, the password and the mail too.
        let ended = all.with_subscriber(NoSubscriber::default()).await;
        ended.unwrap_or_else(|_| Err(self.too_slow(self.patience.mail)))
    }

    /// Connects, secures and logs in, and says goodbye.
    ///
    /// # Errors
    /// Why mails could not be sent now.
    pub async fn probe(&self) -> Result<(), SendFailure> {
        let all = async {
            let connection = self.connect().await?;
            self.quit(connection).await;
            Ok(())
        };
        let ended = timeout(self.patience.mail, all).with_subscriber(NoSubscriber::default()).await;
        ended.unwrap_or_else(|_| Err(self.too_slow(self.patience.mail)))
    }

    /// Says goodbye to the server, if a connection is open.
    pub async fn close(&self) {
        if let Some(kept) = self.kept.lock().await.take() {
            self.quit(kept.connection).with_subscriber(NoSubscriber::default()).await;
        }
    }

    async fn deliver(&self, mail: &Built, to: &Address) -> Result<(), SendFailure> {
        let mut kept = self.kept.lock().await;
        let mut connection = match kept.take() {
            Some(kept) => self.renew(kept).await?,
            None => self.connect().await?,
        };
        // Until the dialogue has ended well the connection is ours alone: when this future is
        // dropped half way, the connection is dropped with it and the server forgets the mail.
        let result = self.dialogue(&mut connection, mail, to).await;
        let is_usable = match &result {
            Ok(()) => true,
            Err(SendFailure { code: Some(421) | None, .. }) => false,
            Err(_) => self.step(Stage::Connect, connection.command(Rset)).await.is_ok(),
        };
        if is_usable {
            *kept = Some(Kept { connection, used_at: Instant::now() });
        }
        result
    }

    async fn dialogue(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &Built,
        to: &Address,
    ) -> Result<(), SendFailure> {
        let sender = Mail::new(Some(mail.from.clone()), vec![]);
        self.step(Stage::Sender, connection.command(sender)).await?;
        let recipient = Rcpt::new(to.clone(), vec![]);
        self.step(Stage::Recipient, connection.command(recipient)).await?;
        fault::pass("smtp.data");
        self.step(Stage::Content, connection.command(Data)).await?;
        fault::pass("smtp.content");
        match connection.message(&mail.bytes).await {
            Ok(_) => {
                fault::pass("smtp.taken");
                Ok(())
            }
            Err(error) => Err(SendFailure::from_smtp(Stage::Content, &error)),
        }
    }

    /// The kept connection if it still lives, else a new one.
    async fn renew(&self, mut kept: Kept) -> Result<AsyncSmtpConnection, SendFailure> {
        let is_fresh = kept.used_at.elapsed() < self.patience.idle;
        let answer = self.patience.answer;
        if is_fresh && timeout(answer, kept.connection.test_connected()).await == Ok(true) {
            return Ok(kept.connection);
        }
        drop(kept);
        self.connect().await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendFailure> {
        let stream = match timeout(self.patience.answer, (self.dial)()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                let SmtpConfig { host, port, .. } = &self.config;
                return Err(SendFailure::server(format_args!("{host}:{port}: {error}")));
            }
            Err(_) => return Err(self.too_slow(self.patience.answer)),
        };
        let hello = self.hello();
        let greet = |stream| AsyncSmtpConnection::connect_with_transport(stream, &hello);
        let mut connection = match self.config.security {
            Security::None => self.step(Stage::Connect, greet(stream)).await?,
            Security::Tls => {
                let secured = Secured::over(stream, self.tls().await?.clone());
                let secured = self.step(Stage::Connect, secured).await?;
                self.step(Stage::Connect, greet(Box::new(secured))).await?
            }
            Security::StartTls => {
                let mut plain = self.step(Stage::Connect, greet(stream)).await?;
                let tls = self.tls().await?.clone();
                self.step(Stage::StartTls, plain.starttls(tls, &hello)).await?;
                plain
            }
        };
        if let Some(login) = self.credentials() {
            let login_step = connection.auth(DEFAULT_MECHANISMS, &login);
            let result = self.step(Stage::Login, login_step).await;
            result.map_err(|failure| failure.without(&self.echoes(&login)))?;
        }
        Ok(connection)
    }

    async fn quit(&self, mut connection: AsyncSmtpConnection) {
        // Good manners only: nothing depends on the answer.
        let _ = timeout(self.patience.answer.min(Duration::from_secs(1)), connection.quit()).await;
    }

    async fn step<T>(
        &self,
        stage: Stage,
        work: impl Future<Output = Result<T, smtp::Error>>,
    ) -> Result<T, SendFailure> {
        match timeout(self.patience.answer, work).await {
            Ok(result) => result.map_err(|error| SendFailure::from_smtp(stage, &error)),
            Err(_) => Err(self.too_slow(self.patience.answer)),
        }
    }

    fn too_slow(&self, limit: Duration) -> SendFailure {
        let SmtpConfig { host, port, .. } = &self.config;
        let seconds = limit.as_secs_f32();
        SendFailure::server(format_args!("{host}:{port}: no answer within {seconds} s"))
    }

    fn hello(&self) -> ClientId {
        match &self.config.hello_name {
            Some(name) => ClientId::Domain(name.clone()),
            None => ClientId::default(),
        }
    }

    fn credentials(&self) -> Option<Credentials> {
        let (user, password) = self.config.login.as_ref()?;
        Some(Credentials::new(user.clone(), password.expose_secret().to_owned()))
    }

    /// The forms in which a server could send the password back.
    fn echoes(&self, login: &Credentials) -> Vec<String> {
        let password = self.config.login.iter().map(|(_, p)| p.expose_secret().to_owned());
        let encoded = Auth::new(Mechanism::Plain, login.clone(), None)
            .map(|auth| auth.to_string().trim().trim_start_matches("AUTH PLAIN ").to_owned());
        encoded.into_iter().chain(password).collect()
    }

    /// What the server must prove. Read once: the system's roots are some hundred files.
    async fn tls(&self) -> Result<&TlsParameters, SendFailure> {
        self.tls
            .get_or_try_init(|| async {
                let mut parameters = TlsParameters::builder(self.config.host.clone());
                if let Some(path) = &self.config.ca_file {
                    let pem = tokio::fs::read(path).await;
                    let pem = pem.map_err(|e| format!("{}: {e}", path.display()))?;
                    let authority = Certificate::from_pem(&pem).map_err(|e| e.to_string())?;
                    parameters = parameters.add_root_certificate(authority);
                }
                parameters.build().map_err(|e| e.to_string())
            })
            .await
            .map_err(SendFailure::server)
    }
}
