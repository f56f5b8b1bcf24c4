//! I19, sell ratio: how much of what the brand posts sells, and whether it sells under complaints.

use super::ground::Ground;
use super::measure::Measure;
use super::replies;
use super::statistics::proportion::{newcombe, wilson};
use super::statistics::{Level, Limits, poisson};
use super::{Group, Line, Rule};
use crate::model::{Interaction, Signal, Window};

const MINIMUM: u64 = 20;

pub(super) const GROUP: Group = Group {
    rules: &[
        Rule {
            id: "I19",
            part: Some("posts"),
            name: "Selling posts",
            unit: "share",
            says: "Of the brand's own posts in the window that reply to nothing, the share with a \
                   price, a discount code, a shop link or a call to buy. Interval: Wilson.",
            minimum: MINIMUM,
            version: 1,
        },
        Rule {
            id: "I19",
            part: Some("complaint_replies"),
            name: "Selling replies to complaints",
            unit: "count",
            says: "The brand's replies to complaints in the window that sell. The target is \
                   none. Interval: exact Poisson.",
            minimum: 0,
            version: 1,
        },
    ],
    measure,
    explain,
};

/// # selling posts / # brand posts, change by Newcombe; # selling replies, change as of I3.
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    let posts = |window| {
        let all = replies::posts(ground, window);
        (all.iter().filter(|row| sells(row)).count() as u64, all.len() as u64)
    };
    let share = |(hits, all): (u64, u64)| {
        Measure::ratio(hits as f64, all, MINIMUM, || wilson(hits, all, Level::Value))
    };
    let count = |hits| Measure::count(hits, Some(poisson::garwood(hits, Level::Value)));
    let window = ground.scope.window;
    let before = ground.scope.before;
    let (now, then) = (posts(window), posts(before));
    let (under, under_then) = (
        under_complaints(ground, window).len() as u64,
        under_complaints(ground, before).len() as u64,
    );
    vec![
        share(now).against(&share(then), || {
            newcombe(now, then, Level::Change).map(Limits::from).unwrap_or_default()
        }),
        count(under).against(&count(under_then), || {
            Limits::from(poisson::difference(under, under_then, Level::Change))
        }),
    ]
}

fn sells(row: &Interaction) -> bool {
    row.says(Signal::Selling)
}

fn under_complaints<'a>(ground: &Ground<'a>, window: Window) -> Vec<&'a Interaction> {
    let mut rows = replies::to_complaints(ground, window);
    rows.retain(|row| sells(row));
    rows
}

/// One line for each brand post, and for each selling reply.
fn explain(ground: &Ground<'_>) -> Vec<Line> {
    let window = ground.scope.window;
    let posts = replies::posts(ground, window)
        .into_iter()
        .map(|row| Line::of_row(if sells(row) { "sells" } else { "does not sell" }, row, None));
    let replies = under_complaints(ground, window).into_iter();
    posts.chain(replies.map(|row| Line::of_row("sells under a complaint", row, None))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, post};
    use crate::model::{Intent, Interaction, Kind, Signal, Standing, Time};

    fn own(id: &str, kind: Kind, sells: bool) -> Interaction {
        let mut row = post(id, 99, AT.inside);
        (row.own, row.kind) = (true, kind);
        if sells {
            row.signals = vec![Signal::Selling];
        }
        row
    }

    #[test]
    fn rule_e29_brand_posts_and_replies_to_complaints() {
        let mut setting = Setting::default();
        for i in 0..20 {
            setting.history.rows.push(own(&format!("post {i}"), Kind::Post, i < 4));
        }
        let mut deleted = own("deleted", Kind::Post, true);
        deleted.deleted_at = Some(Time(AT.inside + 1));
        let mut complaint = post("complaint", 1, AT.inside);
        complaint.intent = Intent::Complaint;
        let mut praise = post("praise", 2, AT.inside);
        praise.intent = Intent::Praise;
        let reply = |id: &str, below: &str, sells| {
            let mut row = own(id, Kind::Comment, sells);
            row.in_reply_to = Some(below.to_owned());
            row
        };
        setting.history.rows.extend([
            deleted,
            complaint,
            praise,
            reply("sells", "complaint", true),
            reply("helps", "complaint", false),
            reply("elsewhere", "praise", true),
        ]);
        let posts = setting.indicator("I19", Some("posts"));
        assert_eq!((posts.value, posts.n, posts.status), (Some(0.2), 20, Standing::Ok));
        assert!((posts.low.unwrap() - 0.080_657).abs() < 1e-5, "Wilson 4/20: {posts:?}");
        let under = setting.indicator("I19", Some("complaint_replies"));
        assert_eq!((under.value, under.n), (Some(1.0), 1));
    }
}
