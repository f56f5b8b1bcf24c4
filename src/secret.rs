//! Brings secrets in from files and systemd credentials, and keeps them out of the config.
//!
//! A section names where a secret lies, never what it is. What is wrong with the place is a
//! finding; what was read appears in none.

use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::settings::{Placed, Section};

/// The keys of one secret in a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The key people try first, and that is refused. `None`: the section has a use for it.
    pub plain: Option<&'static str>,
    /// The name of a systemd credential.
    pub credential: &'static str,
    /// The path of a file.
    pub file: &'static str,
}

/// `token-credential`, `token-file`.
pub const TOKEN: Keys =
    Keys { plain: Some("token"), credential: "token-credential", file: "token-file" };
/// `password-credential`, `password-file`.
pub const PASSWORD: Keys =
    Keys { plain: Some("password"), credential: "password-credential", file: "password-file" };
/// `url-credential`, `url-file`: for addresses that hold a token; others stay plain `url`.
pub const URL: Keys = Keys { plain: None, credential: "url-credential", file: "url-file" };

/// The keys of the secret of that name; any other name is taken for the token's.
pub fn keys(what: &str) -> Keys {
    match what {
        "password" => PASSWORD,
        "url" => URL,
        _ => TOKEN,
    }
}

/// Where systemd's unit takes its credentials from, and where they are looked for when the program
/// was not started by systemd.
const FOLDER: &str = "/etc/affinityd/credentials";
/// The id in `LoadCredential=affinityd:/etc/affinityd/credentials`. systemd names the files of a
/// folder `ID_NAME`.
const ID: &str = "affinityd";
const LARGEST: u64 = 64 << 10;

/// The secret that a section points to. `None` if it points to none, or if something is wrong with
/// it: then there is a finding.
pub fn load(section: &Section<'_>, keys: Keys) -> Option<SecretString> {
    find(section, keys, &shelf()).flatten()
}

/// As [`load`], for a secret that must be there.
pub fn required(section: &Section<'_>, keys: Keys) -> Option<SecretString> {
    require(section, keys, &shelf())
}

/// Where a secret is named that cannot be reached from here: it is not there, or this user may not
/// read it. What else is wrong with it is for [`load`] to say.
pub fn out_of_reach(section: &Section<'_>, keys: Keys) -> Option<Placed<String>> {
    let shelf = shelf();
    let is_closed = |path: &Path| File::open(path).is_err();
    let credential = section.string(keys.credential).filter(|name| {
        let names = [name.value.clone(), format!("{ID}_{}", name.value)];
        names.iter().all(|file| is_closed(&shelf.folder.join(file)))
    });
    credential.or_else(|| section.string(keys.file).filter(|p| is_closed(Path::new(&p.value))))
}

/// A fingerprint that is the same as long as secret and seed are: tells that a secret was changed
/// without keeping it. With a seed that stays in the store, it is worth nothing elsewhere.
///
/// xxh3 is no cryptographic hash. 64 bits do not hold a token of usual length; against trying out
/// short passwords by someone who has the store, each try is made to cost 20,000 rounds.
pub fn fingerprint(secret: &SecretString, seed: u64) -> u64 {
    let bytes = secret.expose_secret().as_bytes();
    (0..20_000_u64).fold(xxh3_64_with_seed(bytes, seed), |hash, round| {
        xxh3_64_with_seed(&hash.to_le_bytes(), seed ^ round)
    })
}

/// Where credentials lie.
struct Shelf {
    folder: PathBuf,
    /// systemd put them there.
    by_systemd: bool,
}

fn shelf() -> Shelf {
    match std::env::var_os("CREDENTIALS_DIRECTORY") {
        Some(folder) => Shelf { folder: folder.into(), by_systemd: true },
        None => Shelf { folder: FOLDER.into(), by_systemd: false },
    }
}

fn require(section: &Section<'_>, keys: Keys, shelf: &Shelf) -> Option<SecretString> {
    find(section, keys, shelf).unwrap_or_else(|| {
        section.reject(
            section.span(),
            format!("there is neither `{}` nor `{}`", keys.credential, keys.file),
            format!(
                "put it into {FOLDER}/NAME and write `{} = \"NAME\"`, or name any file of your own \
                 with `{} = \"PATH\"`",
                keys.credential, keys.file
            ),
        );
        None
    })
}

