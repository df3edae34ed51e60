//! Small trees of modules, plans for them, and the interpreters at hand with the package `lyo` in them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use artifact::model::Target;
use emitter::build::{Settings, Summary, build_plan};
use emitter::drive::find_native;
use emitter::plan::{Kind, ModulePlan, Plan};
use emitter::verify::{Comparison, Finding};

/// An interpreter in a virtual environment of its own.
pub struct Python {
    pub executable: PathBuf,
    pub native: PathBuf,
    pub target: Target,
    /// `sys.path` without its first entry.
    pub search_path: Vec<PathBuf>,
}

/// Every supported interpreter of this machine, 3.11 at least.
pub fn pythons() -> &'static [Python] {
    static FOUND: OnceLock<Vec<Python>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let listed = Command::new(root.join("corpus/pythons")).output().expect("corpus/pythons runs");
        let listed = String::from_utf8(listed.stdout).expect("text");
        let found: Vec<Python> = listed
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(tag, executable)| prepare(&root, tag, executable))
            .collect();
        assert!(!found.is_empty(), "no Python of 3.11 or later");
        found
    })
}

fn prepare(root: &Path, tag: &str, executable: &str) -> Python {
    let environment = root.join(".cache/runtimes").join(tag);
    let done = Command::new("sh")
        .arg(root.join("tests/support/install_runtime.sh"))
        .arg(executable)
        .arg(&environment)
        .output()
        .expect("sh runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let executable = environment.join("bin/python");
    let facts = ask(
        &executable,
        "import sys, importlib.util as u\n\
         print(sys.implementation.cache_tag, u.MAGIC_NUMBER.hex(), '%d.%d.%d' % sys.version_info[:3], sys.platform)\n\
         print(*sys.path, sep='\\n')",
    );
    let mut lines = facts.lines();
    let words: Vec<&str> = lines.next().expect("facts").split(' ').collect();
    let mut magic = [0; 4];
    for (index, byte) in magic.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&words[1][2 * index..2 * index + 2], 16).expect("hex");
    }
    let search_path: Vec<PathBuf> = lines.map(PathBuf::from).collect();
    let suffix = ask(&executable, "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))");
    Python {
        native: find_native(&search_path, &[suffix.trim().to_owned()]).expect("lyo is installed"),
        executable,
        target: Target {
            cache_tag: words[0].into(),
            magic,
            version: words[2].into(),
            platform: words[3].into(),
            optimize: 0,
        },
        search_path,
    }
}

pub fn ask(executable: &Path, program: &str) -> String {
    let done = Command::new(executable).args(["-I", "-c", program]).output().expect("the interpreter runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

/// A folder of modules, gone at the end of the test.
pub struct Tree {
    folder: tempfile::TempDir,
    pub plan: Plan,
}

impl Tree {
    /// Modules by path, all claimed to be strict.
    pub fn new(files: &[(&str, &str)]) -> Tree {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("an absolute path");
        let mut plan = Plan { modules: Vec::new(), roots: vec![root.clone()] };
        for (path, text) in files {
            let file = root.join(path);
            let parent = file.parent().expect("a parent").to_owned();
            std::fs::create_dir_all(&parent).expect("a folder");
            std::fs::write(&file, text).expect("a file");
            let stem = path.trim_end_matches(".py");
            let is_package = stem.ends_with("__init__");
            let name = stem.trim_end_matches("/__init__").replace('/', ".");
            let own_root = if is_package { parent.parent().expect("a root").to_owned() } else { parent };
            plan.modules.push(ModulePlan {
                name,
                path: file,
                root: own_root,
                is_package,
                is_standard: false,
                kind: Kind::Strict,
                steps: false,
                reason: String::new(),
                statements: Vec::new(),
                is_read_raw: false,
                open_namespace: false,
                fails: false,
                dependencies: Vec::new(),
                imports: Default::default(),
                known: Default::default(),
                fillings: Vec::new(),
            });
        }
        plan.modules.sort_by(|a, b| a.name.cmp(&b.name));
        Tree { folder, plan }
    }

    pub fn root(&self) -> &Path {
        &self.plan.roots[0]
    }

    pub fn bundle(&self) -> PathBuf {
        self.folder.path().join("bundle.lyo")
    }

    pub fn module(&mut self, name: &str) -> &mut ModulePlan {
        self.plan.modules.iter_mut().find(|module| module.name == name).expect("a module of the tree")
    }

    /// `lyo verify` finds the modules the same, and rehydrated.
    pub fn check_verified(&self, python: &Python, modules: &[String]) {
        let mut search_path = vec![self.root().to_owned()];
        search_path.extend(python.search_path.iter().cloned());
        let comparison = Comparison {
            executable: &python.executable,
            bundle: &self.bundle(),
            search_path,
            runtime: python.native.parent().and_then(|lyo| lyo.parent()).expect("site-packages"),
            workers: 1,
        };
        for (name, finding) in comparison.run(modules, &|| ()).expect("the comparison runs") {
            assert!(matches!(finding, Finding::Same(_)), "{}, {name}: {finding:#?}", python.target.version);
        }
    }

    pub fn build(&self, python: &Python, hash_seed: u32) -> Summary {
        let settings = Settings {
            executable: &python.executable,
            native: Some(&python.native),
            target: python.target.clone(),
            workers: 2,
            hash_seed,
            harvests: analyzer::Store::none(),
        };
        build_plan(&self.plan, &settings, &self.bundle(), &|_| ()).expect("the build succeeds")
    }
}
