//! Decides which interactions are kept together: everything a rule must see at once to say who
//! answered whom.
//!
//! That is the thread of rule E13, joined with whatever hangs below it (rule E12) and with what the
//! brand quotes (rule E16). Posts come in any order, so such groups grow together: when a post
//! shows that two are one, the rows of one are filed under the other.

use std::collections::BTreeSet;

use anyhow::Result;

use super::page::{Id, Page};

impl Page<'_> {
    /// Files these rows; the names of all groups they are in now.
    pub fn file(&mut self, rows: Vec<Id>) -> Result<BTreeSet<Id>> {
        for (platform, id) in &rows {
            self.file_row(platform, id)?;
        }
        let mut groups = BTreeSet::new();
        for (platform, id) in rows {
            if let Some(filed) = self.filed(&platform, &id)? {
                groups.insert((platform, filed));
            }
        }
        Ok(groups)
    }

    fn file_row(&mut self, platform: &str, id: &str) -> Result<()> {
        let Some(record) = self.see(platform, id)? else { return Ok(()) };
        let (filed, latest) = (record.filed.clone(), record.latest());
        let Some(it) = latest else { return Ok(()) };
        let is_own = it.own || it.person.is_some_and(|p| self.accounts.own.contains(&p));
        let quoted = it.about.filter(|about| is_own && it.kind.speaks() && about != id);
        let links = [it.thread, it.in_reply_to, quoted.clone()].into_iter().flatten();
        let mut links: Vec<String> = links.filter(|link| link != id).collect();
        // Whoever waits for a post is filed under its name; this row has a place already.
        if let Some(quoted) = quoted.filter(|quoted| links.first() != Some(quoted)) {
            self.wait_for(platform, &quoted, id)?;
        }
        let group = match links.first() {
            Some(first) => self.group_of(platform, first)?,
            None => filed.clone(),
        };
        self.join(platform, &filed, &group)?;
        links.extend(self.waiting_for(platform, id)?);
        for other in links {
            let other = self.group_of(platform, &other)?;
            self.join(platform, &other, &group)?;
        }
        Ok(())
    }

    /// What a row is filed under; `None` if there is no such row.
    fn filed(&mut self, platform: &str, id: &str) -> Result<Option<String>> {
        Ok(self.see(platform, id)?.map(|record| record.filed.clone()))
    }

    /// The group of a post; one that was never seen gives its own name to those who wait for it.
    fn group_of(&mut self, platform: &str, id: &str) -> Result<String> {
        if let Some(filed) = self.filed(platform, id)? {
            return Ok(filed);
        }
        for waiting in self.waiting_for(platform, id)? {
            if let Some(filed) = self.filed(platform, &waiting)? {
                return Ok(filed);
            }
        }
        Ok(id.to_owned())
    }

    /// Remembers that a row belongs with a post that is not stored, and is filed elsewhere.
    fn wait_for(&mut self, platform: &str, id: &str, row: &str) -> Result<()> {
        if self.see(platform, id)?.is_some() {
            return Ok(());
        }
        let mut all = self.waiting_for(platform, id)?;
        if !all.iter().any(|known| known == row) {
            all.push(row.to_owned());
            self.awaited.insert(self.awaited_name(platform, id), all);
        }
        Ok(())
    }

    fn waiting_for(&self, platform: &str, id: &str) -> Result<Vec<String>> {
        let name = self.awaited_name(platform, id);
        Ok(match self.awaited.get(&name) {
            Some(all) => all.clone(),
            None => self.desk.store.value(&name)?.unwrap_or_default(),
        })
    }

    fn awaited_name(&self, platform: &str, id: &str) -> String {
        format!("awaited/{}/{platform}/{id}", self.desk.brand.id)
    }

    fn join(&mut self, platform: &str, from: &str, into: &str) -> Result<()> {
        if from == into {
            return Ok(());
        }
        let members = self.members(platform, from)?;
        if let Some(first) = members.first() {
            self.wait_for(platform, from, first)?;
        }
        for id in members {
            if let Some(mut record) = self.record(platform, &id)? {
                into.clone_into(&mut record.filed);
                self.put(record);
            }
        }
        Ok(())
    }

    /// The ids of every row of a group, as this page sees it.
    pub fn members(&mut self, platform: &str, group: &str) -> Result<Vec<String>> {
        let mut ids = BTreeSet::new();
        for record in self.desk.store.thread(self.desk.key, platform, group)? {
            let id = (record.platform.clone(), record.id.clone());
            self.before.entry(id.clone()).or_insert_with(|| Some(record));
            ids.insert(id);
        }
        ids.extend(self.after.iter().filter(|(_, r)| r.filed == group).map(|(id, _)| id.clone()));
        let mut members = Vec::new();
        for (_, id) in ids.into_iter().filter(|(of, _)| of == platform) {
            if self.see(platform, &id)?.is_some_and(|record| record.filed == group) {
                members.push(id);
            }
        }
        Ok(members)
    }
}