/// `None`: no key is there. `Some(None)`: one is, and there is a finding about it.
fn find(section: &Section<'_>, keys: Keys, shelf: &Shelf) -> Option<Option<SecretString>> {
    let plain = keys.plain.filter(|key| section.string(key).is_some());
    let credential = section.string(keys.credential);
    let file = section.path(keys.file);
    if let Some(plain) = plain {
        // Not at its own place: whoever shows the line of a finding would show the secret.
        let start = section.span().start;
        section.reject(
            start..start,
            format!("`{plain}` is a secret and must not be written here"),
            format!(
                "move it to {FOLDER}/NAME (mode 600) and write `{} = \"NAME\"`, or to any file of \
                 your own and write `{} = \"PATH\"`",
                keys.credential, keys.file
            ),
        );
        return Some(None);
    }
    match (credential, file) {
        (None, None) => None,
        (Some(name), None) => Some(credential_of(section, keys, &name, shelf)),
        (None, Some(path)) => Some(read(section, path.span, &path.value, Group::Refused)),
        (Some(_), Some(path)) => {
            section.reject(
                path.span,
                format!("both `{}` and `{}` are given", keys.credential, keys.file),
                "keep one of them",
            );
            Some(None)
        }
    }
}

fn credential_of(
    section: &Section<'_>,
    keys: Keys,
    name: &Placed<String>,
    shelf: &Shelf,
) -> Option<SecretString> {
    let plain_name = !name.value.is_empty()
        && name.value.len() <= 200
        && !name.value.starts_with('.')
        && name.value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if !plain_name {
        section.reject(
            name.span.clone(),
            format!("`{}` must be a plain file name", keys.credential),
            format!(
                "it names a file in {FOLDER}; for a path use `{}` instead; if this is the secret \
                 itself, move it there and change it",
                keys.file
            ),
        );
        return None;
    }
    let names = [name.value.clone(), format!("{ID}_{}", name.value)];
    let mut paths = names.iter().map(|file| shelf.folder.join(file));
    let path = paths.find(|path| path.exists());
    let Some(path) = path else {
        let help = if shelf.by_systemd {
            format!("put it into {FOLDER} and restart; the unit hands that folder over")
        } else {
            format!(
                "not started by systemd, so it was looked for in {}, which needs root",
                shelf.folder.display()
            )
        };
        let said = format!("there is no credential `{}`", name.value);
        section.reject(name.span.clone(), said, help);
        return None;
    };
    let group = if shelf.by_systemd { Group::Allowed } else { Group::Refused };
    read(section, name.span.clone(), &path, group)
}

/// Whether the group may read a file: systemd's own copies are root's, mode 0440.
#[derive(Clone, Copy, PartialEq)]
enum Group {
    Allowed,
    Refused,
}

fn read(
    section: &Section<'_>,
    span: Range<usize>,
    path: &Path,
    group: Group,
) -> Option<SecretString> {
    match contents(path, group) {
        Ok(secret) => Some(secret),
        Err((said, help)) => {
            section.reject(span, format!("{said}: {}", path.display()), help);
            None
        }
    }
}

