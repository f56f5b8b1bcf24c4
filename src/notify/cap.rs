//! Decides how many of the alerts for one recipient go out this hour, and what happens to the rest.
//!
//! Severe ones always go. Of the others, so many an hour as configured; then one roll-up lists what
//! was left over, and nothing of it is sent again on its own.

use crate::model::{Severity, Time};

/// An alert that is ready for a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Which mail.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// When it was composed.
    pub at: Time,
}

/// What one recipient got lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// When alerts were sent, severe ones and roll-ups included; those of the last hour suffice.
    pub alerts: Vec<Time>,
    /// When the last roll-up was sent.
    pub roll_up: Option<Time>,
}

/// What is to be done with the ready alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// To be sent now, in this order.
    pub send: Vec<String>,
    /// To be listed in one roll-up that is sent now, in this order. They then count as told.
    pub roll_up: Vec<String>,
    /// To be kept until [`Admission::until`].
    pub keep: Vec<String>,
    /// When there is room again, if something is kept or rolled up.
    pub until: Option<Time>,
}

/// Decides for one recipient. `cap` is the number of mails an hour.
pub fn admit(received: &Received, mut ready: Vec<Ready>, cap: u32, now: Time) -> Admission {
    let mut lately: Vec<Time> =
        received.alerts.iter().copied().filter(|at| now.since(*at) < Time::HOUR).collect();
    lately.sort_unstable();
    ready.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then(a.at.cmp(&b.at)).then_with(|| a.id.cmp(&b.id))
    });
    let (severe, others): (Vec<Ready>, Vec<Ready>) =
        ready.into_iter().partition(|mail| mail.severity == Severity::Severe);

    let room = (cap as usize).saturating_sub(lately.len() + severe.len());
    let mut admission = Admission::default();
    admission.send.extend(severe.into_iter().map(|mail| mail.id));
    let mut others = others.into_iter().map(|mail| mail.id);
    admission.send.extend(others.by_ref().take(room));
    let rest: Vec<String> = others.collect();
    if rest.is_empty() {
        return admission;
    }
    // A roll-up an hour: what comes after it waits, and is told in the next.
    let next = received.roll_up.map(|at| at.plus(Time::HOUR)).filter(|at| now < *at);
    match next {
        Some(at) => {
            admission.keep = rest;
            admission.until = Some(at);
        }
        None => {
            admission.roll_up = rest;
            admission.until = Some(lately.first().copied().unwrap_or(now).plus(Time::HOUR));
        }
    }
    admission
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In words; what came before; what is ready; sent, rolled up, kept; until when.
    type Row = (&'static str, Received, Vec<Ready>, [&'static [&'static str]; 3], Option<Time>);

    const NOW: Time = Time(1_000 * Time::HOUR);

    fn ago(minutes: i64) -> Time {
        NOW.plus(-minutes * Time::MINUTE)
    }

    fn mail(id: &str, severity: Severity) -> Ready {
        Ready { id: id.to_owned(), severity, at: ago(1) }
    }

    /// `n` alerts in the last hour, the oldest 50 minutes ago.
    fn received(n: usize, roll_up: Option<Time>) -> Received {
        Received { alerts: (0..n).map(|i| ago(50 - i as i64)).collect(), roll_up }
    }

    #[test]
    fn the_cap_holds_the_rest_and_never_the_severe_ones() {
        use Severity::{High, Low, Normal, Severe};
        let in_ten = Some(ago(-10));
        let rows: Vec<Row> = vec![
            (
                "below the cap everything goes, worst first",
                received(0, None),
                vec![mail("a", Low), mail("b", High), mail("c", Normal)],
                [&["b", "c", "a"], &[], &[]],
                None,
            ),
            (
                "the sixth still goes, what is left is rolled up, by severity",
                received(5, None),
                vec![mail("a", Low), mail("b", High), mail("c", Normal)],
                [&["b"], &["c", "a"], &[]],
                in_ten,
            ),
            (
                "a severe one goes though the cap is reached",
                received(6, None),
                vec![mail("a", Normal), mail("b", Severe)],
                [&["b"], &["a"], &[]],
                in_ten,
            ),
            (
                "severe ones count, so that the rest waits instead",
                received(4, None),
                vec![mail("a", Severe), mail("b", Severe), mail("c", Normal)],
                [&["a", "b"], &["c"], &[]],
                in_ten,
            ),
            (
                "after the roll-up nothing more for an hour",
                received(6, Some(ago(20))),
                vec![mail("a", High)],
                [&[], &[], &["a"]],
                Some(ago(-40)),
            ),
            (
                "but a severe one",
                received(7, Some(ago(20))),
                vec![mail("a", High), mail("b", Severe)],
                [&["b"], &[], &["a"]],
                Some(ago(-40)),
            ),
            (
                "an hour after the roll-up the next one, if there is no room still",
                received(6, Some(ago(60))),
                vec![mail("a", High), mail("b", Normal)],
                [&[], &["a", "b"], &[]],
                in_ten,
            ),
            (
                "mails of an hour ago do not count",
                Received { alerts: vec![ago(60); 6], roll_up: Some(ago(61)) },
                vec![mail("a", Normal)],
                [&["a"], &[], &[]],
                None,
            ),
        ];
        for (what, received, ready, [send, roll_up, keep], until) in rows {
            let got = admit(&received, ready, 6, NOW);
            assert_eq!(got.send, send, "{what}: sent");
            assert_eq!(got.roll_up, roll_up, "{what}: rolled up");
            assert_eq!(got.keep, keep, "{what}: kept");
            assert_eq!(got.until, until, "{what}: until");
        }
    }
}
