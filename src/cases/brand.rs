//! What the brand says by itself, and what it says to somebody (rule E29).

use super::Answers;
use super::answers::is_human_own;
use crate::model::Kind;

impl Answers<'_, '_> {
    /// Whether a row is a post of the brand that replies to nothing.
    pub fn is_brand_post(&self, row: usize) -> bool {
        let threads = self.threads();
        let it = threads.row(row);
        it.kind == Kind::Post
            && is_human_own(threads.history(), it)
            && threads.up(row).is_none()
            && !self.replies_to_missing(row)
    }

    /// Whether a row is the brand speaking to a customer: one above it, one quoted, one answered
    /// in any other way, or something not stored replied to. The second part of a thread of the
    /// brand's own is neither post nor reply.
    pub fn is_brand_reply(&self, row: usize) -> bool {
        let threads = self.threads();
        let history = threads.history();
        let it = threads.row(row);
        if !it.kind.speaks() || !is_human_own(history, it) {
            return false;
        }
        let is_customers = |other: usize| history.is_inbound(threads.row(other));
        let quoted = it.about.as_deref().and_then(|id| threads.find(&it.platform, id));
        self.replies_to_missing(row)
            || quoted.is_some_and(is_customers)
            || threads.above(row).any(is_customers)
            || !self.voices(row).is_empty()
    }

    fn replies_to_missing(&self, row: usize) -> bool {
        let it = self.threads().row(row);
        let named = it.in_reply_to.as_deref().or(it.thread.as_deref());
        named.is_some_and(|id| id != it.id && self.threads().find(&it.platform, id).is_none())
    }
}
