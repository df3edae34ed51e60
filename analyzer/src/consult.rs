//! Asks the target interpreter what a call of a C function with known data comes to:
//! what it gives, or what it raises. Only functions that the ground table declares to be
//! without effect, or without effect outside the interpreter, are called, with plain data and stand-ins only.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use const_eval::value::{Integer, Value};
use const_eval::world::{Answer, Question};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

const PROGRAM: &str = include_str!("../python/consult.py");

/// How long one answer may take before the interpreter is given up on.
const PATIENCE: Duration = Duration::from_secs(5);

/// A conversation with one interpreter, started at the first question.
pub struct Consultant {
    executable: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    conversation: Option<Conversation>,
    /// Times that the interpreter had to be given up.
    failures: u32,
    answers: FxHashMap<String, Answer>,
}

struct Conversation {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    call: &'a str,
    arguments: &'a str,
    keywords: &'a str,
    lasting: bool,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(rename = "type")]
    class: Option<String>,
    value: Option<Data>,
    raises: Option<String>,
    message: Option<String>,
}

/// Immutable data, as `consult.py` writes it.
#[derive(Deserialize)]
enum Data {
    None,
    Bool(bool),
    /// In decimal.
    Int(String),
    /// By its shortest exact repr.
    Float(String),
    Str(String),
    Bytes(Vec<u8>),
    Tuple(Vec<Data>),
}

impl Data {
    fn value(self) -> Option<Value> {
        Some(match self {
            Data::None => Value::None,
            Data::Bool(value) => Value::Bool(value),
            Data::Int(digits) => Value::Int(Integer::from_decimal(&digits)?),
            Data::Float(text) => Value::Float(text.parse().ok()?),
            Data::Str(text) => Value::str(text),
            Data::Bytes(bytes) => Value::Bytes(bytes.into()),
            Data::Tuple(items) => Value::tuple(items.into_iter().map(Data::value).collect::<Option<_>>()?),
        })
    }
}

impl Consultant {
    pub fn new(executable: PathBuf) -> Consultant {
        Consultant { executable, state: Mutex::new(State::default()) }
    }

    pub fn ask(&self, question: &Question) -> Answer {
        let Question { call, arguments, keywords, lasting } = *question;
        let Ok(question) = serde_json::to_string(&Line { call, arguments, keywords, lasting }) else {
            return Answer::Unknown;
        };
        let Ok(mut state) = self.state.lock() else { return Answer::Unknown };
        if let Some(answer) = state.answers.get(&question) {
            return answer.clone();
        }
        let answer = self.exchange(&mut state, &question);
        state.answers.insert(question, answer.clone());
        answer
    }

    fn exchange(&self, state: &mut State, question: &str) -> Answer {
        // An interpreter that crashes or hangs on several questions is not asked any more.
        if state.failures > 3 {
            return Answer::Unknown;
        }
        if state.conversation.is_none() {
            state.conversation = self.start();
        }
        let reply = state.conversation.as_mut().and_then(|conversation| {
            writeln!(conversation.questions, "{question}").ok()?;
            conversation.questions.flush().ok()?;
            let line = conversation.answers.recv_timeout(PATIENCE).ok()?;
            serde_json::from_str::<Reply>(&line).ok()
        });
        match reply {
            Some(Reply { class: Some(class), value, .. }) => {
                Answer::Completes { class, value: value.and_then(Data::value) }
            }
            Some(Reply { raises: Some(exception), message, .. }) => {
                Answer::Raises { exception, message: message.unwrap_or_default() }
            }
            Some(_) => Answer::Unknown,
            None => {
                state.failures += 1;
                if let Some(mut conversation) = state.conversation.take() {
                    conversation.child.kill().ok();
                    conversation.child.wait().ok();
                }
                Answer::Unknown
            }
        }
    }

    fn start(&self) -> Option<Conversation> {
        let mut child = Command::new(&self.executable)
            .args(["-I", "-S", "-B", "-X", "utf8", "-W", "error", "-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (questions, output) = (child.stdin.take()?, child.stdout.take()?);
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Some(Conversation { child, questions, answers })
    }
}

impl Drop for Consultant {
    fn drop(&mut self) {
        if let Ok(state) = self.state.get_mut()
            && let Some(mut conversation) = state.conversation.take()
        {
            conversation.child.kill().ok();
            conversation.child.wait().ok();
        }
    }
}
