//! One answer that tells a sysadmin what is wrong and what to do.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Value, json};

use super::{AccountFacts, Office};
use crate::model::{DeliveryState, Health, Mark, Reach, Sending, SourceState, Time};
use crate::pipeline::OUTBOX_ROOM;

/// A mail that was refused for good asks for attention for so long.
const DEAD_SHOWN: i64 = 7 * Time::DAY;
/// A mail that has waited for so long asks for attention.
const LATE: i64 = Time::HOUR;

/// How everything is; `healthy` is false when something needs attention.
pub fn status(office: &Office) -> Result<Value> {
    let now = office.clock.now();
    // What concerns everything comes first, and one account last.
    let mut attention = Vec::new();
    let free = office.store.free_bytes().ok();
    if office.disk_is_low() {
        attention.push(format!(
            "the disk of {} is nearly full, polling has stopped ({} MB are left, `low-disk-mb` is \
             {}): free some space, it goes on by itself",
            office.store.dir().display(),
            free.unwrap_or(0) / 1_000_000,
            office.store.low_disk_bytes() / 1_000_000,
        ));
    }
    let mail = mail(office, now, &mut attention)?;
    attention.extend(faults(office));
    let sources = sources(office, &mut attention);
    let mut waiting = json!({});
    for (id, (brand, key)) in &office.brands {
        let states = office.store.waiting(*key, now)?;
        let states: BTreeMap<&str, u64> =
            states.into_iter().map(|(state, cases)| (state.word(), cases)).collect();
        waiting[id] = json!({
            "name": brand.name,
            "zone": brand.zone.name(),
            "interactions": office.store.rows(*key)?,
            "waiting": states,
            "to_look_at": super::corrections::to_look_at(office, id)?,
        });
    }
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "zones": chrono_tz::IANA_TZDB_VERSION,
        "now": now,
        "running": office.courier().is_some(),
        "uptime_seconds": now.since(office.started_at) / 1000,
        "healthy": attention.is_empty(),
        "attention": attention,
        "store": {
            "directory": office.store.dir().display().to_string(),
            "free_bytes": free,
            "held": office.store.mail_is_held()?,
        },
        "brands": waiting,
        "sources": sources,
        "mail": mail,
    }))
}

fn sources(office: &Office, attention: &mut Vec<String>) -> Vec<Value> {
    let mut all = Vec::new();
    let mut ill: Vec<(SourceState, Vec<String>)> = Vec::new();
    for (state, mark) in office.board.sources() {
        let facts = office.accounts.iter().find(|a| a.name == state.account);
        all.push(source(&state, &mark, facts));
        if state.health != Health::NeedsAttention {
            continue;
        }
        // A dead token fails every stream of its account; one line about it is enough.
        let said = |state: &SourceState| state.trouble.as_ref().map(|(trouble, _)| trouble.clone());
        match ill.iter_mut().find(|(o, _)| o.account == state.account && said(o) == said(&state)) {
            Some((_, streams)) => streams.push(state.stream),
            None => ill.push((state.clone(), vec![state.stream])),
        }
    }
    attention.extend(ill.iter().map(|(state, streams)| advice(state, &streams.join(", "))));
    all
}

fn source(state: &SourceState, mark: &Mark, facts: Option<&AccountFacts>) -> Value {
    json!({
        "account": state.account,
        "platform": facts.map(|f| f.platform.clone()),
        "brand": facts.map(|f| f.brand.clone()),
        "stream": state.stream,
        "health": state.health,
        "last_success_at": state.last_success_at,
        "last_found_at": state.last_found_at,
        "read_to_end_at": mark.end_at,
        "gaps": mark.gaps,
        "next_poll_at": state.next_at,
        "error": state.trouble.as_ref().map(|(trouble, since)| json!({
            "class": trouble.class(),
            "said": trouble.said(),
            "since": since,
        })),
        "failures": state.failures,
        "credential_expires_at": Value::Null,
        "answers_visible": facts.map(|f| f.capabilities.answers != Reach::No),
    })
}

/// What goes wrong in the daemon itself.
fn faults(office: &Office) -> Vec<String> {
    let faults = office.board.faults(office.clock.now());
    faults
        .into_iter()
        .map(|(part, fault)| {
            let (times, said) = (fault.times, fault.said);
            if fault.is_crash {
                let often = if times == 1 { "once".to_owned() } else { format!("{times} times") };
                format!(
                    "{part} has crashed {often} since {}, {said}; it was set up again. That is a \
                     mistake in affinityd: please report it with the log",
                    fault.since
                )
            } else {
                format!("{part}: {said} ({times} times since {}); the log has more", fault.since)
            }
        })
        .collect()
}

