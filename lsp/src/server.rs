//! The main loop: takes in what the client says, sets the worker to work, answers.
//!
//! Every change counts the generation on. Only snapshots of the latest generation are taken; requests that come while
//! there is none yet are parked, and answered when it is there.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, after, never, select, unbounded};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response, ResponseError};
use lsp_types::notification::{self as notice, Notification as _};
use lsp_types::request::{self as asked, Request as _};
use lsp_types::{Diagnostic, InitializeParams, PublishDiagnosticsParams, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::ServeError;
use crate::client::Client;
use crate::documents::{Document, Documents};
use crate::findings;
use crate::initialize;
use crate::position::Encoding;
use crate::progress::Reports;
use crate::requests::{code_action, code_lens, command, definition, diagnostic, hover, inlay_hint};
use crate::rule_links::RuleLinks;
use crate::settings::Settings;
use crate::uri;
use crate::worker::{self, Event, Generation, Job, Root};
use crate::workspace::Workspace;

/// How long the server waits for more of a burst of changes.
const DEBOUNCE: Duration = Duration::from_millis(15);

/// Answers to this process's own requests that matter.
enum Asked {
    Configuration,
    Nothing,
}

/// A request that waits for an analysis.
struct Parked {
    request: Request,
    /// The text that it is about, as it was.
    text: Option<(Url, i32)>,
    /// Also one that has seen the latest analysis and waits for something to change.
    has_seen: bool,
}

pub struct Server {
    out: Sender<Message>,
    workspace: Workspace,
    jobs: Sender<Job>,
    latest: Generation,
    generation: u64,
    /// Roots whose snapshot is of the latest generation, or that can't be analysed.
    fresh: HashSet<Root>,
    /// When to start the worker on what has changed.
    due: Option<Instant>,
    disk_changed: bool,
    restart: bool,
    parked: Vec<Parked>,
    asked: HashMap<RequestId, Asked>,
    last_id: i32,
    /// What was sent, by file, with the version it was about.
    published: HashMap<Url, (Option<i32>, Vec<Diagnostic>)>,
    reports: Reports,
    /// Messages that the user has seen.
    told: HashSet<String>,
    /// Open texts to look at again when the next snapshots are there.
    refresh: bool,
    is_shut_down: bool,
}

pub fn run(connection: Connection) -> Result<(), ServeError> {
    let protocol = |error: lsp_server::ProtocolError| match error.channel_is_disconnected() {
        true => ServeError::Disconnected,
        false => ServeError::Protocol(error.to_string()),
    };
    let (id, params) = connection.initialize_start().map_err(protocol)?;
    let params: InitializeParams = match serde_json::from_value(params) {
        Ok(params) => params,
        Err(error) => {
            let response = Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string());
            connection.sender.send(response.into()).ok();
            return Err(ServeError::Protocol(error.to_string()));
        }
    };
    let client = Client::new(&params.capabilities);
    let encoding = Encoding::negotiate(
        params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_deref()),
    );
    connection.initialize_finish(id, initialize::result(client, encoding)).map_err(protocol)?;

    let (jobs, to_do) = unbounded();
    let (events, done) = unbounded();
    let latest: Generation = Arc::new(AtomicU64::new(0));
    let worker = {
        let latest = latest.clone();
        // It hands the deep work to a pool with large stacks of its own, and takes results apart.
        let name = "lyo-analysis".to_owned();
        thread::Builder::new().name(name).stack_size(crate::STACK_SIZE).spawn(move || {
            worker::run(&to_do, &events, &latest);
        })?
    };
    let pages = if client.code_descriptions { RuleLinks::lay_out() } else { RuleLinks::default() };
    let (settings, complaint) = match Settings::read(params.initialization_options.clone().unwrap_or_default()) {
        Ok(settings) => (settings, None),
        Err(error) => (Settings::default(), Some(format!("the initialization options are not understood: {error}"))),
    };
    let mut server = Server {
        out: connection.sender,
        workspace: Workspace {
            client,
            encoding,
            settings,
            documents: Documents::default(),
            pages,
            folders: initialize::folders(&params),
            snapshots: HashMap::new(),
        },
        jobs,
        latest,
        generation: 0,
        fresh: HashSet::new(),
        due: None,
        disk_changed: true,
        restart: false,
        parked: Vec::new(),
        asked: HashMap::new(),
        last_id: 0,
        published: HashMap::new(),
        reports: Reports::new(client.work_done_progress),
        told: HashSet::new(),
        refresh: false,
        is_shut_down: false,
    };
    server.begin(complaint);
    let result = server.serve(&connection.receiver, &done);
    // An analysis under way stops, and the worker finds nobody to work for.
    server.latest.store(u64::MAX, Ordering::Relaxed);
    drop(server);
    drop(done);
    worker.join().ok();
    result
}

