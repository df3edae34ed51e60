//! The language server, over the Language Server Protocol 3.17.
//!
//! [`serve`] speaks on stdin and stdout. The main loop (`server.rs`) never analyses: a thread of its own does
//! (`worker.rs`), over the editor's texts laid over the disk, and hands over snapshots; requests (`requests/`, a file
//! each) are answered from the latest one, and wait for it where the text has changed since. **Only this crate
//! knows the protocol.**

mod client;
mod documents;
mod findings;
mod initialize;
mod position;
mod progress;
mod requests;
mod rule_links;
mod server;
mod settings;
mod snapshot;
mod uri;
mod worker;
mod workspace;

use std::thread;

use lsp_server::Connection;
use thiserror::Error;

/// Values can be nested deeply, and so can the texts that requests parse.
const STACK_SIZE: usize = 64 << 20;

#[derive(Debug, Error)]
pub enum ServeError {
    #[error("the client does not keep to the protocol: {0}")]
    Protocol(String),
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    #[error("the client went away without saying so")]
    Disconnected,
    #[error("the server failed, which is a defect of Lyo")]
    Internal,
}

/// Serves one client on stdin and stdout until it says `exit`.
pub fn serve() -> Result<(), ServeError> {
    let (connection, threads) = Connection::stdio();
    let served = thread::Builder::new()
        .name("lyo-lsp".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(move || server::run(connection))?
        .join()
        .unwrap_or(Err(ServeError::Internal));
    // A client that is gone does not end the reading thread's wait for it.
    if served.is_ok() {
        threads.join()?;
    }
    served
}
