//! Measures a classifier on labelled texts. Reading the texts and printing the figures is left to
//! the command line.

use serde::Serialize;

use crate::model::{Aspect, Intent, Sentiment};

/// One labelled text and what was said about it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// The intent that was found.
    pub intent: Intent,
    /// The probability given to "needs an answer", 0..1.
    pub needs_answer: f32,
    /// The right intent, if it was labelled.
    pub gold_intent: Option<Intent>,
    /// Whether it needs an answer; if absent, whether the right intent asks something.
    pub gold_needs_answer: Option<bool>,
    /// Whether the right language was found, if it was labelled.
    pub is_lang: Option<bool>,
    /// What was found of the rest, and its labels.
    pub rest: Rest,
}

/// What a text says beside its intent: found and right. Right is `None` where it was not labelled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rest {
    /// Whether it was found to be severe.
    pub severe: bool,
    /// Whether it is.
    pub gold_severe: Option<bool>,
    /// The main aspect that was found.
    pub aspect: Option<Aspect>,
    /// The right one. Posts without one are not measured.
    pub gold_aspect: Option<Aspect>,
    /// The sentiment that was found.
    pub sentiment: Option<Sentiment>,
    /// The right one.
    pub gold_sentiment: Option<Sentiment>,
}

impl Sample {
    fn needs(&self) -> Option<bool> {
        self.gold_needs_answer.or(self.gold_intent.map(Intent::asks))
    }
}

/// Precision, recall and F1 of one class. `None` where there is nothing to divide by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassReport {
    /// The class.
    pub class: &'static str,
    /// How many texts are labelled with it.
    pub labelled: usize,
    /// How many were found to be of it.
    pub found: usize,
    /// Right ones among those found.
    pub precision: Option<f64>,
    /// Found ones among those labelled.
    pub recall: Option<f64>,
    /// Harmonic mean of the two: 2 tp / (labelled + found).
    pub f1: Option<f64>,
}

/// Figures about a choice among classes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceReport {
    /// Texts with a label.
    pub n: usize,
    /// Share of right answers.
    pub accuracy: f64,
    /// Mean F1 over the classes that are labelled or found.
    pub macro_f1: f64,
    /// Per class.
    pub classes: Vec<ClassReport>,
}

/// Figures about "needs an answer".
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NeedsReport {
    /// Texts with a label, given or following from the intent.
    pub n: usize,
    /// Share of right answers at probability ½.
    pub accuracy: f64,
    /// Mean F1 of yes and no at probability ½.
    pub macro_f1: f64,
    /// Yes and no at probability ½.
    pub classes: Vec<ClassReport>,
    /// Area under the receiver operating curve: how often a text that needs an answer is ranked
    /// above one that needs none; `None` without one of each.
    pub auc: Option<f64>,
    /// Expected calibration error: mean distance between probability and share of yes over ten
    /// equal bins, weighted by their sizes.
    pub calibration_error: f64,
    /// The threshold with the best F1 of yes on these texts; `None` without a labelled yes.
    pub suggested_threshold: Option<f64>,
    /// That best F1.
    pub f1_at_threshold: Option<f64>,
}

/// What a line of our own corpus is for. By its id alone, so that every trainer and every
/// measurement agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// The model learns from it.
    Learn,
    /// Weights and thresholds are fitted on it.
    Settle,
    /// Nothing was chosen with it: what figures are taken from.
    Measure,
}

/// A tenth of the lines is for measuring, a tenth for settling.
pub fn fold(id: &str) -> Fold {
    match xxhash_rust::xxh3::xxh3_64(id.as_bytes()) % 10 {
        0 => Fold::Measure,
        1 => Fold::Settle,
        _ => Fold::Learn,
    }
}

/// All figures; a part is absent if nothing is labelled for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Labelled texts.
    pub n: usize,
    /// About intents.
    pub intent: Option<ChoiceReport>,
    /// About "needs an answer".
    pub needs_answer: Option<NeedsReport>,
    /// About sentiments.
    pub sentiment: Option<ChoiceReport>,
    /// About severity: severe or not.
    pub severity: Option<ChoiceReport>,
    /// About the main aspect, of texts that have one; finding none is a mistake.
    pub aspect: Option<ChoiceReport>,
    /// Share of texts whose language was found.
    pub lang: Option<f64>,
}

