//! F5: a real disk of 8 MiB runs full while the daemon runs, and gets space again. No mail for what
//! was not stored, no mail twice; it recovers within one poll, without a restart and without
//! anybody's help; and the status says what is wrong.

use std::path::{Path, PathBuf};
use std::process::Command;

use affinityd::model::Time;

use crate::binary::{Daemon, until};
use crate::flow::Flow;

/// A file system of its own below the state directory; gone at the end.
struct Disk(PathBuf);

impl Disk {
    /// `None`, and why on the terminal, where that is not allowed.
    fn mount(place: &Path) -> Option<Self> {
        let state = place.join("state");
        std::fs::create_dir(&state).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs"]).arg(&state);
        match mount.output() {
            Ok(done) if done.status.success() => Some(Self(state)),
            Ok(done) => {
                println!("skipped: {}", String::from_utf8_lossy(&done.stderr).trim());
                None
            }
            Err(error) => {
                println!("skipped: mount: {error}");
                None
            }
        }
    }

    fn grow(&self) {
        let mut mount = Command::new("mount");
        mount.args(["-o", "remount,size=256m"]).arg(&self.0);
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// People say long things until it is so; one look in twenty costs a process.
fn fill(flow: &mut Flow, daemon: &Daemon, is_so: impl Fn(&Flow) -> bool) {
    let (mut word, mut looks) = (0_u64, 0);
    let mut asked = flow.fake.asked("notifications");
    until(
        "a full disk",
        || {
            if flow.fake.asked("notifications") > asked + 1 {
                asked = flow.fake.asked("notifications");
                flow.speak(1, 0);
                for _ in 0..30 {
                    let text: String = (0..200).map(|_| noise(&mut word)).collect();
                    flow.fake.mention("bob", &text, flow.now().plus(-3 * Time::HOUR));
                }
            }
            looks += 1;
            looks % 20 == 0 && is_so(flow)
        },
        || daemon.log(),
    );
}

/// Somebody else has taken so much of the disk before.
fn take(disk: &Disk, kilobytes: usize) {
    std::fs::write(disk.0.join("taken"), vec![1; kilobytes << 10]).unwrap();
}

/// A word that nothing can make shorter.
fn noise(seed: &mut u64) -> String {
    *seed += 1;
    format!("{:x} ", seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn recovers(flow: &mut Flow, mut daemon: Daemon, disk: &Disk) {
    // Full as it is, it goes on for a while, and people go on speaking.
    let arrived = flow.arrived().len();
    for _ in 0..3 {
        flow.speak(1, 1);
        std::thread::park_timeout(std::time::Duration::from_millis(700));
        assert!(!daemon.has_ended(), "{}", daemon.log());
    }
    assert!(flow.arrived().len() <= arrived + 2, "nothing new was decided, so nothing is mailed");
    disk.grow();
    let told = || flow.all_told();
    until("the complaints", told, || {
        format!("{}\n{}", flow.place.run(&["status"]).out, daemon.log())
    });
    until(
        "a healthy daemon",
        || flow.place.run(&["status"]).code == 0,
        || format!("{}\n{}", flow.place.run(&["status"]).out, daemon.log()),
    );
    assert!(!daemon.has_ended(), "one process all the time");
    assert!(!daemon.log().contains("panic"), "{}", daemon.log());
    daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(daemon.end().0, Some(0));
    flow.finish();
    flow.check();
    assert_eq!(flow.doubled(), 0, "no mail twice");
}

#[test]
fn a_full_disk_stops_mail_and_polling_and_is_over_when_there_is_space() {
    let mut flow = Flow::new("\n[store]\nlow-disk-mb = 0\n");
    let Some(disk) = Disk::mount(flow.place.dir.path()) else { return };
    take(&disk, 3 << 10);
    flow.speak(1, 2);
    let daemon = flow.start("");
    fill(&mut flow, &daemon, |flow| {
        let status = flow.place.run(&["status"]);
        status.code == 1 && status.out.contains("full")
    });
    // And somebody else takes what the daemon has left.
    let mut other = std::fs::File::create(disk.0.join("other")).unwrap();
    while std::io::Write::write_all(&mut other, &[1; 4096]).is_ok() {}
    recovers(&mut flow, daemon, &disk);
}

#[test]
fn a_nearly_full_disk_stops_polling_and_the_status_says_so() {
    let mut flow = Flow::new("\n[store]\nlow-disk-mb = 5\n");
    let Some(disk) = Disk::mount(flow.place.dir.path()) else { return };
    take(&disk, 2 << 10);
    flow.speak(1, 2);
    let daemon = flow.start("");
    let log = flow.place.path("log");
    let said = |words: &str| std::fs::read_to_string(&log).unwrap_or_default().contains(words);
    fill(&mut flow, &daemon, |_| said("the disk is nearly full: not polling"));
    let status = flow.place.run(&["status"]);
    assert_eq!(status.code, 1, "{}", status.out);
    assert!(status.out.contains("disk"), "{}", status.out);
    let asked = flow.fake.asked("notifications");
    flow.speak(1, 1);
    std::thread::park_timeout(std::time::Duration::from_millis(500));
    assert!(flow.fake.asked("notifications") <= asked + 1, "it does not poll");
    recovers(&mut flow, daemon, &disk);
}