fn contents(path: &Path, group: Group) -> Result<SecretString, (String, String)> {
    let no = |said: &str, help: String| Err((said.to_owned(), help));
    let unreadable = |why: std::io::Error| {
        let help = match why.kind() {
            std::io::ErrorKind::NotFound => "create it, mode 600, with the secret and nothing else",
            std::io::ErrorKind::PermissionDenied => "it must be readable for the daemon's own user",
            _ => "",
        };
        (format!("the secret cannot be read ({})", why.kind()), help.to_owned())
    };
    // Opening a pipe would wait for a writer, so that it is a file is asked first.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return no("a secret must be an ordinary file", String::new());
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    let mode = meta.permissions().mode() & 0o777;
    let others = if group == Group::Allowed { 0o007 } else { 0o077 };
    if mode & others != 0 {
        return no(
            &format!("others may read or change this secret (mode {mode:03o})"),
            format!("run: chmod 600 {}", quoted(path)),
        );
    }
    let mut bytes = Vec::new();
    file.by_ref().take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return no("this is too large for a secret", "at most 64 KiB are read".to_owned());
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return no("the secret is not UTF-8 text", "is this the right file?".to_owned());
    };
    let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
    if text.trim().is_empty() {
        return no("the file of the secret is empty", "write the secret into it".to_owned());
    }
    Ok(SecretString::from(text))
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;
    use crate::settings::Findings;

    const CANARY: &str = "c4n4ry-t0k3n";

    struct Place {
        dir: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            Self { dir: tempfile::tempdir().expect("a folder") }
        }

        fn write(&self, name: &str, bytes: impl AsRef<[u8]>, mode: u32) -> String {
            let path = self.dir.path().join(name);
            fs::write(&path, bytes).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("changed");
            path.display().to_string()
        }

        /// The secret, and what was found, with the text at its place.
        fn read(&self, toml: &str, by_systemd: bool) -> (Option<String>, Vec<String>) {
            let findings = Findings::default();
            let table = DeTable::parse(toml).expect("test input is TOML");
            let shelf = Shelf { folder: self.dir.path().to_owned(), by_systemd };
            let root = Section::root(&table, &findings);
            let found = match root.section("account") {
                Some(section) => require(&section, TOKEN, &shelf),
                None => require(&root, TOKEN, &shelf),
            };
            drop(root);
            let said = findings
                .take()
                .iter()
                .map(|f| format!("{f:?} AT {}", &toml[f.span.clone()]))
                .collect();
            (found.map(|s| s.expose_secret().to_owned()), said)
        }
    }

    #[test]
    fn secrets_come_from_files_and_credentials() {
        let place = Place::new();
        let path = place.write("own", format!("{CANARY}\r\n"), 0o600);
        place.write("plain", format!("{CANARY}\n"), 0o400);
        place.write("affinityd_folder", CANARY, 0o440);
        for (case, toml, by_systemd) in [
            ("a file", format!("token-file = \"{path}\""), false),
            ("a credential", "token-credential = \"plain\"".to_owned(), true),
            ("a credential out of a folder", "token-credential = \"folder\"".to_owned(), true),
            ("by hand, from the folder itself", "token-credential = \"plain\"".to_owned(), false),
        ] {
            let (secret, said) = place.read(&toml, by_systemd);
            assert_eq!(secret.as_deref(), Some(CANARY), "{case}: {said:?}");
            assert!(said.is_empty(), "{case}: {said:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_the_secret_is_not() {
        let place = Place::new();
        let world = place.write("world", CANARY, 0o604);
        let group = place.write("group", CANARY, 0o640);
        let empty = place.write("empty", " \n", 0o600);
        let binary = place.write("binary", [CANARY.as_bytes(), &[0xff]].concat(), 0o600);
        let large = place.write("large", CANARY.repeat(6_000), 0o600);
        let odd = place.write("it's odd", CANARY, 0o644);
        let folder = place.dir.path().display().to_string();
        let file = |path: &str| format!("token-file = \"{path}\"");
        for (case, toml, by_systemd, wanted) in [
            ("in the config", format!("token = \"{CANARY}\""), true, "must not be written here"),
            ("in it and elsewhere", format!("{}\ntoken=\"{CANARY}\"", file(&world)), true, "here"),
            ("nowhere", "x = 1".to_owned(), true, "neither"),
            ("both", format!("{}\ntoken-credential = \"a\"", file(&world)), true, "both"),
            ("all may read it", file(&world), true, "run: chmod 600 /"),
            ("the group may", file(&group), true, "mode 640"),
            ("the group may, by hand", "token-credential=\"group\"".into(), false, "mode 640"),
            ("all may, systemd or not", "token-credential=\"world\"".into(), true, "mode 604"),
            ("an odd path", file(&odd), true, "it'\\\\''s odd'"),
            ("empty", file(&empty), true, "is empty"),
            ("not text", file(&binary), true, "not UTF-8"),
            ("too large", file(&large), true, "too large"),
            ("a folder", file(&folder), true, "ordinary file"),
            ("missing", file("/nowhere/x"), true, "create it"),
            ("no such credential", "token-credential=\"no\"".into(), true, "hands that folder"),
            ("no systemd", "token-credential=\"no\"".into(), false, "needs root"),
            ("a path", "token-credential=\"../group\"".into(), true, "plain file name"),
            ("the secret itself", "token-credential=\"a+b/c=\"".into(), true, "plain file name"),
        ] {
            let (secret, said) = place.read(&toml, by_systemd);
            assert_eq!(secret, None, "{case}");
            let said = said.join("\n");
            assert!(said.contains(wanted), "{case}: {said}");
            assert!(!said.contains(CANARY), "{case}: {said}");
        }
    }

    #[test]
    fn a_secret_in_a_section_is_not_shown_by_its_place() {
        let place = Place::new();
        let (_, said) = place.read(&format!("[account]\ntoken = \"{CANARY}\"\n"), true);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(!said[0].contains(CANARY), "{said:?}");
    }

    #[test]
    fn a_fingerprint_tells_secrets_and_seeds_apart() {
        let print = |text: &str, seed| fingerprint(&SecretString::from(text), seed);
        assert_eq!(print("a", 1), print("a", 1));
        assert_ne!(print("a", 1), print("b", 1));
        assert_ne!(print("a", 1), print("a", 2));
        assert_ne!(print("", 1), print("\0", 1));
    }

    #[test]
    fn a_fingerprint_stays_the_same_from_version_to_version() {
        assert_eq!(fingerprint(&SecretString::from("token"), 7), 3_260_160_381_366_041_911);
    }
}