/// Measures.
pub fn evaluate(samples: &[Sample]) -> Report {
    let intents: Vec<(Intent, Intent)> =
        samples.iter().filter_map(|s| Some((s.intent, s.gold_intent?))).collect();
    let needs: Vec<(f32, bool)> =
        samples.iter().filter_map(|s| Some((unit(s.needs_answer), s.needs()?))).collect();
    let langs: Vec<bool> = samples.iter().filter_map(|s| s.is_lang).collect();
    let right = langs.iter().filter(|is_right| **is_right).count();
    let report = Report {
        n: samples.len(),
        lang: None,
        intent: (!intents.is_empty()).then(|| intent_report(&intents)),
        needs_answer: (!needs.is_empty()).then(|| needs_report(&needs)),
        sentiment: choice(samples, Sentiment::ALL.map(|s| (s.word(), s)), |s| {
            (s.rest.sentiment, s.rest.gold_sentiment)
        }),
        severity: choice(samples, SEVERITIES, |s| (Some(s.rest.severe), s.rest.gold_severe)),
        aspect: choice(samples, Aspect::ALL.map(|a| (a.word(), a)), |s| {
            (s.rest.aspect, s.rest.gold_aspect)
        }),
    };
    if report == (Report { n: samples.len(), ..Report::default() }) {
        return Report::default();
    }
    Report { lang: (!langs.is_empty()).then(|| right as f64 / langs.len() as f64), ..report }
}

const SEVERITIES: [(&str, bool); 2] = [("severe", true), ("other", false)];

