//! `lyo lsp`, spoken to by the client in `lsp/tests`.

use std::path::Path;
use std::process::Command;

fn run(script: &str) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lsp/tests");
    let done = Command::new("python3").arg(tests.join(script)).env("LYO", env!("CARGO_BIN_EXE_lyo")).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_client_is_served() {
    run("test_server.py");
}