impl Server {
    /// After the handshake: what the server itself wants of the client.
    fn begin(&mut self, complaint: Option<String>) {
        for registration in initialize::registrations(self.workspace.client) {
            let params = lsp_types::RegistrationParams { registrations: vec![registration] };
            self.ask::<asked::RegisterCapability>(params, Asked::Nothing);
        }
        self.fetch_configuration();
        if let Some(complaint) = complaint {
            self.tell(complaint);
        }
        self.changed();
    }

    fn serve(&mut self, messages: &Receiver<Message>, events: &Receiver<Event>) -> Result<(), ServeError> {
        loop {
            let timer = match self.due {
                Some(due) => after(due.saturating_duration_since(Instant::now())),
                None => never(),
            };
            select! {
                recv(messages) -> message => match message {
                    Ok(Message::Request(request)) => self.request(request),
                    Ok(Message::Response(response)) => self.response(response),
                    Ok(Message::Notification(notification)) => {
                        if notification.method == notice::Exit::METHOD {
                            let is_orderly = self.is_shut_down;
                            return if is_orderly { Ok(()) } else { Err(ServeError::Disconnected) };
                        }
                        self.notification(notification);
                    }
                    Err(_) => return Err(ServeError::Disconnected),
                },
                recv(events) -> event => match event {
                    Ok(event) => self.event(event),
                    Err(_) => return Err(ServeError::Internal),
                },
                recv(timer) -> _ => self.start_worker(),
            }
        }
    }

    // ---- changes

    /// Something has changed that an analysis depends on.
    fn changed(&mut self) {
        self.generation += 1;
        self.latest.store(self.generation, Ordering::Relaxed);
        self.fresh.clear();
        self.due.get_or_insert_with(|| Instant::now() + DEBOUNCE);
    }

    fn changed_on_disk(&mut self) {
        self.disk_changed = true;
        self.changed();
    }

    fn start_worker(&mut self) {
        self.due = None;
        let job = Job {
            generation: self.generation,
            files: self.workspace.documents.files(),
            roots: self.workspace.roots(),
            python: self.workspace.settings.python.clone(),
            disk_changed: std::mem::take(&mut self.disk_changed),
            restart: std::mem::take(&mut self.restart),
        };
        self.workspace.snapshots.retain(|root, _| job.roots.contains(root));
        if job.roots.is_empty() {
            self.settled();
        }
        self.jobs.send(job).ok();
    }

