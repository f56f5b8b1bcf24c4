//! The classifier on its own: posts per second of CPU beside vaderSentiment, which tells feelings
//! only, and the time that one post takes.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use affinityd::classify::{Classifier, Post};
use anyhow::Result;

use crate::Scale;
use crate::corpus::Corpus;
use crate::process::{program, time};
use crate::table::{Line, Runs};

/// Posts of the corpus.
const POSTS: u64 = 20_000;
/// Rounds of which the fastest tells what a post takes: others are interrupted.
const ROUNDS: usize = 5;
/// About how long the long texts are, in kB.
const LONG: usize = 64;
/// What makes them long.
const PIECES: [&str; 8] =
    ["a", "not good? ", "谢", "👩\u{200d}👩\u{200d}👧", "e\u{301}", "@a #b ", "שלום ", "%"];

/// Classifies the posts as lines, and then one by one.
pub fn run(dir: &Path, scale: &Scale, peers: Option<&Path>) -> Result<Vec<Line>> {
    let corpus = Corpus::new(6, 1_767_225_600_000);
    let texts: Vec<String> = (0..POSTS).map(|k| corpus.item(k).text).collect();
    let (lines, plain) = (dir.join("posts.jsonl"), dir.join("posts.txt"));
    let line = |text: &String| serde_json::json!({ "text": text }).to_string() + "\n";
    fs::write(&lines, texts.iter().map(line).collect::<String>())?;
    fs::write(&plain, texts.iter().map(|t| t.replace('\n', " ") + "\n").collect::<String>())?;
    let vader = peers.map(|peers| peers.join("vaderSentiment/bin/python")).filter(|p| p.exists());
    let (mut ours, mut theirs) = (Runs::default(), Runs::default());
    for _ in 0..scale.pairs {
        ours.0.push(time(&format!("{:?} classify {lines:?}", program()))? * 1e3);
        if let Some(python) = &vader {
            let script = "import sys; from vaderSentiment.vaderSentiment import \
                 SentimentIntensityAnalyzer as S; a = S(); \
                 [a.polarity_scores(line) for line in open(sys.argv[1])]";
            theirs.0.push(time(&format!("{python:?} -c '{script}' {plain:?}"))? * 1e3);
        }
    }
    let mut line = Line::new(format!("classify, {POSTS} lines"), "ms CPU", ours);
    if vader.is_some() {
        line = line.beside("vaderSentiment", theirs).goal("P4", 1.0 / 3.0, 1.0 / 8.0);
    }
    let mut posts: Vec<f64> = micros(&texts);
    posts.sort_by(f64::total_cmp);
    let at = |part: usize| posts[posts.len() * part / 100];
    let long: Vec<String> =
        PIECES.iter().map(|piece| piece.repeat(LONG * 1024 / piece.len())).collect();
    let per_kb = micros(&long).into_iter().fold(0.0, f64::max) / LONG as f64;
    Ok(vec![
        line,
        Line::new("classify, a post, median", "us", at(50)).goal("P4", 15.0, 10.0),
        Line::new("classify, a post, 99 of 100 are faster", "us", at(99)).goal("P4", 50.0, 30.0),
        Line::new(format!("classify, the worst of {LONG} kB"), "us per kB", per_kb)
            .goal("P4", 10.0, 5.0),
    ])
}

/// Microseconds that each text takes.
fn micros(texts: &[String]) -> Vec<f64> {
    let classifier = Classifier::new();
    let mut least = vec![f64::INFINITY; texts.len()];
    for _ in 0..ROUNDS {
        for (text, least) in texts.iter().zip(&mut least) {
            let begun = Instant::now();
            black_box(classifier.classify(&Post { text, addressed: true, ..Post::default() }));
            *least = least.min(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    least
}
