//! `cases review`: the posts that wait for a person's look.

use serde_json::Value;

use super::local::{self, Local};
use super::show::{self, text};

/// Characters of a post that are shown.
const START: usize = 240;

/// Shows them, oldest first, each with what speaks for what.
pub fn review(answer: &Value, is_sample: bool) -> anyhow::Result<()> {
    let mut out = show::out();
    let posts: Vec<&Value> = answer.as_array().into_iter().flatten().collect();
    let Some(first) = posts.first() else {
        let none = if is_sample {
            "Nothing to draw from: no post of the last 28 days is left to check."
        } else {
            "Nothing to look at: of every post the classifier is sure, or a case waits."
        };
        return show::line(&mut out, none);
    };
    for post in &posts {
        one(&mut out, post)?;
    }
    let number = show::count(posts.len() as u64, "post", "posts");
    let id = crate::text::clean_line(&text(&first["id"]));
    let why = if is_sample {
        format!("{number} drawn at random. Say of each what it is, also where the label is right:")
    } else {
        format!("{number} to look at. Nobody is alerted about them. Say what one is:")
    };
    show::paragraph(&mut out, &why)?;
    show::line(&mut out, &format!("  affinityd correct '{id}' --intent question"))
}

/// One post.
pub fn one(out: &mut impl std::io::Write, post: &Value) -> anyhow::Result<()> {
    let local = Local::new(&post["zone"], local::moment(None));
    let author = &post["author"];
    let who = author["handle"].as_str().map(|handle| format!("@{handle}"));
    let who = who.or_else(|| author["name"].as_str().map(str::to_owned));
    let who = crate::text::clean_line(&who.unwrap_or_else(|| "-".to_owned()));
    let lang = post["lang"].as_str().unwrap_or("language unknown");
    show::paragraph(
        out,
        &format!(
            "{}  {}, {lang}, {}",
            local.full(&post["at"]),
            who,
            crate::text::clean_line(&text(&post["platform"]))
        ),
    )?;
    show::line(out, &format!("  {}", crate::text::clean_line(&text(&post["id"]))))?;
    let words = post["text"].as_str().or(post["title"].as_str());
    let words = words.unwrap_or("(older than texts are kept)");
    let words = crate::text::clean_line(words);
    let mut start: String = words.chars().take(START).collect();
    if start.len() < words.len() {
        start.push('…');
    }
    show::paragraph(out, &format!("  {start}"))?;
    let scores = &post["scores"];
    let score = |key: &str| scores[key].as_f64().map_or("-".to_owned(), |p| format!("{p:.2}"));
    show::paragraph(
        out,
        &format!(
            "    {}? needs answer {}, complaint {}, question {}, praise {}",
            text(&post["intent"]),
            score("needs_answer"),
            score("complaint"),
            score("question"),
            score("praise")
        ),
    )?;
    let reasons = show::reasons(post);
    if !reasons.is_empty() {
        show::paragraph(out, &format!("    {reasons}"))?;
    }
    show::line(out, "")
}
