//! `lyo explain`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analyzer::{AnalysedModule, Analysis, Options, Prepared, RULE_PAGES};
use anyhow::bail;

use crate::output::progress::analyze;
use crate::output::{self, ColorChoice, human};

/// Tell the story of one verdict, or print the page of a rule
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A rule's code, or a module, by name or file, and a line; without it the rules are listed
    #[arg(value_name = "RULE|MODULE[:LINE]")]
    subject: Option<String>,

    /// Where the module is found: folders, packages or files
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Target interpreter: a path, a name on PATH, or a virtual environment
    #[arg(long, value_name = "EXE")]
    python: Option<String>,

    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
}

const AFTER_HELP: &str = "\
Examples:
  lyo explain                     the rules
  lyo explain LYO301              what a rule is about, and what to do
  lyo explain shop.prices         why the module has its verdict
  lyo explain src/shop/prices.py:12 src    why the statement on line 12 runs at import";

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Some(subject) = &args.subject else {
        output::print(rules().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(page) = analyzer::rule_page(&subject.to_ascii_uppercase()) {
        output::print(page.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let (name, line) = split(subject)?;
    let options = Options { paths: args.paths, python: args.python, ..Options::default() };
    let analysis = analyze(Prepared::new(options.clone())?)?;
    let Some(module) = find(&analysis, name) else {
        let places: Vec<String> = options.paths.iter().map(|path| path.display().to_string()).collect();
        bail!("`{name}` is no rule, and no module in {} or that is imported from there", places.join(", "));
    };
    if let Some(line) = line
        && line as usize > module.line_index().line_count()
    {
        bail!("{} has no line {line}", module.path().display());
    }
    output::print(&human::render_story(&analysis, module, line, args.color.for_stdout())?)?;
    std::mem::forget(analysis);
    Ok(ExitCode::SUCCESS)
}

/// `LYO101  a call of something unknown`
fn rules() -> String {
    let title =
        |page: &str| page.lines().next().and_then(|line| line.split_once(": ")).map(|(_, title)| title.to_owned());
    RULE_PAGES.iter().map(|(code, page)| format!("{code}  {}\n", title(page).unwrap_or_default())).collect()
}

/// Module and line.
fn split(subject: &str) -> anyhow::Result<(&str, Option<u32>)> {
    match subject.rsplit_once(':') {
        Some((name, line)) if !name.is_empty() => match line.parse() {
            Ok(line) if line > 0 => Ok((name, Some(line))),
            _ => bail!("`{line}` is no line number"),
        },
        _ => Ok((subject, None)),
    }
}

fn find<'a>(analysis: &'a Analysis, name: &str) -> Option<AnalysedModule<'a>> {
    let path = std::path::absolute(Path::new(name)).ok();
    let by_path = || analysis.modules().find(|module| Some(module.path()) == path.as_deref());
    analysis.named(name).or_else(by_path)
}
