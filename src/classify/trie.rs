//! Finds every term of a large list that starts at a place in a text, in one walk.
//!
//! What a term means, and whether it may end where it ends, is the caller's.

/// Terms as paths from a root, each with the numbers that were filed under it.
#[derive(Debug, Default)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    edges: Vec<(char, u32)>,
    values: Vec<u32>,
    /// The children of the root for the letters up to [`NEAR`], 0 for none: every letter of a text
    /// asks there, and most end there.
    roots: Vec<u32>,
    /// The grandchildren for two letters of ASCII, likewise: most that are left end at the second.
    pairs: Vec<u32>,
}

/// Latin, Greek, Cyrillic, Hebrew and Arabic lie below.
const NEAR: usize = 0x700;
const ASCII: usize = 0x80;

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    edges: (u32, u32),
    values: (u32, u32),
}

impl Trie {
    /// Files each term under its number. Equal terms may come several times.
    pub(super) fn new(mut terms: Vec<(Vec<char>, u32)>) -> Self {
        terms.sort();
        let mut trie = Self { nodes: vec![Node::default()], ..Self::default() };
        trie.fill(0, &terms, 0);
        trie.roots = vec![0; NEAR];
        let (from, to) = trie.nodes[0].edges;
        for (letter, child) in &trie.edges[from as usize..to as usize] {
            if let Some(root) = trie.roots.get_mut(*letter as usize) {
                *root = *child;
            }
        }
        trie.pairs = vec![0; ASCII * ASCII];
        for first in 0..ASCII {
            let (from, to) = trie.nodes[trie.roots[first] as usize].edges;
            let edges = &trie.edges[from as usize..to as usize];
            for (letter, child) in edges.iter().filter(|_| trie.roots[first] != 0) {
                if (*letter as usize) < ASCII {
                    trie.pairs[first * ASCII + *letter as usize] = *child;
                }
            }
        }
        trie
    }

    /// Lays out the subtree of one node. `terms` are sorted and share their first `depth` letters,
    /// so the recursion is as deep as the longest term.
    fn fill(&mut self, node: usize, terms: &[(Vec<char>, u32)], depth: usize) {
        let here = terms.partition_point(|(term, _)| term.len() == depth);
        let start = self.values.len() as u32;
        self.values.extend(terms[..here].iter().map(|(_, value)| *value));
        self.nodes[node].values = (start, self.values.len() as u32);

        let groups: Vec<_> =
            terms[here..].chunk_by(|(a, _), (b, _)| a[depth] == b[depth]).collect();
        let first = self.edges.len();
        for group in &groups {
            self.edges.push((group[0].0[depth], self.nodes.len() as u32));
            self.nodes.push(Node::default());
        }
        self.nodes[node].edges = (first as u32, self.edges.len() as u32);
        for (index, group) in groups.iter().enumerate() {
            let child = self.edges[first + index].1 as usize;
            self.fill(child, group, depth + 1);
        }
    }

    /// Calls `found(end, numbers)` for every term that starts at `at`, shortest first.
    #[inline]
    pub(super) fn walk(&self, text: &[char], at: usize, mut found: impl FnMut(usize, &[u32])) {
        let mut node = self.nodes[0];
        for (index, letter) in text.iter().enumerate().skip(at) {
            let before = if index == at + 1 { text[at] as usize } else { ASCII };
            let near = if index == at {
                self.roots.get(*letter as usize)
            } else if before < ASCII && (*letter as usize) < ASCII {
                self.pairs.get(before * ASCII + *letter as usize)
            } else {
                None
            };
            let child = match near {
                Some(0) => return,
                Some(child) => *child,
                None => {
                    let edges = &self.edges[node.edges.0 as usize..node.edges.1 as usize];
                    let Ok(edge) = edges.binary_search_by_key(letter, |(c, _)| *c) else { return };
                    edges[edge].1
                }
            };
            node = self.nodes[child as usize];
            let values = &self.values[node.values.0 as usize..node.values.1 as usize];
            if !values.is_empty() {
                found(index + 1, values);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_terms_at_a_place_are_found_shortest_first() {
        let terms = ["ab", "abc", "b", "ab", "xyz"];
        let trie =
            Trie::new(terms.iter().zip(0..).map(|(t, n)| (t.chars().collect(), n)).collect());
        let text: Vec<char> = "abcd".chars().collect();
        let mut seen = Vec::new();
        for at in 0..text.len() {
            trie.walk(&text, at, |end, values| seen.push((at, end, values.to_vec())));
        }
        assert_eq!(seen, [(0, 2, vec![0, 3]), (0, 3, vec![1]), (1, 2, vec![2])]);
    }
}