fn advice(state: &SourceState, streams: &str) -> String {
    let place = match &state.trouble {
        Some((_, since)) => format!("{} ({streams}), since {since}", state.account),
        None => format!("{} ({streams})", state.account),
    };
    match state.trouble.as_ref().map(|(trouble, _)| (trouble.class(), trouble.said())) {
        Some(("unauthorised", said)) => format!(
            "{place}: {said}; put a new token in its credential file and run `systemctl restart affinityd`, \
             then `affinityd check --account {}`",
            state.account
        ),
        Some(("gone", said)) => {
            format!("{place}: {said}; take it out of the config or correct its address")
        }
        Some((_, said)) => format!(
            "{place}: {said} ({} times in a row); `affinityd check --account {}` shows more",
            state.failures, state.account
        ),
        None => format!("{place} needs attention"),
    }
}

fn mail(office: &Office, now: Time, attention: &mut Vec<String>) -> Result<Value> {
    let mut waiting = 0_u64;
    let mut held = 0_u64;
    let mut dead = Vec::new();
    let mut tries = 0;
    let mut oldest: Option<Time> = None;
    for entry in office.store.mails()? {
        match entry.sending {
            Sending::Due => {
                waiting += 1;
                oldest = oldest.into_iter().chain([entry.message.at]).min();
            }
            Sending::Held => held += 1,
            Sending::Withdrawn(_) | Sending::Done => {}
        }
        for delivery in &entry.deliveries {
            if entry.sending == Sending::Due {
                tries = tries.max(delivery.attempts);
            }
            if let DeliveryState::Dead(at) = delivery.state {
                dead.push(json!({
                    "to": delivery.to,
                    "subject": entry.message.subject,
                    "at": at,
                    "said": delivery.last_error,
                }));
            }
        }
    }
    let courier = office.courier().unwrap_or_default();
    if let Some(said) = &courier.login_refused {
        attention.push(format!(
            "the mail server refuses the login: {said}; correct `user` and the password in \
             [mail.smtp], then `systemctl restart affinityd`"
        ));
    }
    if let Some(said) = &courier.outbox_trouble {
        attention.push(format!("no mail leaves, because the outbox cannot be used: {said}"));
    }
    // In a long queue each mail waits its turn, and few of them have been tried often.
    let is_full = usize::try_from(waiting + held).is_ok_and(|all| all >= OUTBOX_ROOM);
    let is_late = tries >= 5 || is_full || oldest.is_some_and(|at| now.since(at) > LATE);
    let is_held = office.store.mail_is_held()?;
    if let Some(since) = oldest.filter(|_| is_late && !is_held) {
        let why = courier.trouble.as_ref().map_or(String::new(), |said| format!(" ({said})"));
        attention.push(format!(
            "mail does not go out: {waiting} waiting, the oldest since {since}{why}; \
             `affinityd check --mail-to you@example.org` shows why"
        ));
    }
    if is_full {
        attention.push(format!(
            "the outbox is full with {} mails: no further alert is written until some have left; \
             what has come up by then is told together, and the digest lists every case",
            waiting + held
        ));
    }
    if is_held {
        // What was written since waits as well.
        let all = held + waiting;
        attention.push(format!(
            "no mail leaves ({all} so far), because the store was restored and may not know what was \
             sent: look at `affinityd cases list`, then `affinityd release-mail`"
        ));
    }
    attention.extend(refused(&dead, now));
    Ok(json!({
        "waiting": waiting,
        "held": held,
        "oldest_waiting_at": oldest,
        "is_full": is_full,
        "dead": dead,
        "last_sent_at": courier.last_sent_at,
        "trouble": courier.trouble,
    }))
}

/// Who refuses mail for good, once for each reason: a wrong address refuses every mail.
fn refused(dead: &[Value], now: Time) -> Vec<String> {
    let mut reasons: BTreeMap<&str, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for letter in dead {
        let at = letter["at"].as_str().and_then(Time::parse);
        if at.is_none_or(|at| now.since(at) >= DEAD_SHOWN) {
            continue;
        }
        let word = |key: &str| letter[key].as_str().unwrap_or("no reason was given");
        let (mails, recipients) = reasons.entry(word("said")).or_default();
        *mails += 1;
        recipients.insert(word("to"));
    }
    let line = |(said, (count, to)): (&str, (u64, BTreeSet<&str>))| {
        let (mails, were) = match count {
            1 => ("a mail".to_owned(), "was"),
            n => (format!("{n} mails"), "were"),
        };
        let to = to.into_iter().collect::<Vec<_>>().join(", ");
        format!(
            "{mails} to {to} {were} refused for good: {said}; correct `recipients` or ask whoever runs \
             that mail server"
        )
    };
    reasons.into_iter().map(line).collect()
}
