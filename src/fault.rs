//! Named points at which a test can end the process, stop it, or let the disk fail.
//!
//! A program built for release has none of this: [`point`] and [`pass`] are empty there and cost
//! nothing. In a debug build a plan says what happens at which hit of which point. A child process
//! takes its plan from [`VARIABLE`], for all its threads; a test inside this process brings one
//! with [`during`], for its own thread, so that tests beside it notice nothing.
//!
//! A plan is a list like `store.sync:2=kill,store.read=EIO`: at the second hit of `store.sync`, at
//! the first of `store.read`. `kill` is SIGKILL, `stop` waits for ever, `EIO` and `ENOSPC` are the
//! errors of a broken and of a full disk.

/// The variable from which a process built for debugging takes its plan.
pub const VARIABLE: &str = "AFFINITYD_FAULT";

/// The variable that gives such a process a clock of its own: `1790000000000x240` starts at that
/// many milliseconds since 1970 and gains 240 seconds a second.
pub const CLOCK: &str = "AFFINITYD_FAULT_CLOCK";

/// Every point, in the order in which a post and its mail come by.
pub const POINTS: [&str; 18] = [
    "store.open",      // before the database is opened
    "store.opened",    // it is open; nothing of ours was read or written
    "store.read",      // before an entry is read
    "store.commit",    // before a batch (rows, cases, cursor, mails) is applied, in memory
    "store.flush",     // it is applied; before it is handed to the kernel
    "store.blobs",     // its large values are on the disk, in files of their own
    "store.sync",      // the kernel has it; before it is asked to put it on the disk
    "store.synced",    // it is on the disk; nobody knows yet
    "store.witnessed", // the number of the commit is kept beside the database
    "store.merge",     // before ids go from their journal into their buckets
    "store.compact",   // before the database is copied
    "store.copied",    // the copy is whole and on the disk; the database is in its place
    "store.aside",     // the database was moved aside; nothing is in its place
    "store.replaced",  // the copy is in its place; the engine has not gone on with it
    "smtp.data",       // the server knows sender and recipient; before DATA
    "smtp.content",    // DATA was answered; before the mail itself
    "smtp.taken",      // the server said 250; nothing is written down
    "courier.marked",  // what the server said is on the disk
];

/// A point at which something may fail.
///
/// # Errors
/// Only those that a plan asks for.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn point(_name: &'static str) -> std::io::Result<()> {
    Ok(())
}

/// A point that the process may not survive, but at which nothing else goes wrong.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn pass(_name: &'static str) {}

/// Where the clock of this process starts, in milliseconds since 1970, and how many times faster
/// than the machine's it runs; nothing if it shows the machine's time.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn clock() -> Option<(i64, u32)> {
    None
}

#[cfg(debug_assertions)]
pub use armed::{Action, Hits, Plan, clock, during, pass, point};

#[cfg(debug_assertions)]
mod armed {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::{LazyLock, Mutex};

    use rustix::io::Errno;
    use rustix::process::{Signal, getpid, kill_process};

    use super::{CLOCK, POINTS, VARIABLE};

    /// How often each point was passed.
    pub type Hits = BTreeMap<&'static str, usize>;

    /// What happens at a point.
    pub enum Action {
        /// The process ends as by `kill -9`.
        Kill,
        /// The thread goes no further.
        Stop,
        /// The disk says this.
        Fail(Errno),
        /// Something of the test's own, at every hit, with its number.
        Call(Box<dyn FnMut(usize) + Send>),
    }

    /// What happens where.
    #[derive(Default)]
    pub struct Plan {
        steps: Vec<(&'static str, usize, Action)>,
        hits: Hits,
    }

    impl Plan {
        /// At the `hit`th time (counted from 1) that `point` is passed; 0 is every time.
        #[must_use]
        pub fn at(mut self, point: &str, hit: usize, action: Action) -> Self {
            let known = POINTS.iter().find(|name| **name == point);
            let point = known.unwrap_or_else(|| panic!("there is no point `{point}`"));
            self.steps.push((point, hit, action));
            self
        }

