//! The panel of a brand at one moment: its window, its cases, its indicators.

use anyhow::Result;

use super::checked::checks;
use super::history::{self, Later};
use super::ingest::Desk;
use super::recall::recall;
use crate::cases;
use crate::indicators::{self, Checks, Explanation, Scope, window};
use crate::model::{Case, History, Indicator, Time, Window};

/// A brand as known at one moment.
pub struct Panel<'a> {
    desk: Desk<'a>,
    /// The window of the indicators.
    pub window: Window,
    /// Whole threads, as far back as the indicators look.
    pub history: History,
    /// Every case of these threads.
    pub cases: Vec<Case>,
    /// How the labels did where a random sample was checked.
    checks: Checks,
    /// What persons said later than this moment.
    pub(super) later: Later,
}

impl<'a> Panel<'a> {
    /// Loads what was known at `now`, for a window of so many days that ends with the day before.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn load(desk: Desk<'a>, days: u32, now: Time) -> Result<Self> {
        let brand = desk.brand;
        let window = window::ending(now, days, brand.zone);
        // The window before is compared, and I7 of that one looks at the window before it again.
        let before = window::before(&window, brand.zone);
        let from = window::before(&before, brand.zone).from;
        let (history, later) = history::load_with_later(desk, from, now)?;
        let mut cases = cases::replay(&history, &brand.policy, &brand.calendar);
        recall(&mut cases, &history, |id| Ok(desk.store.case(desk.key, id)?))?;
        let checks = checks(desk, now)?;
        Ok(Self { desk, window, history, cases, checks, later })
    }

    /// The first instant of the last day of the window.
    pub fn day_from(&self) -> Time {
        window::ending(self.history.now, 1, self.desk.brand.zone).from
    }

    /// The first instant of the last seven days of the window.
    pub fn week_from(&self) -> Time {
        window::ending(self.history.now, 7, self.desk.brand.zone).from
    }

    /// Every indicator, in its fixed order.
    pub fn indicators(&self) -> Vec<Indicator> {
        self.scope(indicators::compute)
    }

    /// What is behind a number; `None` if there is none of that name.
    pub fn explain(&self, id: &str, part: Option<&str>) -> Option<Explanation> {
        self.scope(|scope| indicators::explain(scope, id, part))
    }

    fn scope<T>(&self, ask: impl FnOnce(&Scope<'_>) -> T) -> T {
        let brand = self.desk.brand;
        let business = |a: Time, b: Time| brand.calendar.between(a, b);
        let scope = Scope::new(&self.history, &self.cases, self.window, brand.zone, &business);
        ask(&Scope { checks: self.checks, ..scope })
    }
}
