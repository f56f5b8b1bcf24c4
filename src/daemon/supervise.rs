//! Keeps the parts of the daemon going: one that falls over is told about and set up again.
//!
//! A panic is a mistake of ours. It must not be silent, must not take the other parts along, and
//! must not stop the daemon for good.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::desk::Office;

/// The pause after the first crash; doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A part that ran for so long is taken for sound again.
const SOUND: Duration = Duration::from_secs(600);

/// Runs a part until told to stop; whenever it ends before that, it is set up again.
pub fn spawn<Part, Run>(
    tasks: &TaskTracker,
    name: String,
    office: Arc<Office>,
    stop: CancellationToken,
    part: Part,
) -> AbortHandle
where
    Part: Fn() -> Run + Send + 'static,
    Run: Future<Output = ()> + Send + 'static,
{
    let task = tasks.spawn(async move {
        let mut pause = FIRST_PAUSE;
        loop {
            let begun = Instant::now();
            // Nothing is shared with a part but what commits and locks keep whole.
            let ended = match std::panic::catch_unwind(AssertUnwindSafe(&part)) {
                Ok(run) => AssertUnwindSafe(run).catch_unwind().await,
                Err(panic) => Err(panic),
            };
            if stop.is_cancelled() {
                return;
            }
            let said = match ended {
                Ok(()) => "it ended by itself".to_owned(),
                Err(panic) => format!("it panicked: {}", words(panic.as_ref())),
            };
            if begun.elapsed() >= SOUND {
                pause = FIRST_PAUSE;
            }
            tracing::error!("{name} has crashed, {said}; going on in {} s", pause.as_secs());
            office.board.fault(&name, said, true, office.clock.now());
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    });
    task.abort_handle()
}

/// What a panic said, in one line.
fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a word");
    crate::text::snippet(&crate::text::clean_line(said), 200)
}

/// Panics go into the log, wherever they happen, with their place.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic: {}", words(info.payload()));
    }));
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::clock::Manual;
    use crate::config::{Config, Secrets};
    use crate::model::Time;
    use crate::store::Store;

    fn office(dir: &std::path::Path) -> Arc<Office> {
        let text = "[[brands]]\nid = \"acme\"\nzone = \"UTC\"\n[mail]\nfrom = \"a@acme.example\"\n";
        let Ok((config, _)) =
            Config::parse(std::path::Path::new("x"), text.to_owned(), Secrets::Needed)
        else {
            panic!("the configuration is right");
        };
        let (store, _) = Store::open(dir, &config.store).expect("a store");
        let clock = Arc::new(Manual::new(Time(1_800_000_000_000)));
        Arc::new(Office::new(store, &config, clock).expect("an office"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_panics_is_told_about_and_set_up_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let office = office(dir.path());
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let runs = Arc::new(AtomicU32::new(0));
        let begun = Instant::now();
        spawn(&tasks, "a part".to_owned(), office.clone(), stop.clone(), {
            let (runs, stop) = (runs.clone(), stop.clone());
            move || {
                let (run, stop) = (runs.fetch_add(1, Ordering::SeqCst), stop.clone());
                async move {
                    assert!(run >= 3, "not {run}");
                    stop.cancelled().await;
                }
            }
        });
        while runs.load(Ordering::SeqCst) < 4 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(begun.elapsed().as_secs(), 1 + 2 + 4, "the pause doubles");
        let faults = office.board.faults(office.clock.now());
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].1.times, faults[0].1.said.as_str()), (3, "it panicked: not 2"));
        stop.cancel();
        tasks.close();
        tasks.wait().await;
    }
}
