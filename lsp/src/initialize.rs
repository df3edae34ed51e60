//! The handshake: what the server can do, and what it asks to be told.

use std::path::PathBuf;

use lsp_types::notification::{self as notice, Notification as _};
use lsp_types::{
    CodeActionOptions, CodeActionProviderCapability, CodeLensOptions, DiagnosticOptions, DiagnosticServerCapabilities,
    DidChangeWatchedFilesRegistrationOptions, ExecuteCommandOptions, FileSystemWatcher, GlobPattern,
    HoverProviderCapability, InitializeParams, OneOf, Registration, SaveOptions, ServerCapabilities,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};
use serde_json::{Value, json};

use crate::client::Client;
use crate::position::Encoding;
use crate::requests::{code_action, command};

/// The answer to `initialize`.
pub fn result(client: Client, encoding: Encoding) -> Value {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
        ..TextDocumentSyncOptions::default()
    };
    let actions = CodeActionOptions { code_action_kinds: Some(code_action::kinds()), ..CodeActionOptions::default() };
    let diagnostics = DiagnosticOptions {
        identifier: Some("lyo".to_owned()),
        // What is said of a file rests on what it imports.
        inter_file_dependencies: true,
        workspace_diagnostics: true,
        ..DiagnosticOptions::default()
    };
    let folders =
        WorkspaceFoldersServerCapabilities { supported: Some(true), change_notifications: Some(OneOf::Left(true)) };
    let capabilities = ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        inlay_hint_provider: Some(OneOf::Left(true)),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
        code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
        definition_provider: Some(OneOf::Left(true)),
        // One who also asks would show everything twice.
        diagnostic_provider: client.pulls_diagnostics.then_some(DiagnosticServerCapabilities::Options(diagnostics)),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: vec![command::SHOW_CAUSE.to_owned()],
            ..ExecuteCommandOptions::default()
        }),
        workspace: Some(WorkspaceServerCapabilities { workspace_folders: Some(folders), file_operations: None }),
        ..ServerCapabilities::default()
    };
    json!({"capabilities": capabilities, "serverInfo": {"name": "lyo", "version": env!("CARGO_PKG_VERSION")}})
}

/// The folders of the workspace; none if single files are looked at.
pub fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let named = params.workspace_folders.iter().flatten().map(|folder| folder.uri.clone());
    let mut folders: Vec<PathBuf> = named.filter_map(|uri| uri.to_file_path().ok()).collect();
    if params.workspace_folders.is_none() {
        // Clients that know of one folder only.
        #[allow(deprecated)]
        folders.extend(params.root_uri.as_ref().and_then(|uri| uri.to_file_path().ok()));
    }
    folders.dedup();
    folders
}

/// What the server asks the client to tell it of.
pub fn registrations(client: Client) -> Vec<Registration> {
    let mut registrations = Vec::new();
    if client.watches_files {
        let globs = ["**/*.py", "**/pyproject.toml", "**/pyvenv.cfg", "**/*.pth"];
        let watcher = |glob: &str| FileSystemWatcher { glob_pattern: GlobPattern::String(glob.to_owned()), kind: None };
        let options =
            DidChangeWatchedFilesRegistrationOptions { watchers: globs.iter().map(|glob| watcher(glob)).collect() };
        registrations.push(Registration {
            id: "lyo-files".to_owned(),
            method: notice::DidChangeWatchedFiles::METHOD.to_owned(),
            register_options: serde_json::to_value(options).ok(),
        });
    }
    if client.registers_configuration {
        registrations.push(Registration {
            id: "lyo-settings".to_owned(),
            method: notice::DidChangeConfiguration::METHOD.to_owned(),
            register_options: Some(json!({"section": "lyo"})),
        });
    }
    registrations
}
