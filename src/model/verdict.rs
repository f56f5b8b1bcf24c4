//! What the classifier, or a person, says about one text.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What a text wants. `Complaint`, `Question` and `Request` ask something of the brand.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Intent {
    /// Public expression of dissatisfaction with the brand.
    Complaint,
    /// Wants to know something.
    Question,
    /// Wants something done that is neither of the two above.
    Request,
    /// Admiration, recommendation, thanks.
    Praise,
    /// None of these.
    #[default]
    Other,
}

impl Intent {
    /// Every intent, in the order people read them.
    pub const ALL: [Self; 5] =
        [Self::Complaint, Self::Question, Self::Request, Self::Praise, Self::Other];

    /// Whether such a post asks for an answer and so starts a clock.
    pub fn asks(self) -> bool {
        matches!(self, Self::Complaint | Self::Question | Self::Request)
    }

    /// The word used in config, JSON, mails and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Question => "question",
            Self::Request => "request",
            Self::Praise => "praise",
            Self::Other => "other",
        }
    }
}

/// How a text feels about the brand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sentiment {
    /// Negative.
    Neg,
    /// Neither.
    Neu,
    /// Positive.
    Pos,
}

impl Sentiment {
    /// Every sentiment, from bad to good.
    pub const ALL: [Self; 3] = [Self::Neg, Self::Neu, Self::Pos];

    /// The word used in JSON and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Neg => "neg",
            Self::Neu => "neu",
            Self::Pos => "pos",
        }
    }
}

/// How bad it is if nobody answers. Ordered: `Low < Normal < High < Severe`. Only rises.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Can wait.
    Low,
    /// The usual case.
    #[default]
    Normal,
    /// Repeated, or many people take part.
    High,
    /// Safety or legal words, or a person said so.
    Severe,
}

impl Severity {
    /// The word used in config, JSON, mails and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Severe => "severe",
        }
    }
}

/// The classifier's probabilities, each 0..1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// It is a complaint.
    pub complaint: f32,
    /// It is a question or request.
    pub question: f32,
    /// It is praise.
    pub praise: f32,
    /// It is spam or an advert.
    pub spam: f32,
    /// It is about the brand.
    pub relevant: f32,
    /// It needs an answer from the brand.
    pub needs_answer: f32,
    /// Negative, neutral, positive; the three sum to 1.
    pub sentiment: [f32; 3],
}

/// One piece of evidence: what was found, and what it speaks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The piece of text (or the name of the surface sign) that counted.
    pub found: String,
    /// What it speaks for: `complaint`, `question`, `request`, `praise`, `spam`, `safety`,
    /// `pos`, `neg`, `thanks`, `relevant`, …
    pub speaks_for: Cow<'static, str>,
    /// How much, in the classifier's own units; larger is stronger.
    pub weight: f32,
}

/// What a customer's text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// What is sold: its make, taste, durability.
    Quality,
    /// Price, fees, value for money.
    Price,
    /// Help, hotline, care, waiting for an answer.
    Service,
    /// Parcels, transport, being on time.
    Delivery,
    /// App, website, account.
    App,
    /// Returns, refunds, cancellations.
    Returns,
    /// People of the brand.
    Staff,
    /// What the brand stands for.
    Values,
    /// In stock, open, reachable, working at all.
    Availability,
}

impl Aspect {
    /// Every aspect, in the order people read them.
    pub const ALL: [Self; 9] = [
        Self::Quality,
        Self::Price,
        Self::Service,
        Self::Delivery,
        Self::App,
        Self::Returns,
        Self::Staff,
        Self::Values,
        Self::Availability,
    ];

    /// The word used in JSON, mails and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Price => "price",
            Self::Service => "service",
            Self::Delivery => "delivery",
            Self::App => "app",
            Self::Returns => "returns",
            Self::Staff => "staff",
            Self::Values => "values",
            Self::Availability => "availability",
        }
    }
}

/// Something that a text says beside its intent, each with phrases of its own per language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// Somebody may be hurt.
    Safety,
    /// Lawyers, courts, authorities, fraud.
    Legal,
    /// Somebody was treated worse for who they are.
    Discrimination,
    /// Money taken wrongly or not given back.
    MoneyLost,
    /// Data of customers in wrong hands.
    DataLeak,
    /// Repeated contact: "third time", "still waiting" (I31).
    Effort,
    /// Asks whether anybody will answer (I30).
    AnyAnswer,
    /// Recommends the brand to others (I6).
    Recommends,
    /// Warns others off (I6).
    WarnsOff,
    /// Announces leaving for a rival, or leaving at all (I6, I25).
    Leaving,
    /// Announces coming over from a rival (I25).
    Arriving,
    /// Own post: a price, a code, a shop link, a call to buy (I19).
    Selling,
    /// Own post: apology or acknowledgement (I18).
    Apology,
    /// Own post: says why it happened (I18).
    Cause,
    /// Own post: says what is done next (I18).
    NextStep,
    /// Own post: names a day or time by which (I18).
    Promise,
}

