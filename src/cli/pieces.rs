//! Cuts a file into pieces that a daemon can take in beside its work, each whole in itself.
//!
//! Pieces of lines end at line ends; pieces of a spreadsheet end where no quote is open, and each
//! has the header. What the lines mean is `interchange`'s; only what cannot even be handed over,
//! since it is no UTF-8, is told here.

use std::io::{self, BufRead, Read};

/// About how large a piece is.
const PIECE: usize = 1024 * 1024;
/// A line longer than this is left out: nothing longer is understood anyway.
const LONGEST: usize = 2 * 1024 * 1024;

/// One piece of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The header, if there is one, and whole records.
    pub text: String,
    /// The number of a line in the text, plus this, is its number in the file.
    pub skipped: u64,
    /// How many bytes of the file it stands for.
    pub bytes: u64,
    /// Lines that are no text, by number, with what is wrong; empty lines stand in for them.
    pub bad: Vec<(u64, &'static str)>,
}

/// The pieces of a file.
pub struct Pieces<R> {
    input: R,
    has_header: bool,
    header: Option<Header>,
    /// Lines read so far.
    number: u64,
}

#[derive(Default)]
struct Header {
    text: String,
    lines: u64,
}

/// A record as it stands in the file.
struct Record {
    bytes: Vec<u8>,
    lines: u64,
    read: u64,
    is_too_long: bool,
}

impl<R: BufRead> Pieces<R> {
    /// Pieces of lines, or, with a header, of a spreadsheet.
    pub fn new(input: R, has_header: bool) -> Self {
        Self { input, has_header, header: None, number: 0 }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub fn next(&mut self) -> io::Result<Option<Piece>> {
        let mut piece = Piece::default();
        if self.header.is_none() {
            let header = if self.has_header { self.record()? } else { None };
            let header = header.map(|record| {
                piece.bytes += record.read;
                Header { text: text(&record).unwrap_or_default(), lines: record.lines }
            });
            self.number += header.as_ref().map_or(0, |h| h.lines);
            self.header = Some(header.unwrap_or_default());
        }
        let header = self.header.as_ref().map_or("", |h| h.text.as_str());
        let lines = self.header.as_ref().map_or(0, |h| h.lines);
        piece.text.push_str(header);
        piece.skipped = self.number - lines;
        let empty = piece.text.len();
        while piece.text.len() < PIECE {
            let Some(record) = self.record()? else { break };
            match text(&record) {
                Ok(text) => piece.text.push_str(&text),
                Err(said) => {
                    piece.bad.push((self.number + 1, said));
                    piece.text.extend(std::iter::repeat_n('\n', record.lines as usize));
                }
            }
            self.number += record.lines;
            piece.bytes += record.read;
        }
        let is_over = piece.text.len() == empty && piece.bytes == 0;
        Ok((!is_over).then_some(piece))
    }

    /// Reads up to the next line end outside quotes.
    fn record(&mut self) -> io::Result<Option<Record>> {
        let mut all = Record { bytes: Vec::new(), lines: 0, read: 0, is_too_long: false };
        let mut quotes = 0;
        loop {
            let begun = all.bytes.len();
            let room = (LONGEST - begun) as u64;
            let mut read = self.input.by_ref().take(room).read_until(b'\n', &mut all.bytes)?;
            if read == 0 {
                break;
            }
            all.lines += 1;
            if all.bytes.last() != Some(&b'\n') && all.bytes.len() >= LONGEST {
                all.is_too_long = true;
                read += skip_line(&mut self.input)?;
            }
            all.read += read as u64;
            quotes += all.bytes[begun..].iter().filter(|b| **b == b'"').count();
            // A quote that is never closed must not take the rest of the file along.
            if !self.has_header || quotes % 2 == 0 || all.bytes.len() >= PIECE {
                break;
            }
        }
        Ok((all.lines > 0).then_some(all))
    }
}

fn text(record: &Record) -> Result<String, &'static str> {
    if record.is_too_long {
        return Err("is longer than 1 MiB");
    }
    std::str::from_utf8(&record.bytes).map(str::to_owned).map_err(
        |_| "is not UTF-8 text; save the file as UTF-8, in spreadsheets under \"CSV UTF-8\"",
    )
}

