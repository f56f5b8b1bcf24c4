//! Keeps rows where they are while they are being scanned.
//!
//! Scans walk recent and sealed rows side by side. Should rows move from one to the other under
//! them, a scan could see a row never. So sealing passes this gate only when no scan is inside, and
//! never waits for one; a scan waits the few milliseconds that one batch takes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};

#[derive(Debug, Default)]
struct Inside {
    scans: usize,
    is_sealing: bool,
}

/// The gate.
#[derive(Debug, Default)]
pub struct Gate {
    inside: Mutex<Inside>,
    changed: Condvar,
}

/// A scan is inside as long as this lives.
#[derive(Debug)]
pub struct Scanning(Arc<Gate>);

/// Rows may move as long as this lives.
#[derive(Debug)]
pub struct Sealing<'a>(&'a Gate);

impl Gate {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Begins a scan.
    pub fn scan(self: &Arc<Self>) -> Scanning {
        let mut inside = self.inside();
        while inside.is_sealing {
            inside = self.changed.wait(inside).unwrap_or_else(|e| e.into_inner());
        }
        inside.scans += 1;
        Scanning(self.clone())
    }

    /// Begins to seal, unless somebody scans.
    pub fn try_seal(&self) -> Option<Sealing<'_>> {
        let mut inside = self.inside();
        if inside.scans > 0 || inside.is_sealing {
            return None;
        }
        inside.is_sealing = true;
        Some(Sealing(self))
    }
}

impl Drop for Scanning {
    fn drop(&mut self) {
        self.0.inside().scans -= 1;
    }
}

impl Drop for Sealing<'_> {
    fn drop(&mut self) {
        self.0.inside().is_sealing = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scans_share_and_sealing_is_alone_and_never_waits() {
        let gate = Arc::new(Gate::default());
        let (one, two) = (gate.scan(), gate.scan());
        assert!(gate.try_seal().is_none());
        drop(one);
        assert!(gate.try_seal().is_none());
        drop(two);
        let sealing = gate.try_seal().unwrap();
        assert!(gate.try_seal().is_none());
        let late = std::thread::spawn({
            let gate = gate.clone();
            move || drop(gate.scan())
        });
        drop(sealing);
        late.join().unwrap();
        assert!(gate.try_seal().is_some());
    }
}
