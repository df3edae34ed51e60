//! The thread that analyses.
//!
//! It is told what the files are and which folders to look at, and answers with a snapshot of each. A job is
//! worth carrying out only while it is the latest one: as soon as the server has counted on, the analysis
//! under way stops, and what it found is dropped.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use analyzer::{AnalyzeError, Files, Observer, Options, Progress, Session};
use crossbeam_channel::{Receiver, Sender};

use crate::snapshot::Snapshot;

/// A folder of the workspace, or a file that is in none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Root {
    pub path: PathBuf,
    /// Where it belongs to, for the search of the interpreter.
    pub folder: PathBuf,
}

/// What is to be analysed.
pub struct Job {
    pub generation: u64,
    pub files: Files,
    pub roots: Vec<Root>,
    pub python: Option<String>,
    /// Something may have changed on the disk.
    pub disk_changed: bool,
    /// What is known of interpreters may be wrong.
    pub restart: bool,
}

/// What the server hears.
pub enum Event {
    /// So much of the first analysis of a root is done.
    Progress {
        root: Root,
        done: usize,
        of: usize,
    },
    Finished {
        generation: u64,
        root: Root,
        outcome: Result<Arc<Snapshot>, String>,
    },
}

/// The number of the latest job; see [`Job::generation`].
pub type Generation = Arc<AtomicU64>;

pub fn run(jobs: &Receiver<Job>, events: &Sender<Event>, latest: &Generation) {
    let mut sessions: HashMap<Root, Session> = HashMap::new();
    // Roots whose first analysis has come to its end.
    let mut known: HashSet<Root> = HashSet::new();
    let mut python = None;
    let mut pending = Pending::default();
    while let Ok(job) = jobs.recv() {
        pending.add(&job);
        // Of several jobs only the last one counts, but each may bring news.
        let job = jobs.try_iter().inspect(|next| pending.add(next)).last().unwrap_or(job);
        if pending.restart || job.python != python {
            sessions.clear();
            python = job.python.clone();
        }
        sessions.retain(|root, _| job.roots.contains(root));
        known.retain(|root| sessions.contains_key(root));
        let Pending { disk_changed, .. } = std::mem::take(&mut pending);
        for root in &job.roots {
            let watch = Watch {
                generation: job.generation,
                latest,
                root,
                events,
                is_first: !known.contains(root),
                found: AtomicUsize::new(0),
                done: AtomicUsize::new(0),
            };
            let outcome = analyze(&mut sessions, root, &job, disk_changed, &watch);
            match outcome {
                Err(AnalyzeError::Cancelled) => {
                    // The next job has to look for what this one would have found.
                    pending.disk_changed |= disk_changed;
                    break;
                }
                Err(_) => drop(sessions.remove(root)),
                Ok(_) => {
                    known.insert(root.clone());
                }
            }
            let outcome = outcome.map(Arc::new).map_err(|error| error.to_string());
            let generation = job.generation;
            if events.send(Event::Finished { generation, root: root.clone(), outcome }).is_err() {
                return;
            }
        }
    }
}

/// News that no analysis has taken in yet.
#[derive(Default)]
struct Pending {
    disk_changed: bool,
    restart: bool,
}

impl Pending {
    fn add(&mut self, job: &Job) {
        self.disk_changed |= job.disk_changed;
        self.restart |= job.restart;
    }
}

fn analyze(
    sessions: &mut HashMap<Root, Session>,
    root: &Root,
    job: &Job,
    disk_changed: bool,
    watch: &Watch,
) -> Result<Snapshot, AnalyzeError> {
    if !sessions.contains_key(root) {
        let options = Options {
            paths: vec![root.path.clone()],
            python: job.python.clone(),
            folder: Some(root.folder.clone()),
            ..Options::default()
        };
        sessions.insert(root.clone(), Session::new(options)?);
    }
    let Some(session) = sessions.get_mut(root) else { return Err(AnalyzeError::Cancelled) };
    match catch_unwind(AssertUnwindSafe(|| session.analyze(job.files.clone(), disk_changed, watch))) {
        Ok(analysis) => analysis.map(Snapshot::new),
        Err(_) => {
            // What it has left behind may be half done.
            sessions.remove(root);
            Err(AnalyzeError::Internal)
        }
    }
}

struct Watch<'a> {
    generation: u64,
    latest: &'a Generation,
    root: &'a Root,
    events: &'a Sender<Event>,
    is_first: bool,
    found: AtomicUsize,
    done: AtomicUsize,
}

impl Observer for Watch<'_> {
    fn progress(&self, progress: Progress) {
        if !self.is_first {
            return;
        }
        let done = match progress {
            Progress::Found(count) | Progress::Evaluating(count) => {
                self.found.fetch_add(count, Ordering::Relaxed);
                return;
            }
            Progress::Loaded | Progress::Evaluated | Progress::Kept => self.done.fetch_add(1, Ordering::Relaxed) + 1,
        };
        if done.is_multiple_of(32) {
            let of = self.found.load(Ordering::Relaxed);
            self.events.send(Event::Progress { root: self.root.clone(), done, of }).ok();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.latest.load(Ordering::Relaxed) != self.generation
    }
}