/// Passes over the rest of a line, however long it is, and says how long it was.
pub fn skip_line(input: &mut impl BufRead) -> io::Result<usize> {
    let mut read = 0;
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let end = chunk.iter().position(|b| *b == b'\n');
        let used = end.map_or(chunk.len(), |at| at + 1);
        let is_over = end.is_some() || chunk.is_empty();
        input.consume(used);
        read += used;
        if is_over {
            return Ok(read);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(bytes: &[u8], has_header: bool) -> Vec<Piece> {
        let mut all = Vec::new();
        let mut pieces = Pieces::new(bytes, has_header);
        while let Some(piece) = pieces.next().expect("memory can be read") {
            all.push(piece);
        }
        all
    }

    #[test]
    fn a_small_file_is_one_piece() {
        assert_eq!(pieces(b"", false), []);
        let rows: [(&str, &[u8], bool, &str); 4] = [
            ("lines", b"a\nb\n", false, "a\nb\n"),
            ("a last line without an end", b"a\r\nb", false, "a\r\nb"),
            ("a quote in lines means nothing", b"a\"\nb\n", false, "a\"\nb\n"),
            (
                "records keep their quoted line ends",
                b"h;i\n1;\"x\ny\"\n",
                true,
                "h;i\n1;\"x\ny\"\n",
            ),
        ];
        for (case, bytes, has_header, wanted) in rows {
            let all = pieces(bytes, has_header);
            assert_eq!(all.len(), 1, "{case}");
            assert_eq!((all[0].text.as_str(), all[0].skipped), (wanted, 0), "{case}");
            assert_eq!(all[0].bytes, bytes.len() as u64, "{case}");
        }
    }

    #[test]
    fn a_large_file_is_cut_between_records_and_the_numbers_go_on() {
        let record = format!("1,\"{}\nb\"\n", "x".repeat(1000));
        let file = format!("id,text\n{}", record.repeat(3000));
        let all = pieces(file.as_bytes(), true);
        assert_eq!(all.len(), 3);
        let mut joined = "id,text\n".to_owned();
        let mut lines = 1;
        for piece in &all {
            let body = piece.text.strip_prefix("id,text\n").expect("each has the header");
            assert_eq!(piece.skipped + 1, lines, "the header is line 1 of each piece");
            assert_eq!(body.len() % record.len(), 0, "only whole records");
            lines += body.matches('\n').count() as u64;
            joined.push_str(body);
        }
        assert!(joined == file, "nothing is lost and nothing doubled");
        assert_eq!(all.iter().map(|p| p.bytes).sum::<u64>(), file.len() as u64);
    }

    #[test]
    fn what_is_no_text_is_told_with_its_line_and_the_others_stand() {
        let all = pieces(b"{}\n\xff\xfe\n{}\n", false);
        assert_eq!(all[0].text, "{}\n\n{}\n");
        assert_eq!(all[0].bad.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [2]);
        let all = pieces(b"h\n\"caf\xe9\nx\"\nfine\n", true);
        assert_eq!(all[0].text, "h\n\n\nfine\n", "the record is left out, the numbers stay");
        assert_eq!(all[0].bad[0].0, 2);
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let mut file = vec![b'x'; 3 * LONGEST];
        file.extend_from_slice(b"\n{}\n");
        let all = pieces(&file, false);
        assert_eq!(all[0].text, "\n{}\n");
        assert_eq!(all[0].bad, [(1, "is longer than 1 MiB")]);
        assert_eq!(all[0].bytes, file.len() as u64);
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_with_its_piece() {
        let file = format!("h\n\"open\n{}", "row\n".repeat(600_000));
        assert!(pieces(file.as_bytes(), true).len() > 1);
    }
}
