//! Tells the crate which Python it is built for: `cfg(Py_3_12)` and so on, and the numbers of its instructions.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

const INSTRUCTIONS: [&str; 12] = [
    "CACHE",
    "CALL",
    "EXTENDED_ARG",
    "LOAD_ATTR",
    "LOAD_CONST",
    "LOAD_FAST",
    "LOAD_GLOBAL",
    "LOAD_NAME",
    "LOAD_SUPER_ATTR",
    "PRECALL",
    "PUSH_NULL",
    "STORE_SUBSCR",
];

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    pyo3_build_config::add_extension_module_link_args();
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("opcodes.rs");
    fs::write(target, opcodes()).expect("the build's own folder can be written to");
}

/// A constant for each instruction: its number, or none where the version has no such instruction; and the numbers of all
/// whose argument tells a name.
fn opcodes() -> String {
    let python = pyo3_build_config::get().executable().expect("the interpreter is there: set PYO3_PYTHON");
    let program = "import opcode, sys\n\
        for name in sys.argv[1:]: print(name, opcode.opmap.get(name))\n\
        print('WITH_NAME', *[number for number in opcode.hasname if number < 256])";
    let done =
        Command::new(python).args(["-I", "-c", program]).args(INSTRUCTIONS).output().expect("the interpreter runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let listed = String::from_utf8(done.stdout).expect("text");
    let constant = |line: &str| {
        let (name, number) = line.split_once(' ')?;
        if name == "WITH_NAME" {
            return Some(format!("pub const WITH_NAME: &[u8] = &[{}];\n", number.replace(' ', ", ")));
        }
        let number = number.parse::<u8>().map_or("None".into(), |number| format!("Some({number})"));
        Some(format!("pub const {name}: Option<u8> = {number};\n"))
    };
    listed.lines().filter_map(constant).collect()
}