/// A report on one choice; `read` gives what was found and what is right.
fn choice<T: Copy + PartialEq, const N: usize>(
    samples: &[Sample],
    classes: [(&'static str, T); N],
    read: impl Fn(&Sample) -> (Option<T>, Option<T>),
) -> Option<ChoiceReport> {
    let pairs: Vec<(Option<T>, Option<T>)> =
        samples.iter().map(read).filter(|(_, gold)| gold.is_some()).collect();
    if pairs.is_empty() {
        return None;
    }
    let classes = classes.map(|(name, class)| class_report(name, Some(class), &pairs)).to_vec();
    Some(ChoiceReport {
        n: pairs.len(),
        accuracy: accuracy(&pairs),
        macro_f1: macro_f1(&classes),
        classes,
    })
}

/// A probability, whatever came in.
fn unit(p: f32) -> f32 {
    if p.is_nan() { 0.0 } else { p.clamp(0.0, 1.0) }
}

fn intent_report(pairs: &[(Intent, Intent)]) -> ChoiceReport {
    let classes: Vec<ClassReport> =
        Intent::ALL.into_iter().map(|class| class_report(class.word(), class, pairs)).collect();
    ChoiceReport {
        n: pairs.len(),
        accuracy: accuracy(pairs),
        macro_f1: macro_f1(&classes),
        classes,
    }
}

fn needs_report(pairs: &[(f32, bool)]) -> NeedsReport {
    let decided: Vec<(bool, bool)> = pairs.iter().map(|(p, gold)| (*p >= 0.5, *gold)).collect();
    let classes = vec![class_report("yes", true, &decided), class_report("no", false, &decided)];
    let best = best_threshold(pairs);
    NeedsReport {
        n: pairs.len(),
        accuracy: accuracy(&decided),
        macro_f1: macro_f1(&classes),
        classes,
        auc: auc(pairs),
        calibration_error: calibration_error(pairs),
        suggested_threshold: best.map(|(threshold, _)| threshold),
        f1_at_threshold: best.map(|(_, f1)| f1),
    }
}

fn accuracy<T: PartialEq>(pairs: &[(T, T)]) -> f64 {
    let right = pairs.iter().filter(|(found, gold)| found == gold).count();
    right as f64 / pairs.len().max(1) as f64
}

fn macro_f1(classes: &[ClassReport]) -> f64 {
    let known: Vec<f64> = classes.iter().filter_map(|class| class.f1).collect();
    known.iter().sum::<f64>() / known.len().max(1) as f64
}

fn class_report<T: PartialEq>(name: &'static str, class: T, pairs: &[(T, T)]) -> ClassReport {
    let labelled = pairs.iter().filter(|(_, gold)| *gold == class).count();
    let found = pairs.iter().filter(|(found, _)| *found == class).count();
    let right = pairs.iter().filter(|(found, gold)| *found == class && *gold == class).count();
    let share = |of: usize| (of > 0).then(|| right as f64 / of as f64);
    ClassReport {
        class: name,
        labelled,
        found,
        precision: share(found),
        recall: share(labelled),
        f1: share(labelled + found).map(|half| 2.0 * half),
    }
}

/// By ranks (Mann and Whitney); equal ones count half.
fn auc(pairs: &[(f32, bool)]) -> Option<f64> {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut above) = (0_usize, 0.0_f64);
    for same in sorted.chunk_by(|a, b| a.0 == b.0) {
        let yes = same.iter().filter(|(_, gold)| *gold).count();
        let no = same.len() - yes;
        above += yes as f64 * (below as f64 + no as f64 / 2.0);
        below += no;
    }
    let yes = pairs.len() - below;
    (yes > 0 && below > 0).then(|| above / (yes as f64 * below as f64))
}

fn calibration_error(pairs: &[(f32, bool)]) -> f64 {
    let mut bins = [(0_usize, 0.0_f64, 0_usize); 10];
    for (p, gold) in pairs {
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        bin.0 += 1;
        bin.1 += f64::from(*p);
        bin.2 += usize::from(*gold);
    }
    let off = bins.iter().map(|(_, sum, yes)| (sum - *yes as f64).abs()).sum::<f64>();
    off / pairs.len().max(1) as f64
}

/// The threshold with the best F1; of equal ones the highest, which alerts least.
fn best_threshold(pairs: &[(f32, bool)]) -> Option<(f64, f64)> {
    let labelled = pairs.iter().filter(|(_, gold)| *gold).count();
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut found, mut right) = (0_usize, 0_usize);
    let mut best: Option<(f64, f64)> = None;
    for same in sorted.chunk_by(|a, b| a.0 == b.0) {
        found += same.len();
        right += same.iter().filter(|(_, gold)| *gold).count();
        let f1 = 2.0 * right as f64 / (labelled + found) as f64;
        if right > 0 && best.is_none_or(|(_, top)| f1 > top) {
            best = Some((f64::from(same[0].0), f1));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(intent: Intent, needs_answer: f32, gold: Option<Intent>) -> Sample {
        Sample { intent, needs_answer, gold_intent: gold, ..Sample::default() }
    }

    #[test]
    fn figures_are_those_computed_by_hand() {
        use Intent::{Complaint, Other, Praise};
        let report = evaluate(&[
            sample(Complaint, 0.9, Some(Complaint)),
            sample(Complaint, 0.8, Some(Other)),
            sample(Other, 0.3, Some(Complaint)),
            sample(Other, 0.1, Some(Other)),
        ]);
        let intent = report.intent.unwrap();
        assert_eq!((intent.n, intent.accuracy), (4, 0.5));
        // Complaint and other both have one right, two labelled, two found.
        assert_eq!(intent.macro_f1, 0.5);
        let complaint = intent.classes[0];
        assert_eq!((complaint.labelled, complaint.found), (2, 2));
        assert_eq!(complaint.precision, Some(0.5));
        assert_eq!(intent.classes.iter().find(|c| c.class == Praise.word()).unwrap().f1, None);

        let needs = report.needs_answer.unwrap();
        // |0.9 - 1| + |0.8 - 0| + |0.3 - 1| + |0.1 - 0|, over four.
        assert!((needs.calibration_error - 1.7 / 4.0).abs() < 1e-6);
        // At 0.3: two right of three found, two labelled: 4/5.
        assert!((needs.suggested_threshold.unwrap() - 0.3).abs() < 1e-6);
        assert_eq!(needs.f1_at_threshold, Some(0.8));
    }

    #[test]
    fn severity_and_aspect_by_hand() {
        let rest = |severe, gold_severe, aspect, gold_aspect| Sample {
            rest: Rest { severe, gold_severe, aspect, gold_aspect, ..Rest::default() },
            ..Sample::default()
        };
        let (price, staff) = (Some(Aspect::Price), Some(Aspect::Staff));
        let report = evaluate(&[
            rest(true, Some(true), price, price),
            rest(true, Some(false), staff, price),
            rest(false, Some(true), None, staff),
            rest(true, None, staff, None),
        ]);
        let severity = report.severity.unwrap();
        assert_eq!((severity.n, severity.classes[0].precision), (3, Some(0.5)));
        assert_eq!(severity.classes[0].recall, Some(0.5));
        let aspect = report.aspect.unwrap();
        assert_eq!(aspect.n, 3, "the last has no label");
        assert!((aspect.accuracy - 1.0 / 3.0).abs() < 1e-12, "none found is a mistake");
        assert_eq!(report.sentiment, None);
    }

    #[test]
    fn nothing_labelled_gives_no_figures() {
        assert_eq!(evaluate(&[]), Report::default());
        assert_eq!(evaluate(&[sample(Intent::Other, 0.5, None)]), Report::default());
    }

    #[test]
    fn without_a_yes_no_threshold_is_suggested() {
        let report = evaluate(&[sample(Intent::Other, f32::NAN, Some(Intent::Other))]);
        let needs = report.needs_answer.unwrap();
        assert_eq!(needs.suggested_threshold, None);
        assert_eq!(needs.accuracy, 1.0);
    }
}
