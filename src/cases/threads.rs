//! The shape of conversations: order, parents, threads, and who speaks in them (rules E5, E12 to
//! E14).
//!
//! Rows come from strangers, so parents may be missing, name themselves or go round in circles,
//! and a thread may be as deep as it is long: nothing here recurses, and everything but sorting is
//! linear in the number of rows.

use std::collections::HashMap;

use crate::model::{History, Interaction, Person, Time};

/// One person in one thread: what E15 calls the posts of one person there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Who; `None` for a row without a person, which is a voice of its own.
    pub person: Option<Person>,
    /// The thread, see [`Threads::thread_id`].
    pub thread: usize,
    /// Their rows there, in order.
    pub rows: Vec<usize>,
    /// The trees these rows stand in, each by its topmost row.
    pub(super) roots: Vec<usize>,
}

struct Node {
    up: Option<usize>,
    /// `up` is the parent itself, not the root that an orphan hangs below.
    direct: bool,
    root: usize,
    depth: u32,
    thread: usize,
    rank: usize,
    voice: Option<usize>,
}

struct Thread<'h> {
    id: &'h str,
    linear: bool,
}

/// The conversations of a history. Rows are meant by their index in [`History::rows`].
pub struct Threads<'h> {
    history: &'h History,
    index: HashMap<(&'h str, &'h str), usize>,
    nodes: Vec<Node>,
    order: Vec<usize>,
    threads: Vec<Thread<'h>>,
    voices: Vec<Voice>,
}

impl<'h> Threads<'h> {
    /// Finds the structure of all rows.
    pub fn of(history: &'h History) -> Self {
        let rows = &history.rows;
        let index: HashMap<_, _> =
            rows.iter().enumerate().map(|(n, r)| ((&*r.platform, &*r.id), n)).collect();
        let mut this = Self {
            history,
            nodes: rows.iter().enumerate().map(|(n, row)| link(n, row, &index)).collect(),
            index,
            order: (0..rows.len()).collect(),
            threads: Vec::new(),
            voices: Vec::new(),
        };
        this.cut_circles();
        let downwards = this.measure();
        this.file(&downwards);
        this.sort();
        this.gather();
        this
    }