impl Signal {
    /// Every signal, in the order people read them.
    pub const ALL: [Self; 16] = [
        Self::Safety,
        Self::Legal,
        Self::Discrimination,
        Self::MoneyLost,
        Self::DataLeak,
        Self::Effort,
        Self::AnyAnswer,
        Self::Recommends,
        Self::WarnsOff,
        Self::Leaving,
        Self::Arriving,
        Self::Selling,
        Self::Apology,
        Self::Cause,
        Self::NextStep,
        Self::Promise,
    ];

    /// The word used in JSON, mails and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Legal => "legal",
            Self::Discrimination => "discrimination",
            Self::MoneyLost => "money-lost",
            Self::DataLeak => "data-leak",
            Self::Effort => "effort",
            Self::AnyAnswer => "any-answer",
            Self::Recommends => "recommends",
            Self::WarnsOff => "warns-off",
            Self::Leaving => "leaving",
            Self::Arriving => "arriving",
            Self::Selling => "selling",
            Self::Apology => "apology",
            Self::Cause => "cause",
            Self::NextStep => "next-step",
            Self::Promise => "promise",
        }
    }

    /// Whether it makes a post severe.
    pub fn is_severe(self) -> bool {
        self <= Self::DataLeak
    }
}

/// The day a brand named for what it will do, as told: it is reckoned from the day of the post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promised {
    /// So many days after the post; 0 is the same day.
    InDays(u16),
    /// The next day with this number in the week, 1 Monday to 7 Sunday; the post's own day counts
    /// only a week later.
    Weekday(u8),
    /// The next such day of the calendar: month, day.
    Date(u8, u8),
}

/// What the classifier said about one text, with its model version and its reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Language found in the text (ISO 639-1), if it could be told.
    pub lang: Option<String>,
    /// The intent.
    pub intent: Intent,
    /// The sentiment towards the brand.
    pub sentiment: Sentiment,
    /// Whether it is about the brand and no spam.
    pub relevant: bool,
    /// `Severe` if the text has safety or legal words.
    pub severity: Severity,
    /// Safety or legal words were found: brings its own, shorter target.
    pub safety: bool,
    /// Thanks, word that a problem is over, or consent, and nothing else: does not reopen a case.
    pub thanks: bool,
    /// For the brand's own posts: the talk was moved to a private channel.
    pub moved_private: bool,
    /// The probabilities behind it.
    pub scores: Scores,
    /// The evidence, strongest first.
    pub reasons: Vec<Reason>,
    /// Name and version of the classifier.
    pub model: String,
    /// The evidence does not suffice: a person should look, nobody is woken up.
    #[serde(default)]
    pub unsure: bool,
    /// What it is about, the strongest first.
    #[serde(default)]
    pub aspects: Vec<Aspect>,
    /// What else it says, in order of [`Signal`].
    #[serde(default)]
    pub signals: Vec<Signal>,
    /// For the brand's own posts: the day that was named.
    #[serde(default)]
    pub promised: Option<Promised>,
}

impl Verdict {
    /// The verdict on a text that says nothing: no class, no evidence.
    pub fn empty(model: &str) -> Self {
        Self {
            lang: None,
            intent: Intent::Other,
            sentiment: Sentiment::Neu,
            relevant: false,
            severity: Severity::Normal,
            safety: false,
            thanks: false,
            moved_private: false,
            scores: Scores::default(),
            reasons: Vec::new(),
            model: model.to_owned(),
            unsure: false,
            aspects: Vec::new(),
            signals: Vec::new(),
            promised: None,
        }
    }

    /// Whether it says this too.
    pub fn says(&self, signal: Signal) -> bool {
        self.signals.contains(&signal)
    }
}

/// What a person said about one text. Each key that is given wins over the classifier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Overrides the intent.
    pub intent: Option<Intent>,
    /// Overrides the sentiment.
    pub sentiment: Option<Sentiment>,
    /// Overrides whether it is about the brand.
    pub relevant: Option<bool>,
    /// Overrides the severity.
    pub severity: Option<Severity>,
    /// Overrides whether it is thanks only.
    pub thanks: Option<bool>,
    /// `true`: recommends the brand to somebody; `false`: warns others off.
    pub recommends: Option<bool>,
    /// On an own post: the talk was moved to a private channel.
    pub moved_private: Option<bool>,
    /// Aspects it speaks about, as given.
    pub aspects: Option<Vec<String>>,
    /// Switching talk, as given.
    pub switching: Option<String>,
}

impl Ruling {
    /// Whether it says what the brand has to do about a post, so that nobody need look at it again.
    pub fn decides(&self) -> bool {
        self.intent.is_some()
            || self.relevant.is_some()
            || self.severity.is_some()
            || self.thanks.is_some()
    }

    /// Lays `later` over this ruling: keys given there win, the others stay.
    pub fn overlay(&mut self, later: &Self) {
        fn lay<T: Clone>(base: &mut Option<T>, top: &Option<T>) {
            if top.is_some() {
                base.clone_from(top);
            }
        }
        lay(&mut self.intent, &later.intent);
        lay(&mut self.sentiment, &later.sentiment);
        lay(&mut self.relevant, &later.relevant);
        lay(&mut self.severity, &later.severity);
        lay(&mut self.thanks, &later.thanks);
        lay(&mut self.recommends, &later.recommends);
        lay(&mut self.moved_private, &later.moved_private);
        lay(&mut self.aspects, &later.aspects);
        lay(&mut self.switching, &later.switching);
    }
}
