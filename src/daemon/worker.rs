//! One thread for the work on pages, in the order in which it comes.
//!
//! Only one page is taken in at a time anyway. Done on whichever thread is free, each of them would
//! come to hold the buffers of the classifier and of the packer of blocks, and memory of its own.
//! Measured: 92 MB where 59 do.

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// The thread. It ends by itself when it has long had nothing to do.
pub struct Worker(Option<Runtime>);

impl Worker {
    /// A worker without work.
    ///
    /// # Errors
    /// If the machine gives none.
    pub fn new() -> std::io::Result<Self> {
        let runtime =
            Builder::new_current_thread().max_blocking_threads(1).thread_name("pages").build();
        Ok(Self(Some(runtime?)))
    }

    /// Does this after everything it was told before, also when nobody waits for it any more.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.0.as_ref().expect("it is there until it is dropped").spawn_blocking(work)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be dropped by a task, which must not wait.
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}