        fn parse(text: &str) -> Option<Self> {
            let mut plan = Self::default();
            for step in text.split(',').filter(|step| !step.is_empty()) {
                let (place, action) = step.split_once('=')?;
                let (point, hit) = place.split_once(':').unwrap_or((place, "1"));
                let action = match action {
                    "kill" => Action::Kill,
                    "stop" => Action::Stop,
                    "EIO" => Action::Fail(Errno::IO),
                    "ENOSPC" => Action::Fail(Errno::NOSPC),
                    _ => return None,
                };
                plan = plan.at(point, hit.parse().ok()?, action);
            }
            Some(plan)
        }

        fn hit(&mut self, name: &'static str) -> io::Result<()> {
            debug_assert!(POINTS.contains(&name), "`{name}` is missing in the list of points");
            let count = self.hits.entry(name).or_default();
            *count += 1;
            for (point, hit, action) in &mut self.steps {
                if *point != name || (*hit != *count && *hit != 0) {
                    continue;
                }
                match action {
                    Action::Kill => _ = kill_process(getpid(), Signal::KILL),
                    Action::Stop => {}
                    Action::Fail(errno) => return Err((*errno).into()),
                    Action::Call(call) => {
                        call(*count);
                        continue;
                    }
                }
                loop {
                    std::thread::park();
                }
            }
            Ok(())
        }
    }

    static OF_PROCESS: LazyLock<Option<Mutex<Plan>>> = LazyLock::new(|| {
        let text = std::env::var(VARIABLE).ok()?;
        let plan = Plan::parse(&text).unwrap_or_else(|| panic!("{VARIABLE}: `{text}` is no plan"));
        Some(Mutex::new(plan))
    });

    /// Where the clock of this process starts, in milliseconds since 1970, and how many times
    /// faster than the machine's it runs; nothing if it shows the machine's time.
    pub fn clock() -> Option<(i64, u32)> {
        let text = std::env::var(CLOCK).ok()?;
        let parsed =
            text.split_once('x').and_then(|(at, by)| Some((at.parse().ok()?, by.parse().ok()?)));
        Some(parsed.unwrap_or_else(|| panic!("{CLOCK}: `{text}` is no clock")))
    }

    thread_local! {
        static OF_THREAD: RefCell<Option<Plan>> = const { RefCell::new(None) };
    }

    /// Runs something on this thread under a plan; gives also how often each point was passed.
    pub fn during<T>(plan: Plan, run: impl FnOnce() -> T) -> (T, Hits) {
        /// Takes the plan back even if the test panics: the next test may get the same thread.
        struct Scope;
        impl Drop for Scope {
            fn drop(&mut self) {
                OF_THREAD.take();
            }
        }
        OF_THREAD.set(Some(plan));
        let scope = Scope;
        let done = run();
        let hits = OF_THREAD.take().map(|plan| plan.hits).unwrap_or_default();
        drop(scope);
        (done, hits)
    }

    /// A point at which something may fail.
    ///
    /// # Errors
    /// Only those that a plan asks for.
    pub fn point(name: &'static str) -> io::Result<()> {
        if let Some(plan) = &*OF_PROCESS {
            plan.lock().unwrap_or_else(|e| e.into_inner()).hit(name)?;
        }
        // Taken out meanwhile: what a test does there may pass points of its own.
        let Some(mut plan) = OF_THREAD.take() else { return Ok(()) };
        let done = plan.hit(name);
        OF_THREAD.set(Some(plan));
        done
    }

    /// A point that the process may not survive, but at which nothing else goes wrong.
    pub fn pass(name: &'static str) {
        let _ = point(name);
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use rustix::io::Errno;

    use std::io;

    use super::*;

    #[test]
    fn a_plan_holds_for_its_thread_and_its_time() {
        let plan = || Plan::default().at("store.sync", 2, Action::Fail(Errno::NOSPC));
        let (said, hits) = during(plan(), || {
            let elsewhere = std::thread::spawn(|| (0..3).all(|_| point("store.sync").is_ok()));
            assert!(elsewhere.join().unwrap());
            (0..3).map(|_| point("store.sync").is_ok()).collect::<Vec<_>>()
        });
        assert_eq!((said, hits["store.sync"]), (vec![true, false, true], 3));
        assert!((0..3).all(|_| point("store.sync").is_ok()), "it is over");
        let full = during(plan(), || [point("store.sync"), point("store.sync")]).0;
        assert_eq!(full[1].as_ref().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