    fn notification(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            notice::DidOpenTextDocument::METHOD => {
                if let Some(params) = self.read::<lsp_types::DidOpenTextDocumentParams>(params) {
                    let document = params.text_document;
                    let path = self.workspace.path_of(&document.uri);
                    self.workspace.documents.open(document.uri, path, document.version, document.text);
                    self.changed_on_disk();
                }
            }
            notice::DidChangeTextDocument::METHOD => {
                if let Some(params) = self.read::<lsp_types::DidChangeTextDocumentParams>(params) {
                    let (uri, version) = (params.text_document.uri, params.text_document.version);
                    let encoding = self.workspace.encoding;
                    if self.workspace.documents.change(&uri, version, params.content_changes, encoding) {
                        self.give_up_outdated(&uri, version);
                        self.changed();
                    }
                }
            }
            notice::DidCloseTextDocument::METHOD => {
                if let Some(params) = self.read::<lsp_types::DidCloseTextDocumentParams>(params) {
                    self.workspace.documents.close(&params.text_document.uri);
                    self.changed_on_disk();
                }
            }
            notice::DidSaveTextDocument::METHOD => self.changed_on_disk(),
            notice::DidChangeWatchedFiles::METHOD => {
                if let Some(params) = self.read::<lsp_types::DidChangeWatchedFilesParams>(params) {
                    let is_source = |uri: &Url| uri.path().ends_with(".py") || uri.path().ends_with("pyproject.toml");
                    self.restart |= params.changes.iter().any(|change| !is_source(&change.uri));
                    self.changed_on_disk();
                }
            }
            notice::DidChangeWorkspaceFolders::METHOD => {
                if let Some(params) = self.read::<lsp_types::DidChangeWorkspaceFoldersParams>(params) {
                    let folders = &mut self.workspace.folders;
                    for removed in params.event.removed {
                        folders.retain(|folder| removed.uri.to_file_path().as_ref() != Ok(folder));
                    }
                    folders.extend(params.event.added.iter().filter_map(|added| added.uri.to_file_path().ok()));
                    folders.dedup();
                    self.changed_on_disk();
                }
            }
            notice::DidChangeConfiguration::METHOD => {
                if self.workspace.client.gives_configuration {
                    self.fetch_configuration();
                } else if let Some(params) = self.read::<lsp_types::DidChangeConfigurationParams>(params) {
                    self.configure(params.settings);
                }
            }
            notice::Cancel::METHOD => {
                if let Some(params) = self.read::<lsp_types::CancelParams>(params) {
                    let id: RequestId = match params.id {
                        lsp_types::NumberOrString::Number(number) => number.into(),
                        lsp_types::NumberOrString::String(text) => text.into(),
                    };
                    if let Some(at) = self.parked.iter().position(|parked| parked.request.id == id) {
                        self.parked.remove(at);
                        self.fail(id, ErrorCode::RequestCanceled as i32, "cancelled by the client");
                    }
                }
            }
            // What isn't understood needs no answer.
            _ => {}
        }
    }

    /// The parameters of a notification, which nobody can be told that they are wrong, but the user.
    fn read<P: DeserializeOwned>(&mut self, params: Value) -> Option<P> {
        serde_json::from_value(params)
            .map_err(|error| self.tell(format!("the editor said something that is not understood: {error}")))
            .ok()
    }

    // ---- settings

    fn fetch_configuration(&mut self) {
        if self.workspace.client.gives_configuration {
            let section = Some("lyo".to_owned());
            let item = lsp_types::ConfigurationItem { scope_uri: None, section };
            let params = lsp_types::ConfigurationParams { items: vec![item] };
            self.ask::<asked::WorkspaceConfiguration>(params, Asked::Configuration);
        }
    }

    fn configure(&mut self, value: Value) {
        // A client that knows no such settings has not changed any.
        if value.is_null() {
            return;
        }
        match Settings::read(value) {
            Ok(settings) if settings != self.workspace.settings => {
                self.restart |= settings.python != self.workspace.settings.python;
                self.workspace.settings = settings;
                self.refresh = true;
                self.changed();
            }
            Ok(_) => {}
            Err(error) => self.tell(format!("the settings are not understood: {error}")),
        }
    }

    // ---- results

    fn event(&mut self, event: Event) {
        match event {
            Event::Progress { root, done, of } => {
                if let Some(create) = self.reports.begin(&root, &mut self.last_id) {
                    self.asked.insert(create.id.clone(), Asked::Nothing);
                    self.send(create);
                }
                for report in self.reports.report(&root, done, of) {
                    self.send(report);
                }
            }
            Event::Finished { generation, root, outcome, .. } => {
                if generation != self.generation {
                    return;
                }
                if let Some(end) = self.reports.end(&root) {
                    self.send(end);
                }
                match outcome {
                    Ok(snapshot) => {
                        // Should it fail again, that is worth saying again.
                        let about = format!("{}: ", root.path.display());
                        self.told.retain(|message| !message.starts_with(&about));
                        self.refresh |= self.workspace.snapshots.insert(root.clone(), snapshot).is_none();
                    }
                    Err(message) => {
                        self.workspace.snapshots.remove(&root);
                        self.tell(format!("{}: {message}", root.path.display()));
                    }
                }
                self.fresh.insert(root);
                if self.is_fresh() {
                    self.settled();
                }
            }
        }
    }

    fn is_fresh(&self) -> bool {
        self.due.is_none() && self.workspace.roots().iter().all(|root| self.fresh.contains(root))
    }

    /// Every snapshot is of the latest generation.
    fn settled(&mut self) {
        if !self.workspace.client.pulls_diagnostics {
            self.publish();
        }
        for parked in std::mem::take(&mut self.parked) {
            self.answer(parked.request, parked.has_seen);
        }
        if std::mem::take(&mut self.refresh) || self.workspace.documents.iter().count() > 1 {
            self.ask_for_refresh();
        }
    }

    /// What the client shows may have changed in texts that it has not touched.
    fn ask_for_refresh(&mut self) {
        let client = self.workspace.client;
        if client.refreshes_diagnostics {
            self.ask::<asked::WorkspaceDiagnosticRefresh>((), Asked::Nothing);
        }
        if client.refreshes_inlay_hints {
            self.ask::<asked::InlayHintRefreshRequest>((), Asked::Nothing);
        }
        if client.refreshes_code_lenses {
            self.ask::<asked::CodeLensRefresh>((), Asked::Nothing);
        }
    }

    /// Sends the diagnostics that are others than the client has.
    fn publish(&mut self) {
        let mut now: HashMap<Url, (Option<i32>, Vec<Diagnostic>)> = HashMap::new();
        let open: HashMap<&Path, (&Url, i32)> = self.workspace.documents.iter().map(open_text).collect();
        for root in self.workspace.roots() {
            for subject in self.workspace.subjects(&root) {
                let items = findings::of_module(&self.workspace, subject);
                let path = subject.module.path();
                if let Some((uri, version)) = open.get(path) {
                    now.insert((*uri).clone(), (Some(*version), items));
                } else if !items.is_empty()
                    && let Some(uri) = uri::of_path(path)
                {
                    now.insert(uri, (None, items));
                }
            }
        }
        let gone = self.published.keys().filter(|uri| !now.contains_key(uri));
        let mended: Vec<Url> = gone.filter(|uri| !self.published[*uri].1.is_empty()).cloned().collect();
        for uri in mended {
            let version = self.workspace.document(&uri).map(|document| document.version);
            self.publish_one(uri, version, Vec::new());
        }
        for (uri, (version, items)) in &now {
            if self.published.get(uri) != Some(&(*version, items.clone())) {
                self.publish_one(uri.clone(), *version, items.clone());
            }
        }
        self.published = now;
    }

    fn publish_one(&self, uri: Url, version: Option<i32>, diagnostics: Vec<Diagnostic>) {
        let version = version.filter(|_| self.workspace.client.diagnostic_versions);
        self.notify::<notice::PublishDiagnostics>(PublishDiagnosticsParams { uri, diagnostics, version });
    }

    // ---- requests

    fn request(&mut self, request: Request) {
        if self.is_shut_down {
            return self.fail(request.id, ErrorCode::InvalidRequest as i32, "the server is shutting down");
        }
        if request.method == asked::Shutdown::METHOD {
            self.is_shut_down = true;
            for parked in std::mem::take(&mut self.parked) {
                self.fail(parked.request.id, ErrorCode::RequestCanceled as i32, "the server is shutting down");
            }
            return self.succeed(request.id, Value::Null);
        }
        self.answer(request, false);
    }

    /// Answers a request, or parks it. `has_seen`: it has waited for something to change.
    fn answer(&mut self, request: Request, has_seen: bool) {
        if !KNOWN.contains(&request.method.as_str()) {
            let message = format!("unknown method {}", request.method);
            return self.fail(request.id, ErrorCode::MethodNotFound as i32, &message);
        }
        if !self.is_fresh() {
            let text = self.text_of(&request);
            return self.parked.push(Parked { request, text, has_seen });
        }
        let (id, method, params) = (request.id.clone(), request.method.clone(), request.params.clone());
        // A defect in one answer must not take the server with it.
        match catch_unwind(AssertUnwindSafe(|| self.result(&method, params))) {
            Ok(Ok(Answer::Now(result))) => self.succeed(id, result),
            Ok(Ok(Answer::Later)) => self.parked.push(Parked { request, text: None, has_seen: true }),
            Ok(Err(error)) => self.fail(id, ErrorCode::InvalidParams as i32, &error.to_string()),
            Err(_) => self.fail(id, ErrorCode::InternalError as i32, "this failed, which is a defect of Lyo"),
        }
    }

    fn result(&mut self, method: &str, params: Value) -> Result<Answer, serde_json::Error> {
        let workspace = &self.workspace;
        let result = match method {
            asked::HoverRequest::METHOD => now(hover::handle(workspace, serde_json::from_value(params)?))?,
            asked::InlayHintRequest::METHOD => now(inlay_hint::handle(workspace, serde_json::from_value(params)?))?,
            asked::CodeLensRequest::METHOD => now(code_lens::handle(workspace, serde_json::from_value(params)?))?,
            asked::CodeActionRequest::METHOD => now(code_action::handle(workspace, serde_json::from_value(params)?))?,
            asked::GotoDefinition::METHOD => now(definition::handle(workspace, serde_json::from_value(params)?))?,
            asked::DocumentDiagnosticRequest::METHOD => {
                now(diagnostic::handle(workspace, serde_json::from_value(params)?))?
            }
            asked::WorkspaceDiagnosticRequest::METHOD => {
                match diagnostic::of_workspace(workspace, &serde_json::from_value(params)?) {
                    Some(report) => now(report)?,
                    None => Answer::Later,
                }
            }
            asked::ExecuteCommand::METHOD => {
                let params: lsp_types::ExecuteCommandParams = serde_json::from_value(params)?;
                let place = match params.command.as_str() {
                    command::SHOW_CAUSE => command::show_cause(workspace, &params.arguments),
                    _ => None,
                };
                if let Some(place) = place.clone().filter(|_| workspace.client.shows_documents) {
                    let params = lsp_types::ShowDocumentParams {
                        uri: place.uri,
                        external: None,
                        take_focus: Some(true),
                        selection: Some(place.range),
                    };
                    self.ask::<asked::ShowDocument>(params, Asked::Nothing);
                }
                now(place)?
            }
            _ => Answer::Now(Value::Null),
        };
        Ok(result)
    }

    fn text_of(&self, request: &Request) -> Option<(Url, i32)> {
        let uri = Url::parse(request.params.pointer("/textDocument/uri")?.as_str()?).ok()?;
        let version = self.workspace.document(&uri)?.version;
        Some((uri, version))
    }

    /// Requests about a text that is no longer what it was: their positions mean nothing any more.
    fn give_up_outdated(&mut self, uri: &Url, version: i32) {
        let is_outdated =
            |parked: &Parked| parked.text.as_ref().is_some_and(|(text, old)| text == uri && *old != version);
        let (outdated, waiting) = std::mem::take(&mut self.parked).into_iter().partition(is_outdated);
        self.parked = waiting;
        let outdated: Vec<Parked> = outdated;
        for parked in outdated {
            if parked.request.method == asked::DocumentDiagnosticRequest::METHOD {
                let error = ResponseError {
                    code: ErrorCode::ServerCancelled as i32,
                    message: "the text has changed".to_owned(),
                    data: Some(json!({"retriggerRequest": true})),
                };
                self.send(Response { id: parked.request.id, response_result: Err(error) });
            } else {
                self.fail(parked.request.id, ErrorCode::ContentModified as i32, "the text has changed");
            }
        }
    }

    // ---- talking

    fn response(&mut self, response: Response) {
        if let Some(Asked::Configuration) = self.asked.remove(&response.id)
            && let Ok(Value::Array(items)) = response.response_result
            && let Some(item) = items.into_iter().next()
        {
            self.configure(item);
        }
    }

    fn ask<R: asked::Request>(&mut self, params: R::Params, about: Asked)
    where
        R::Params: Serialize,
    {
        self.last_id += 1;
        let id = RequestId::from(self.last_id);
        self.asked.insert(id.clone(), about);
        let params = serde_json::to_value(params).unwrap_or_default();
        self.send(Request { id, method: R::METHOD.to_owned(), params });
    }

    fn notify<N: notice::Notification>(&self, params: N::Params)
    where
        N::Params: Serialize,
    {
        let params = serde_json::to_value(params).unwrap_or_default();
        self.send(Notification { method: N::METHOD.to_owned(), params });
    }

    /// Says something to the user, once.
    fn tell(&mut self, message: String) {
        if self.told.insert(message.clone()) {
            let message = format!("Lyo: {message}");
            let params = lsp_types::ShowMessageParams { typ: lsp_types::MessageType::ERROR, message };
            self.notify::<notice::ShowMessage>(params);
        }
    }

    fn succeed(&self, id: RequestId, result: Value) {
        self.send(Response { id, response_result: Ok(result) });
    }

    fn fail(&self, id: RequestId, code: i32, message: &str) {
        self.send(Response::new_err(id, code, message.to_owned()));
    }

    fn send(&self, message: impl Into<Message>) {
        // A client that is gone shows when its next message doesn't come.
        self.out.send(message.into()).ok();
    }
}

fn open_text<'a>((uri, document): (&'a Url, &'a Document)) -> (&'a Path, (&'a Url, i32)) {
    (&document.path, (uri, document.version))
}

/// What becomes of a request.
enum Answer {
    Now(Value),
    /// When something has changed.
    Later,
}

fn now(result: impl Serialize) -> Result<Answer, serde_json::Error> {
    serde_json::to_value(result).map(Answer::Now)
}

const KNOWN: &[&str] = &[
    asked::HoverRequest::METHOD,
    asked::InlayHintRequest::METHOD,
    asked::CodeLensRequest::METHOD,
    asked::CodeActionRequest::METHOD,
    asked::GotoDefinition::METHOD,
    asked::DocumentDiagnosticRequest::METHOD,
    asked::WorkspaceDiagnosticRequest::METHOD,
    asked::ExecuteCommand::METHOD,
];