    /// The history this is the structure of.
    pub fn history(&self) -> &'h History {
        self.history
    }

    /// A row by its index.
    pub fn row(&self, row: usize) -> &'h Interaction {
        &self.history.rows[row]
    }

    /// The row with that identity, if it is stored.
    pub fn find(&self, platform: &str, id: &str) -> Option<usize> {
        self.index.get(&(platform, id)).copied()
    }

    /// All rows in the order of rule E5: time, depth, platform, id.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The place of a row in that order.
    pub fn rank(&self, row: usize) -> usize {
        self.nodes[row].rank
    }

    /// How many rows are above a row.
    pub fn depth(&self, row: usize) -> u32 {
        self.nodes[row].depth
    }

    /// The direct parent (rule E12), if it is stored.
    pub fn parent(&self, row: usize) -> Option<usize> {
        self.nodes[row].up.filter(|_| self.nodes[row].direct)
    }

    /// The row it hangs below: its parent, or else the stored root of its thread.
    pub fn up(&self, row: usize) -> Option<usize> {
        self.nodes[row].up
    }

    /// Everything above a row, nearest first.
    pub fn above(&self, row: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.up(row), |&up| self.up(up))
    }

    /// Whether `low` is below `high` (rule E14). A row is not below itself.
    pub fn is_below(&self, low: usize, high: usize) -> bool {
        self.above(low).any(|up| up == high)
    }

    /// The thread a row belongs to (rule E13), as a number of this structure.
    pub fn thread(&self, row: usize) -> usize {
        self.nodes[row].thread
    }

    /// The platform's id of a thread.
    pub fn thread_id(&self, thread: usize) -> &'h str {
        self.threads[thread].id
    }

    /// Whether "later in the thread" stands for "below" (rule E14): no row of it names a parent,
    /// and the platform does not say that its replies do.
    pub fn is_linear(&self, thread: usize) -> bool {
        self.threads[thread].linear
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.threads.len()
    }

    /// Every person in every thread, in the order of their first row.
    pub fn voices(&self) -> &[Voice] {
        &self.voices
    }

    /// Whose row it is: `None` for the brand's own, for likes and plain shares, and for rows that
    /// are only nodes (rule E8).
    pub fn voice(&self, row: usize) -> Option<usize> {
        self.nodes[row].voice
    }

    /// The topmost row above (or at) a row.
    pub(super) fn root(&self, row: usize) -> usize {
        self.nodes[row].root
    }

    /// Parents that go round in a circle cannot all be true: the earliest row of it has none.
    fn cut_circles(&mut self) {
        const FRESH: usize = usize::MAX;
        let mut walked_by = vec![FRESH; self.nodes.len()];
        for start in 0..self.nodes.len() {
            let mut here = start;
            while walked_by[here] == FRESH {
                walked_by[here] = start;
                match self.nodes[here].up {
                    Some(up) => here = up,
                    None => break,
                }
            }
            if self.nodes[here].up.is_some() && walked_by[here] == start {
                self.cut_circle(here);
            }
        }
    }

    fn cut_circle(&mut self, on_it: usize) {
        let key = |row: usize| (self.row(row).at, &self.row(row).id);
        let mut earliest = on_it;
        let mut here = on_it;
        while let Some(up) = self.nodes[here].up {
            here = up;
            if here == on_it {
                break;
            }
            if key(here) < key(earliest) {
                earliest = here;
            }
        }
        self.nodes[earliest].up = None;
    }

    /// Sets depth and root; gives all rows, parents before children.
    fn measure(&mut self) -> Vec<usize> {
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        let mut downwards = Vec::with_capacity(self.nodes.len());
        for (n, node) in self.nodes.iter().enumerate() {
            match node.up {
                Some(up) => children[up].push(n),
                None => downwards.push(n),
            }
        }
        let mut next = 0;
        while let Some(&here) = downwards.get(next) {
            next += 1;
            let (depth, root) = (self.nodes[here].depth + 1, self.nodes[here].root);
            for &child in &children[here] {
                self.nodes[child].depth = depth;
                self.nodes[child].root = root;
                downwards.push(child);
            }
        }
        downwards
    }

    /// Files each row under its thread (rule E13).
    fn file(&mut self, downwards: &[usize]) {
        let mut known: HashMap<(&str, &str), usize> = HashMap::new();
        for &n in downwards {
            let row = self.row(n);
            let above = self.parent(n).filter(|_| row.in_reply_to.is_some());
            let id: &'h str = match (&row.thread, above, &row.in_reply_to) {
                (Some(thread), ..) => thread,
                (None, Some(parent), _) => self.threads[self.nodes[parent].thread].id,
                (None, None, Some(missing)) => missing,
                (None, None, None) => &row.id,
            };
            let threads = &mut self.threads;
            let thread = *known.entry((&row.platform, id)).or_insert_with(|| {
                let linear = !self.history.parented.contains(&row.platform);
                threads.push(Thread { id, linear });
                threads.len() - 1
            });
            threads[thread].linear &= row.in_reply_to.is_none();
            self.nodes[n].thread = thread;
        }
    }

    fn sort(&mut self) {
        let (rows, nodes) = (&self.history.rows, &self.nodes);
        let key = |n: usize| (rows[n].at, nodes[n].depth, &rows[n].platform, &rows[n].id);
        self.order.sort_unstable_by(|&a, &b| key(a).cmp(&key(b)));
        for (rank, &n) in self.order.iter().enumerate() {
            self.nodes[n].rank = rank;
        }
    }

    fn gather(&mut self) {
        let mut known: HashMap<(Person, usize), usize> = HashMap::new();
        for &n in &self.order {
            let row = self.row(n);
            if !row.kind.speaks() || !self.history.is_inbound(row) {
                continue;
            }
            let thread = self.nodes[n].thread;
            let person = row.person.filter(|_| !is_deleted(row, self.history.now));
            let fresh = self.voices.len();
            let voice =
                person.map_or(fresh, |person| *known.entry((person, thread)).or_insert(fresh));
            if voice == fresh {
                self.voices.push(Voice { person, thread, rows: Vec::new(), roots: Vec::new() });
            }
            self.voices[voice].rows.push(n);
            self.voices[voice].roots.push(self.nodes[n].root);
            self.nodes[n].voice = Some(voice);
        }
        for voice in &mut self.voices {
            voice.roots.sort_unstable();
            voice.roots.dedup();
        }
    }
}

/// Whether its author had deleted a row by then.
pub(super) fn is_deleted(row: &Interaction, now: Time) -> bool {
    row.deleted_at.is_some_and(|at| at <= now)
}

fn link(n: usize, row: &Interaction, index: &HashMap<(&str, &str), usize>) -> Node {
    let find = |id: &str| index.get(&(&*row.platform, id)).copied();
    let root = row.thread.as_deref().filter(|id| *id != row.id).and_then(find);
    let (up, direct) = match row.in_reply_to.as_deref() {
        None => (root, true),
        Some(id) if id == row.id => (None, true),
        Some(id) => match find(id) {
            Some(parent) => (Some(parent), true),
            None => (root, false),
        },
    };
    Node { up, direct, root: n, depth: 0, thread: 0, rank: 0, voice: None }
}
