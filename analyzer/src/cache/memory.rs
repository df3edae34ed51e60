//! What Lyo said, to be said again as long as nothing that it rests on has changed.

use serde::{Deserialize, Serialize};

use super::{Inputs, Kind, Question, Store};

/// What a command says, and how it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// For stdout.
    pub output: Vec<u8>,
    /// For stderr.
    pub notes: String,
    pub status: u8,
}

/// An answer without its output, which stands in an entry of its own.
#[derive(Serialize, Deserialize)]
struct Record {
    inputs: Inputs,
    notes: String,
    status: u8,
    output_digest: String,
}

/// Answers by their questions.
pub struct Memory {
    store: Store,
}

impl Memory {
    pub fn of_user() -> Memory {
        Memory { store: Store::of_user(Kind::Answers) }
    }

    /// Remembers nothing.
    pub fn none() -> Memory {
        Memory { store: Store::none() }
    }

    /// What was answered, if everything that it rests on is as it was.
    pub fn recall(&self, question: &Question) -> Option<Answer> {
        let (record, output) = names(question);
        let Record { inputs, notes, status, output_digest } =
            serde_json::from_slice(&self.store.load(&record)?).ok()?;
        if !inputs.are_unchanged() {
            return None;
        }
        // Of two processes that wrote at the same time one wrote the record, the other perhaps the output.
        let output = self.store.load(&output)?;
        (blake3::hash(&output).to_hex().as_str() == output_digest).then_some(Answer { output, notes, status })
    }

    pub fn keep(&self, question: &Question, inputs: Inputs, answer: &Answer) {
        let Answer { output, notes, status } = answer;
        let output_digest = blake3::hash(output).to_hex().to_string();
        let record = Record { inputs, notes: notes.clone(), status: *status, output_digest };
        if let Ok(record) = serde_json::to_vec(&record) {
            let names = names(question);
            self.store.keep(&names.1, output);
            self.store.keep(&names.0, &record);
            self.store.trim();
        }
    }
}

/// The entries of an answer: its record, its output.
fn names(question: &Question) -> (String, String) {
    let name = question.name();
    (format!("{name}.json"), format!("{name}.output"))
}
