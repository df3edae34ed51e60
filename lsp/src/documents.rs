//! The texts that the editor has open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::{Buffer, Files};
use lsp_types::{TextDocumentContentChangeEvent, Url};
use rustc_hash::FxHashMap;
use syntax::LineIndex;

use crate::position::{Encoding, Lines};

/// An open text.
#[derive(Debug)]
pub struct Document {
    pub path: PathBuf,
    pub version: i32,
    pub text: Arc<str>,
    pub index: LineIndex,
    /// See [`Buffer::revision`].
    revision: u64,
}

#[derive(Debug, Default)]
pub struct Documents {
    open: FxHashMap<Url, Document>,
    revisions: u64,
}

impl Documents {
    pub fn get(&self, uri: &Url) -> Option<&Document> {
        self.open.get(uri)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Url, &Document)> {
        self.open.iter()
    }

    /// The URI by which the editor knows an open file.
    pub fn uri_of(&self, path: &Path) -> Option<&Url> {
        self.open.iter().find(|(_, document)| document.path == path).map(|(uri, _)| uri)
    }

    pub fn open(&mut self, uri: Url, path: PathBuf, version: i32, text: String) {
        let revision = self.next_revision();
        let index = LineIndex::new(&text);
        self.open.insert(uri, Document { path, version, text: text.into(), index, revision });
    }

    /// Carries the changes out, in order; `false` if the text is not open.
    pub fn change(
        &mut self,
        uri: &Url,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> bool {
        let revision = self.next_revision();
        let Some(document) = self.open.get_mut(uri) else { return false };
        let mut text = document.text.to_string();
        for change in changes {
            match change.range {
                None => text = change.text,
                Some(range) => {
                    let index = LineIndex::new(&text);
                    let range = Lines { text: &text, index: &index, encoding }.offsets(range);
                    text.replace_range(std::ops::Range::<usize>::from(range), &change.text);
                }
            }
        }
        document.index = LineIndex::new(&text);
        document.text = text.into();
        document.version = version;
        document.revision = revision;
        true
    }

    pub fn close(&mut self, uri: &Url) -> Option<Document> {
        self.open.remove(uri)
    }

    /// The files as the editor has them now.
    pub fn files(&self) -> Files {
        let buffer = |document: &Document| Buffer { text: document.text.clone(), revision: document.revision };
        Files::with_buffers(self.open.values().map(|document| (document.path.clone(), buffer(document))).collect())
    }

    fn next_revision(&mut self) -> u64 {
        self.revisions += 1;
        self.revisions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_types::{Position, Range};

    fn change(range: Option<(u32, u32, u32, u32)>, text: &str) -> TextDocumentContentChangeEvent {
        let range = range.map(|(line, character, end_line, end_character)| Range {
            start: Position { line, character },
            end: Position { line: end_line, character: end_character },
        });
        TextDocumentContentChangeEvent { range, range_length: None, text: text.to_owned() }
    }

    fn after(text: &str, changes: Vec<TextDocumentContentChangeEvent>) -> String {
        let mut documents = Documents::default();
        let uri = Url::parse("file:///a.py").unwrap();
        documents.open(uri.clone(), PathBuf::from("/a.py"), 1, text.to_owned());
        assert!(documents.change(&uri, 2, changes, Encoding::Utf16));
        documents.get(&uri).unwrap().text.to_string()
    }

    #[test]
    fn changes_apply_one_after_the_other() {
        let insert = change(Some((0, 0, 0, 0)), "y\n");
        assert_eq!(after("x = 1\n", vec![insert.clone(), change(Some((1, 4, 1, 5)), "2")]), "y\nx = 2\n");
        assert_eq!(after("x = 1\n", vec![insert, change(None, "z"), change(Some((0, 1, 0, 1)), "!")]), "z!");
    }

    #[test]
    fn columns_are_code_units_and_impossible_places_are_the_nearest() {
        assert_eq!(after("'😀' + a", vec![change(Some((0, 7, 0, 8)), "b")]), "'😀' + b");
        assert_eq!(after("a\nb", vec![change(Some((7, 0, 9, 9)), "c")]), "a\nbc");
        assert_eq!(after("abc", vec![change(Some((0, 2, 0, 1)), "-")]), "ab-c");
    }
}
