//! Names for what was asked.

use std::path::Path;

use crate::files;

/// Everything that an answer depends on, besides what files hold: two questions are the same if all that was said of
/// them is. [`Question::new`] begins with the program that is asked, so that another build of Lyo is never believed.
#[derive(Clone)]
pub struct Question {
    hasher: blake3::Hasher,
}

impl Question {
    pub fn new() -> Question {
        let mut question = Question::of_version();
        if let Ok(program) = std::env::current_exe() {
            question.say_file(&program);
        }
        question
    }

    /// One that every build of this version answers alike.
    pub fn of_version() -> Question {
        let mut question = Question { hasher: blake3::Hasher::new() };
        question.say(env!("CARGO_PKG_VERSION"));
        question
    }

    /// A file that is only replaced as a whole: a program, a library.
    pub fn say_file(&mut self, path: &Path) -> &mut Question {
        self.say(path.as_os_str().as_encoded_bytes()).say(format!("{:?}", files::stamp(path)))
    }

    /// Another part of the question; how parts are cut matters.
    pub fn say(&mut self, part: impl AsRef<[u8]>) -> &mut Question {
        let part = part.as_ref();
        self.hasher.update(&(part.len() as u64).to_le_bytes());
        self.hasher.update(part);
        self
    }

    /// A name for it that can be a file's.
    pub fn name(&self) -> String {
        self.hasher.finalize().to_hex()[..32].to_owned()
    }
}

impl Default for Question {
    fn default() -> Question {
        Question::new()
    }
}
