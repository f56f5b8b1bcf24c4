//! What came out, as a table: each figure with what it is held against.

use std::fmt::Write as _;

/// Several measurements of one thing.
#[derive(Clone, Debug, Default)]
pub struct Runs(pub Vec<f64>);

impl Runs {
    /// The middle one.
    pub fn median(&self) -> f64 {
        let mut all = self.0.clone();
        all.sort_by(f64::total_cmp);
        match all.len() {
            0 => f64::NAN,
            n if n % 2 == 1 => all[n / 2],
            n => (all[n / 2 - 1] + all[n / 2]) / 2.0,
        }
    }

    /// Each one times a factor.
    pub fn times(&self, factor: f64) -> Self {
        Self(self.0.iter().map(|one| one * factor).collect())
    }

    /// The middle one, with the least and the most if there are several.
    fn told(&self) -> String {
        let of = |n: f64| match n.abs() {
            100.0.. => format!("{n:.0}"),
            10.0.. => format!("{n:.1}"),
            _ => format!("{n:.2}"),
        };
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        match self.0.len() {
            0 => "-".to_owned(),
            1 => of(self.median()),
            _ => format!("{} ({}-{})", of(self.median()), of(least), of(most)),
        }
    }
}

impl From<f64> for Runs {
    fn from(one: f64) -> Self {
        Self(vec![one])
    }
}

/// The most that a figure may be.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// Its number, such as `P2`.
    pub id: &'static str,
    /// What must hold.
    pub must: f64,
    /// What is aimed at.
    pub aim: f64,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    what: String,
    unit: &'static str,
    ours: Runs,
    beside: Option<(String, Runs)>,
    goal: Option<Goal>,
}

impl Line {
    /// A figure of affinityd.
    pub fn new(what: impl Into<String>, unit: &'static str, ours: impl Into<Runs>) -> Self {
        Self { what: what.into(), unit, ours: ours.into(), beside: None, goal: None }
    }

    /// What it is divided by, in the same unit.
    pub fn beside(mut self, name: impl Into<String>, runs: impl Into<Runs>) -> Self {
        self.beside = Some((name.into(), runs.into()));
        self
    }

    /// The goal for the ratio, or for the figure itself where there is nothing beside it.
    pub fn goal(mut self, id: &'static str, must: f64, aim: f64) -> Self {
        self.goal = Some(Goal { id, must, aim });
        self
    }

    fn told(&self) -> String {
        let beside = self
            .beside
            .as_ref()
            .map_or_else(String::new, |(name, runs)| format!("{name} {}", runs.told()));
        let ratio = self.beside.as_ref().map(|(_, runs)| self.ours.median() / runs.median());
        let (id, goal) = self.goal.map_or(("", String::new()), |goal| {
            let figure = ratio.unwrap_or(self.ours.median());
            let verdict = match figure {
                f if f <= goal.aim => "aim met",
                f if f <= goal.must => "holds",
                f if f.is_nan() => "not measured",
                _ => "MISSED",
            };
            if goal.must.is_infinite() {
                let verdict = if figure <= goal.aim { "met" } else { "not met" };
                return (goal.id, format!("aim {}: {verdict}", goal.aim));
            }
            let short = |n: f64| {
                if n < 0.1 && n > 0.0 { format!("1/{:.0}", 1.0 / n) } else { format!("{n:.2}") }
            };
            (goal.id, format!("<= {} (aim {}): {verdict}", short(goal.must), short(goal.aim)))
        });
        let ratio = match ratio {
            None => String::new(),
            Some(ratio) if ratio < 0.1 => format!("1/{:.0}", 1.0 / ratio),
            Some(ratio) => format!("{ratio:.2}x"),
        };
        let ours = self.ours.told();
        let (what, unit) = (&self.what, self.unit);
        format!("{id:<4} {what:<42} {unit:<8} {ours:<20} {beside:<30} {ratio:<7} {goal}")
    }
}

/// The whole table.
pub fn print(lines: &[Line]) {
    let mut out = format!(
        "{:<4} {:<42} {:<8} {:<20} {:<30} {:<7} goal\n",
        "", "what", "unit", "affinityd", "beside it", "ratio"
    );
    for line in lines {
        let _ = writeln!(out, "{}", line.told().trim_end());
    }
    print!("{out}");
}
