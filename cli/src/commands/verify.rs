//! `lyo verify`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use analyzer::Interpreter;
use anyhow::bail;
use artifact::Reader;
use emitter::verify::{Comparison, Difference, Finding};

use super::subject::{open, package_of};
use crate::output;
use crate::output::progress::CountBar;

/// Compare executed and rehydrated contents of modules
///
/// Each module is imported twice, in processes of its own: as usual, and from the bundle. Functions
/// with their code, classes, values, aliasing, order of names and module attributes must be the
/// same. Exit status 1 on any difference. This runs the modules.
#[derive(clap::Args)]
pub struct Args {
    /// The bundle
    #[arg(short = 'b', long = "bundle", value_name = "BUNDLE")]
    bundle: PathBuf,

    /// Modules to compare; default: all that the bundle can rehydrate
    #[arg(value_name = "MODULE")]
    modules: Vec<String>,

    /// Target interpreter: a path, a name on PATH, or a virtual environment
    #[arg(long, value_name = "EXE")]
    python: Option<String>,

    /// Show every difference, and why modules were not rehydrated
    #[arg(short, long)]
    verbose: bool,
}

/// Differences shown of each module unless all are wanted.
const SHOWN: usize = 5;

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let interpreter = Interpreter::discover(args.python.as_deref())?;
    let executable = &interpreter.facts.executable;
    let package = package_of(&interpreter)?;
    let reader = open(&args.bundle)?;
    let modules = modules(&reader, &args)?;
    let bundle = std::path::absolute(&args.bundle)?;
    let comparison = Comparison {
        executable,
        bundle: &bundle,
        search_path: search_path(&reader, &interpreter),
        runtime: package.parent().unwrap_or(Path::new("/")),
        workers: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let bar = CountBar::new("verifying");
    bar.set_length(modules.len());
    let findings = comparison.run(&modules, &|| bar.advance());
    bar.finish();
    let (text, is_same) = describe(&findings?, args.verbose, started);
    output::print(text.as_bytes())?;
    Ok(ExitCode::from(u8::from(!is_same)))
}

fn modules(reader: &Reader, args: &Args) -> anyhow::Result<Vec<String>> {
    if args.modules.is_empty() {
        return Ok(reader.entries().filter(|entry| entry.has_image()).map(|entry| entry.name().to_owned()).collect());
    }
    for name in &args.modules {
        if reader.find(name).is_none() {
            bail!("{} has no module {name}", args.bundle.display());
        }
    }
    Ok(args.modules.clone())
}

/// The user's own roots, then the interpreter's path.
fn search_path(reader: &Reader, interpreter: &Interpreter) -> Vec<PathBuf> {
    let entries = &interpreter.search_path.entries;
    let mut roots: Vec<PathBuf> = Vec::new();
    for entry in reader.entries() {
        let root = PathBuf::from(entry.source().root);
        if !entry.name().contains('.') && !entries.contains(&root) && !roots.contains(&root) {
            roots.push(root);
        }
    }
    roots.extend(entries.iter().cloned());
    roots
}

fn describe(findings: &[(String, Finding)], verbose: bool, started: Instant) -> (String, bool) {
    let mut text = String::new();
    let (mut same, mut different, mut loaded, mut fell_back, mut unimportable) = (0, 0, 0, 0, 0);
    for (module, finding) in findings {
        match finding {
            Finding::Same(_) => same += 1,
            Finding::Different(differences) => {
                different += 1;
                describe_differences(&mut text, module, differences, verbose);
            }
            Finding::Loaded => loaded += 1,
            Finding::FellBack(reason) => {
                fell_back += 1;
                if verbose {
                    let _ = writeln!(text, "{module}: not rehydrated: {reason}");
                }
            }
            Finding::Unimportable(reason) => {
                unimportable += 1;
                if verbose {
                    let _ = writeln!(text, "{module}: can't be imported: {reason}");
                }
            }
        }
    }
    let _ = write!(text, "{} modules: {same} the same, {different} different", findings.len());
    for (count, what) in
        [(fell_back, "not rehydrated"), (loaded, "loaded before any bundle"), (unimportable, "not importable")]
    {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    let _ = writeln!(text, " ({:.1} s)", started.elapsed().as_secs_f64());
    (text, different == 0)
}

fn describe_differences(text: &mut String, module: &str, differences: &[Difference], verbose: bool) {
    let shown = if verbose { differences.len() } else { SHOWN };
    for difference in differences.iter().take(shown) {
        let side = |side: &Option<String>| side.as_deref().unwrap_or("nothing").to_owned();
        let _ = writeln!(
            text,
            "{module}.{}: executed {}, rehydrated {}",
            difference.path,
            side(&difference.executed),
            side(&difference.rehydrated)
        );
    }
    if differences.len() > shown {
        let _ = writeln!(text, "{module}: and {} more differences", differences.len() - shown);
    }
}
