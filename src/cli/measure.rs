//! `eval --corrections`: the classifier against what people have said of stored posts.

use serde_json::Value;

use super::ask::Oracle;
use super::show::{self, text};
use super::{Outcome, Place};
use crate::daemon::Call;
use crate::model::Intent;

/// Shows how the classifier does where people have said what is so.
pub fn measured(place: &Place, brand: Option<String>) -> Outcome {
    let answer = Oracle::find(place)?.ask(Call::Measure { brand })?;
    if place.json {
        return Ok(show::json(&answer)?);
    }
    let mut out = show::out();
    let (own, drawn) = (&answer["corrections"], &answer["checked"]);
    let count = |part: &Value| part["n"].as_u64().unwrap_or(0);
    if count(own) + count(drawn) == 0 {
        show::paragraph(
            &mut out,
            "Nobody has corrected or checked anything yet: see `affinityd correct --help` and \
             `affinityd cases review --sample 50`.",
        )?;
        return Ok(());
    }
    for (part, what) in [(own, "corrected posts"), (drawn, "checked random sample")] {
        let bold = format!("{}{what}{}, n {}", show::BOLD, show::PLAIN, count(part));
        show::line(&mut out, &bold)?;
        if count(part) > 0 {
            let mut shown = part.clone();
            shown["model"] = answer["model"].clone();
            super::eval::print(&shown)?;
            confusion(&mut out, part)?;
        }
        show::line(&mut out, "")?;
    }
    if count(own) > 0 {
        show::paragraph(&mut out, &text(&own["note"]))?;
    }
    for share in drawn["shares"].as_array().into_iter().flatten() {
        show::paragraph(&mut out, &shares(share, &drawn["minimum"]))?;
    }
    Ok(())
}

fn confusion(out: &mut impl std::io::Write, part: &Value) -> anyhow::Result<()> {
    let words = Intent::ALL.map(Intent::word);
    let mut headings = vec!["is \\ found"];
    headings.extend(words);
    let mut table = show::table(&headings, 1);
    for is in words {
        let row = &part["confusion"][is];
        let cells = words.map(|found| row[found].as_u64().unwrap_or(0).to_string());
        if row.is_object() {
            table.add_row([vec![is.to_owned()], cells.to_vec()].concat());
        }
    }
    show::line(out, "")?;
    show::rows(out, &table)
}

/// `complaint: 20 % labelled; without the classifier's mistakes 14 % (9 to 20 %) …`
fn shares(share: &Value, minimum: &Value) -> String {
    let percent = |value: &Value| {
        value.as_f64().map_or_else(|| "-".to_owned(), |v| format!("{:.0} %", 100.0 * v))
    };
    let class = text(&share["class"]);
    let labelled =
        format!("{class}: {} of {} posts labelled", percent(&share["labelled"]), share["posts"]);
    let corrected = &share["corrected"];
    if corrected.is_null() {
        let checked = &share["checked"];
        return format!(
            "{labelled}; to correct that, {minimum} checked posts of the class and {minimum} others \
             are needed, and there are {} and {}",
            checked["of_class"], checked["others"]
        );
    }
    format!(
        "{labelled}; without the classifier's mistakes {} ({} to {}): it finds {} of them and \
         leaves {} of the others alone",
        percent(&corrected["value"]),
        percent(&corrected["low"]),
        percent(&corrected["high"]),
        percent(&corrected["se"]),
        percent(&corrected["sp"])
    )
}
