//! `lyo lsp`, spoken to by the client in `lsp/tests`.

use std::path::Path;
use std::process::Command;

fn run(script: &str) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lsp/tests");
    let done = Command::new("python3").arg(tests.join(script)).env("LYO", env!("CARGO_BIN_EXE_lyo")).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    if said.contains("skipped") {
        eprintln!("{script}: {said}");
    }
}

#[test]
fn a_client_is_served() {
    run("test_server.py");
}

/// Where Neovim is not installed, the script says so and passes.
#[test]
fn neovim_is_served() {
    run("test_neovim.py");
}
